// SPDX-License-Identifier: BSL-1.0

// The library against a real OpenBao. See --help.
#include "server/run.hpp"

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
    std::vector<std::string> const arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    return server::run(arguments, std::cout, std::cerr);
}
