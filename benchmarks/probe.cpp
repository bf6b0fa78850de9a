// SPDX-License-Identifier: BSL-1.0

// The main job: it measures read-after-write on a cluster, and shows what each policy makes of it. See
// --help.
#include "probe/run.hpp"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
    try {
        std::vector<std::string> const arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
        return probe::run(arguments, {.variable = [](char const* name) { return std::getenv(name); },
                                      .out = std::cout,
                                      .err = std::cerr,
                                      .err_is_terminal = isatty(STDERR_FILENO) == 1});
    } catch (std::exception const& error) {
        std::cerr << "probe: " << error.what() << "\n";
        return probe::status_unusable;
    }
}
