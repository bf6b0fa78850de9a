// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

// As much of HashiCorp's configuration language as finding a few words in a configuration needs: HCL 1, which
// Vault and its Agent and Proxy read, and the JSON that goes for it. Source: hashicorp/hcl, hcl/scanner and
// json/scanner.

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What HCL is made of. Comments are none of it.
enum class hcl_token : std::uint8_t {
    end,
    word,       ///< a bare name, or true and false
    text,       ///< in quotes, or a heredoc
    number,     ///< as it is written; whether it is one is not looked at
    equals,     ///< `=`, and the `:` of JSON
    comma,      ///< `,`
    open,       ///< `{`
    close,      ///< `}`
    open_list,  ///< `[`
    close_list, ///< `]`
    broken,     ///< no HCL; nothing follows
};

/// Takes HCL apart, one token after the other. Refers to the text, copies nothing.
class hcl_reader {
public:
    /// Objects and lists are skipped as deep as this; nobody nests deeper by hand.
    static constexpr std::size_t max_depth = 64;

    constexpr explicit hcl_reader(std::string_view text) noexcept : rest_(text) {}

    /// Takes the next token.
    constexpr hcl_token next() noexcept
    {
        value_ = {};
        if (!skip_blanks())
            return fail();
        if (rest_.empty())
            return hcl_token::end;
        char const first = rest_.front();
        switch (first) {
        case '=':
        case ':': return take(1, hcl_token::equals);
        case ',': return take(1, hcl_token::comma);
        case '{': return take(1, hcl_token::open);
        case '}': return take(1, hcl_token::close);
        case '[': return take(1, hcl_token::open_list);
        case ']': return take(1, hcl_token::close_list);
        case '"': return take_quoted();
        case '<': return take_heredoc();
        default: break;
        }
        if (is_letter(first))
            return take(word_size(), hcl_token::word);
        if (is_digit(first) || first == '-' || first == '+' || first == '.')
            return take(word_size(), hcl_token::number);
        return fail();
    }

    /// Takes what is left of a value of which `first` was taken. Whether it was whole.
    constexpr bool skip_value(hcl_token first) noexcept
    {
        std::uint64_t are_lists = 0; // a bit for each that is open, the innermost lowest
        std::size_t depth = 0;
        for (auto token = first;; token = next()) {
            switch (token) {
            case hcl_token::end:
            case hcl_token::broken: return false;
            case hcl_token::open:
            case hcl_token::open_list:
                if (depth++ == max_depth)
                    return false;
                are_lists = are_lists << 1 | (token == hcl_token::open_list ? 1u : 0u);
                break;
            case hcl_token::close:
            case hcl_token::close_list:
                if (depth == 0 || (are_lists & 1) != (token == hcl_token::close_list ? 1u : 0u))
                    return false;
                are_lists >>= 1;
                --depth;
                break;
            case hcl_token::equals:
            case hcl_token::comma:
                if (depth == 0)
                    return false;
                break;
            case hcl_token::word:
            case hcl_token::text:
            case hcl_token::number: break;
            }
            if (depth == 0)
                return true;
        }
    }

    /// Of the last token, if it was a word, text or number: the text without its quotes, escapes as they
    /// stand there.
    [[nodiscard]] constexpr std::string_view value() const noexcept { return value_; }

    /// The line where the last token ends, the first one being 1.
    [[nodiscard]] constexpr std::size_t line() const noexcept { return line_; }

private:
    static constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
    static constexpr bool is_letter(char c) noexcept
    {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               static_cast<unsigned char>(c) >= 0x80;
    }
    static constexpr bool is_in_word(char c) noexcept
    {
        return is_letter(c) || is_digit(c) || c == '-' || c == '+' || c == '.';
    }

    [[nodiscard]] constexpr std::size_t word_size() const noexcept
    {
        std::size_t size = 0;
        while (size < rest_.size() && is_in_word(rest_[size]))
            ++size;
        return size;
    }

    constexpr hcl_token fail() noexcept
    {
        rest_ = {};
        has_failed_ = true;
        return hcl_token::broken;
    }

    constexpr hcl_token take(std::size_t count, hcl_token what) noexcept
    {
        value_ = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return what;
    }

    constexpr void pass(std::size_t count) noexcept
    {
        for (char const c : rest_.substr(0, count))
            line_ += c == '\n' ? 1 : 0;
        rest_.remove_prefix(count);
    }

    /// White space and comments. Whether they end.
    constexpr bool skip_blanks() noexcept
    {
        while (!rest_.empty()) {
            if (rest_.starts_with("/*")) {
                auto const end = rest_.find("*/", 2);
                if (end == rest_.npos)
                    return false;
                pass(end + 2);
            } else if (rest_.front() == '#' || rest_.starts_with("//")) {
                rest_.remove_prefix(rest_.find('\n') < rest_.size() ? rest_.find('\n') : rest_.size());
            } else if (rest_.front() == ' ' || (rest_.front() >= '\t' && rest_.front() <= '\r')) {
                pass(1);
            } else {
                break;
            }
        }
        return !has_failed_;
    }

    /// Quotes and line breaks within `${` and `}` are part of the text.
    constexpr hcl_token take_quoted() noexcept
    {
        std::size_t braces = 0;
        for (std::size_t i = 1; i < rest_.size(); ++i) {
            char const c = rest_[i];
            if (c == '"' && braces == 0) {
                value_ = rest_.substr(1, i - 1);
                pass(i + 1);
                return hcl_token::text;
            }
            if (c == '\n' && braces == 0)
                break;
            if (c == '\\' && braces == 0)
                ++i;
            else if (c == '{' && (braces > 0 || rest_[i - 1] == '$'))
                ++braces;
            else if (c == '}' && braces > 0)
                --braces;
        }
        return fail();
    }

    /// `<<NAME`, lines, and a line that is NAME alone; with `<<-`, blanks may stand before it.
    constexpr hcl_token take_heredoc() noexcept
    {
        bool const is_indented = rest_.starts_with("<<-");
        if (!rest_.starts_with("<<"))
            return fail();
        auto const first_line = rest_.substr(0, rest_.find('\n'));
        auto name = first_line.substr(is_indented ? 3 : 2);
        if (name.ends_with('\r'))
            name.remove_suffix(1);
        for (std::size_t from = first_line.size() + 1; !name.empty() && from < rest_.size();) {
            auto const end = rest_.find('\n', from);
            auto line = rest_.substr(from, end - from);
            while (is_indented && (line.starts_with(' ') || line.starts_with('\t')))
                line.remove_prefix(1);
            if (line == name || (line.ends_with('\r') && line.substr(0, line.size() - 1) == name)) {
                value_ = rest_.substr(first_line.size() + 1, from - first_line.size() - 1);
                pass(end == rest_.npos ? rest_.size() : end);
                return hcl_token::text;
            }
            if (end == rest_.npos)
                break;
            from = end + 1;
        }
        return fail();
    }

    std::string_view rest_;
    std::string_view value_{};
    std::size_t line_ = 1;
    bool has_failed_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
