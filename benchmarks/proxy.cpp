// SPDX-License-Identifier: BSL-1.0

// What does enforcement cost a proxy? The same program with it and without it, before an nginx that answers
// at once, by turns; and a second one without it, for what the machine's noise makes of two that are the
// same.
#include "proxy/run.hpp"

#include <exception>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
    try {
        std::vector<std::string> const arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
        return proxy_load::run(arguments, std::cout, std::cerr);
    } catch (std::exception const& error) {
        std::cerr << "proxy: " << error.what() << "\n";
        return proxy_load::status_unusable;
    }
}
