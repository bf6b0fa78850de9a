// SPDX-License-Identifier: BSL-1.0
// Where a header can be mutated, and how. The library is formatted, which makes that simple: a binary
// operator has a blank before it and a blank or the line's end behind, and the angle bracket of a template
// has not.
#include "change.hpp"

#include <array>
#include <cctype>
#include <cstdint>
#include <set>
#include <string_view>

namespace mutants {
namespace {

struct replacement {
    std::string_view from;
    std::string_view to;
};

constexpr std::array binary_operators = {
    replacement{"==", "!="}, replacement{"!=", "=="}, replacement{"<", "<="},  replacement{"<=", "<"},
    replacement{">", ">="},  replacement{">=", ">"},  replacement{"&&", "||"}, replacement{"||", "&&"},
    replacement{"+", "-"},   replacement{"-", "+"},   replacement{"*", "/"},   replacement{"/", "*"},
    replacement{"%", "/"},   replacement{"<<", ">>"}, replacement{">>", "<<"}, replacement{"&", "|"},
    replacement{"|", "&"},   replacement{"^", "|"},   replacement{"+=", "-="}, replacement{"-=", "+="},
};

constexpr std::array words = {
    replacement{"true", "false"},
    replacement{"false", "true"},
    replacement{"min", "max"},
    replacement{"max", "min"},
};

/// Whole statements that may be left out.
constexpr std::array<std::string_view, 3> jumps = {"return;", "break;", "continue;"};

bool is_word(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

class finder {
public:
    finder(std::string const& header, std::string const& text)
        : header_(header), lines_(lines_of(text)), code_(lines_of(code_of(text)))
    {}

    [[nodiscard]] std::vector<change> find()
    {
        for (line_ = 0; line_ < lines_.size(); ++line_) {
            find_operators();
            find_words();
            find_conditions();
            find_statement();
        }
        return found_;
    }

private:
    [[nodiscard]] std::string const& code() const { return code_[line_]; }

    [[nodiscard]] bool is_at(std::size_t at, std::string_view what) const
    {
        return code().compare(at, what.size(), what) == 0;
    }

    void replace(std::size_t at, std::size_t length, std::string_view with)
    {
        auto after = lines_[line_];
        after.replace(at, length, with);
        found_.push_back({header_, line_, lines_[line_], after});
    }

    void find_operators()
    {
        for (std::size_t i = 1; i < code().size(); ++i) {
            if (code()[i - 1] == ' ')
                for (auto const& each : binary_operators) {
                    auto const end = i + each.from.size();
                    bool const ends = end == code().size() || (end < code().size() && code()[end] == ' ');
                    if (is_at(i, each.from) && ends)
                        replace(i, each.from.size(), each.to);
                }
            if (code()[i] == '!' && i + 1 < code().size() && code()[i + 1] != '=')
                replace(i, 1, "");
            if (is_at(i, "++"))
                replace(i++, 2, "--");
            else if (is_at(i, "--"))
                replace(i++, 2, "++");
        }
    }

    void find_words()
    {
        for (std::size_t i = 0; i < code().size();) {
            auto const begin = i;
            while (i < code().size() && (is_word(code()[i]) || is_separator(i)))
                ++i;
            if (i == begin) {
                ++i;
                continue;
            }
            auto const word = code().substr(begin, i - begin);
            for (auto const& each : words)
                if (word == each.from)
                    replace(begin, word.size(), each.to);
            bool const is_part =
                (begin > 0 && code()[begin - 1] == '.') || (i < code().size() && code()[i] == '.');
            if (is_digit(word[0]) && !is_part)
                find_constants(begin, word);
        }
    }

    [[nodiscard]] bool is_separator(std::size_t i) const
    {
        return code()[i] == '\'' && i > 0 && is_digit(code()[i - 1]);
    }

    /// One more and one less. A number that is not decimal is data.
    void find_constants(std::size_t at, std::string const& word)
    {
        std::string digits;
        std::size_t length = 0;
        for (; length < word.size() && (is_digit(word[length]) || word[length] == '\''); ++length)
            if (word[length] != '\'')
                digits += word[length];
        bool const is_decimal = word.find_first_not_of("0123456789'uUlL") == std::string::npos;
        if (!is_decimal || digits.size() > 18)
            return;
        auto const number = std::stoull(digits);
        replace(at, length, std::to_string(number + 1));
        if (number > 0)
            replace(at, length, std::to_string(number - 1));
    }

    void find_conditions()
    {
        for (std::string_view const keyword : {"if (", "while ("}) {
            auto const at = code().find(keyword);
            if (at == std::string::npos || (at > 0 && code()[at - 1] != ' '))
                continue;
            auto const begin = at + keyword.size();
            std::size_t end = begin;
            for (int depth = 1; end < code().size(); ++end) {
                depth += code()[end] == '(' ? 1 : code()[end] == ')' ? -1 : 0;
                if (depth == 0)
                    break;
            }
            auto const condition = code().substr(begin, end - begin);
            bool const declares = condition.find(';') != std::string::npos ||
                                  condition.starts_with("auto ") || condition.starts_with("auto*");
            if (end >= code().size() || declares)
                continue;
            replace(begin, end - begin, "false");
            if (keyword.starts_with("if"))
                replace(begin, end - begin, "true");
        }
    }

    /// An assignment or a call that is the whole of a line, and no part of a statement that has more of them.
    void find_statement()
    {
        auto const statement = trimmed(code());
        bool const is_whole = statement.ends_with(';') && begins_statement();
        if (is_whole && (is_jump(statement) || is_assignment(statement) || is_call(statement)))
            replace(code().find_first_not_of(' '), statement.size(), ";");
    }

    [[nodiscard]] bool begins_statement() const
    {
        for (auto before = line_; before > 0;) {
            auto const last = trimmed(code_[--before]);
            if (!last.empty())
                return std::string_view(";{}):").find(last.back()) != std::string_view::npos ||
                       last == "else";
        }
        return false;
    }

    static bool is_jump(std::string const& statement)
    {
        for (auto const each : jumps)
            if (statement == each)
                return true;
        return false;
    }

    /// What stands before the sign is one word, or a declaration would.
    static bool is_assignment(std::string const& statement)
    {
        auto const space = statement.find(' ');
        auto const sign = statement.find(" = ");
        bool const is_compound = space != std::string::npos && space + 2 < statement.size() &&
                                 statement[space + 2] == '=' && statement[space + 1] != '=';
        bool const is_step = statement.starts_with("++") || statement.starts_with("--");
        return is_step || is_compound || (sign != std::string::npos && sign == space);
    }

    static bool is_call(std::string const& statement)
    {
        static std::set<std::string> const not_called = {"static_cast", "sizeof", "requires", "return"};
        auto const open = statement.find('(');
        if (open == std::string::npos || !is_word(statement[0]) || !statement.ends_with(");"))
            return false;
        auto const before = statement.substr(0, open);
        auto const word = before.substr(0, before.find_first_of("<.:-[ "));
        return before.find(' ') == std::string::npos && !not_called.contains(word);
    }

    std::string const& header_;
    lines lines_;
    lines code_;
    std::size_t line_ = 0;
    std::vector<change> found_;
};

} // namespace

std::vector<change> changes_of(std::string const& header, std::string const& text)
{
    return finder(header, text).find();
}

} // namespace mutants
