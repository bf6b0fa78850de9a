// SPDX-License-Identifier: BSL-1.0
#include "tables.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace mutants {

std::vector<entry> read_table(std::string const& path)
{
    std::vector<entry> all;
    entry next;
    auto text = lines_of(read_file(path));
    text.emplace_back();
    for (auto const& line : text) {
        if (!line.empty() && line[0] != '#') {
            auto const space = std::min(line.find(' '), line.size());
            next.emplace_back(line.substr(0, space), trimmed(line.substr(space)));
        } else if (line.empty() && !next.empty()) {
            all.push_back(std::exchange(next, {}));
        }
    }
    return all;
}

std::string text_of(entry const& of, std::string const& word)
{
    auto const all = texts_of(of, word);
    return all.empty() ? "" : all.front();
}

std::vector<std::string> texts_of(entry const& of, std::string const& word)
{
    std::vector<std::string> found;
    for (auto const& [each, text] : of)
        if (each == word)
            found.push_back(text);
    return found;
}

change locate(entry const& wanted, std::string const& header_text)
{
    auto const header = text_of(wanted, "header");
    auto const text = lines_of(header_text);
    auto const find = [&](std::string const& line, std::size_t from, bool is_alone) {
        auto found = text.size();
        for (auto i = text.size(); i-- > from;) {
            if (trimmed(text[i]) != line)
                continue;
            if (is_alone && found != text.size())
                throw std::runtime_error(header + " has more than one line '" + line +
                                         "': say 'below' which line it is the first one.");
            found = i;
        }
        if (found == text.size())
            throw std::runtime_error(header + " has no line '" + line +
                                     "' any more: the table has to follow.");
        return found;
    };
    auto const below = text_of(wanted, "below");
    auto const from = below.empty() ? 0 : find(below, 0, true) + 1;
    auto const line = find(text_of(wanted, "before"), from, below.empty());
    auto after = text[line];
    after.replace(after.find_first_not_of(' '), std::string::npos, text_of(wanted, "after"));
    return {header, line, text[line], after};
}

further_tests::further_tests(std::string const& path)
{
    for (auto const& line : lines_of(read_file(path))) {
        std::istringstream words(line[0] == '#' ? "" : line);
        std::string whose;
        words >> whose;
        for (std::string test; words >> test;)
            all_.emplace_back(whose, test);
    }
}

std::vector<std::string> further_tests::of(std::string const& header) const
{
    std::vector<std::string> found;
    for (auto const& [whose, test] : all_)
        if (header == whose || (whose.ends_with('/') && header.starts_with(whose)))
            found.push_back(test);
    return found;
}

} // namespace mutants
