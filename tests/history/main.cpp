// SPDX-License-Identifier: BSL-1.0
#include "history/check_files.hpp"

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
    std::vector<std::string> const names(argv + 1, argv + argc);
    return history::check_files(names, std::cout, std::cerr);
}
