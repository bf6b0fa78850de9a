// SPDX-License-Identifier: BSL-1.0

// Does the default policy wait as long as the lag, and what does it make of an outage? It is replayed in
// virtual time and compared with other policies, with an oracle, and with what is demanded of it. See --help.
#include "policy/run.hpp"

#include <exception>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
    try {
        std::vector<std::string> const arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
        return replay::run(arguments, std::cout, std::cerr);
    } catch (std::exception const& error) {
        std::cerr << "policy: " << error.what() << "\n";
        return replay::status_unusable;
    }
}
