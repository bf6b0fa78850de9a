// SPDX-License-Identifier: BSL-1.0
#include "change.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace mutants {
namespace {

bool is_word(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// Goes through a text and blanks what is no code.
class blanker {
public:
    explicit blanker(std::string const& text) : text_(text) {}

    [[nodiscard]] std::string blanked()
    {
        bool is_line_empty = true;
        while (at_ < text_.size()) {
            char const c = text_[at_];
            bool const is_directive = is_line_empty && c == '#';
            if (is_directive || starts("//"))
                blank_to("\n", 0);
            else if (starts("/*"))
                blank_to("*/", 2);
            else if (starts("R\"("))
                blank_to(")\"", 2);
            else if (c == '"' || (c == '\'' && (at_ == 0 || !is_word(text_[at_ - 1]))))
                blank_literal(c);
            else if (starts("[["))
                blank_to("]]", 2);
            else if (starts("static_assert("))
                blank_to(";", 1);
            else
                ++at_;
            is_line_empty = at_ > 0 && (text_[at_ - 1] == '\n' || (is_line_empty && text_[at_ - 1] == ' '));
        }
        return text_;
    }

private:
    [[nodiscard]] bool starts(std::string_view what) const
    {
        return text_.compare(at_, what.size(), what) == 0;
    }

    void blank(std::size_t end)
    {
        for (; at_ < end && at_ < text_.size(); ++at_)
            if (text_[at_] != '\n')
                text_[at_] = ' ';
    }

    void blank_to(std::string_view end, std::size_t beyond)
    {
        auto const found = text_.find(end, at_ + 1);
        blank(found == std::string::npos ? text_.size() : found + beyond);
    }

    void blank_literal(char quote)
    {
        auto end = at_ + 1;
        while (end < text_.size() && text_[end] != quote)
            end += text_[end] == '\\' ? 2U : 1U;
        blank(end + 1);
    }

    std::string text_;
    std::size_t at_ = 0;
};

} // namespace

std::string read_file(std::string const& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw std::runtime_error("There is no file " + path + ".");
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

lines lines_of(std::string const& text)
{
    lines all;
    for (std::size_t begin = 0; begin < text.size();) {
        auto const end = std::min(text.find('\n', begin), text.size());
        all.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return all;
}

std::string trimmed(std::string const& text)
{
    auto const first = text.find_first_not_of(' ');
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

std::string code_of(std::string const& text) { return blanker(text).blanked(); }

} // namespace mutants
