// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// Reads the tables beside this file: a row per line, its cells between tabs, "#" begins a comment line. The
// build says in AFTERWRITE_TEST_DATA where they are.
namespace vectors {

using row = std::vector<std::string>;

inline row cells(std::string_view line)
{
    row found;
    for (;;) {
        std::size_t const tab = line.find('\t');
        found.emplace_back(line.substr(0, tab));
        if (tab == std::string_view::npos)
            return found;
        line.remove_prefix(tab + 1);
    }
}

/// All rows of a table, in their order. One that cannot be read is an exception, so that no test passes
/// without it.
inline std::vector<row> rows(std::string const& name)
{
    std::string const path = std::string(AFTERWRITE_TEST_DATA) + '/' + name;
    std::ifstream file(path);
    std::vector<row> found;
    for (std::string line; std::getline(file, line);)
        if (!line.starts_with('#'))
            found.push_back(cells(line));
    if (!file.eof())
        throw std::runtime_error("cannot read " + path);
    return found;
}

inline std::string unhex(std::string_view digits)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
    return bytes;
}

} // namespace vectors
