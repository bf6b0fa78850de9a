// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/hex.hpp>
#include <afterwrite/bytes/utf8.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// As much JSON (RFC 8259) as an index needs, in the manner of Go's encoding/json, which writes and reads it
// at the other end. Source: encoding/json of Go 1.22 and later, `scanner.go`, `decode.go` and `encode.go`.

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The text that a JSON string stands for, in UTF-8: counted whole, but kept only as far as `capacity`.
class json_text {
public:
    /// The longest cluster id and the longest value of an index; names are shorter.
    static constexpr std::size_t capacity = 64;

    /// The size of the whole text.
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }

    /// What was kept of it: all, if `size()` is at most `capacity`.
    [[nodiscard]] constexpr std::string_view view() const noexcept
    {
        return {bytes_, std::min(size_, capacity)};
    }

    constexpr void append(std::string_view more) noexcept
    {
        for (char const c : more) {
            if (size_ < capacity)
                bytes_[size_] = c;
            ++size_;
        }
    }

    /// Appends a code point; not a surrogate, and at most 0x10ffff.
    constexpr void append_rune(std::uint32_t rune) noexcept
    {
        auto const tail = [rune](int shift) { return static_cast<char>(0x80 | (rune >> shift & 0x3f)); };
        if (rune < 0x80) {
            char const c[] = {static_cast<char>(rune)};
            append({c, 1});
        } else if (rune < 0x800) {
            char const c[] = {static_cast<char>(0xc0 | rune >> 6), tail(0)};
            append({c, 2});
        } else if (rune < 0x10000) {
            char const c[] = {static_cast<char>(0xe0 | rune >> 12), tail(6), tail(0)};
            append({c, 3});
        } else {
            char const c[] = {static_cast<char>(0xf0 | rune >> 18), tail(12), tail(6), tail(0)};
            append({c, 4});
        }
    }

private:
    char bytes_[capacity] = {};
    std::size_t size_ = 0;
};

/// Reads JSON from front to back and accepts what Go accepts. Every function that returns a bool takes what
/// it is named after and says whether it was there; after a false, only those that take a word are still of
/// use. Allocates nothing, and never recurs.
class json_reader {
public:
    /// How many arrays and objects may be open at once. The text of an index has no room for more (an index
    /// has at most 256 characters of base64, and a bracket is a byte); what nests deeper is refused.
    static constexpr std::size_t max_depth = 192;

    constexpr explicit json_reader(std::string_view text) noexcept : rest_(text) {}

    [[nodiscard]] constexpr bool at_end() const noexcept { return rest_.empty(); }

    /// What has not been read yet.
    [[nodiscard]] constexpr std::string_view rest() const noexcept { return rest_; }

    constexpr void skip_spaces() noexcept
    {
        while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != std::string_view::npos)
            rest_.remove_prefix(1);
    }

    /// A word or a mark, exactly so.
    [[nodiscard]] constexpr bool take(std::string_view word) noexcept
    {
        bool const is_there = rest_.starts_with(word);
        if (is_there)
            rest_.remove_prefix(word.size());
        return is_there;
    }

    /// A name and the colon behind it, with the spaces around them.
    [[nodiscard]] constexpr bool take_name(json_text& name) noexcept
    {
        skip_spaces();
        if (!take_string(name))
            return false;
        skip_spaces();
        bool const is_there = take(":");
        skip_spaces();
        return is_there;
    }

    /// A string, in its quotes. Escapes are resolved; half a surrogate pair, and each byte that is not part
    /// of valid UTF-8, becomes U+FFFD.
    [[nodiscard]] constexpr bool take_string(json_text& text) noexcept
    {
        text = {};
        if (!take("\""))
            return false;
        while (!rest_.empty()) {
            auto const plain = plain_size();
            text.append(rest_.substr(0, plain));
            rest_.remove_prefix(plain);
            if (take("\""))
                return true;
            if (plain > 0)
                continue;
            if (take("\\")) {
                if (!take_escaped(text))
                    return false;
                continue;
            }
            if (static_cast<unsigned char>(rest_.front()) < 0x20)
                return false;
            std::size_t const size = utf8_sequence_size(rest_);
            text.append(size != 0 ? rest_.substr(0, size) : utf8_replacement);
            rest_.remove_prefix(std::max<std::size_t>(size, 1));
        }
        return false;
    }

    /// A value of any kind, with the spaces around it. What is open is remembered by the bracket that will
    /// close it.
    [[nodiscard]] constexpr bool skip_value() noexcept
    {
        char closing[max_depth] = {};
        std::size_t depth = 0;
        json_text ignored;
        for (;;) {
            skip_spaces();
            bool const is_object = take("{");
            if (is_object || take("[")) {
                char const end = is_object ? '}' : ']';
                skip_spaces();
                if (!take({&end, 1})) {
                    if (depth == max_depth || (is_object && !take_name(ignored)))
                        return false;
                    closing[depth++] = end;
                    continue;
                }
            } else if (!skip_scalar()) {
                return false;
            }
            for (skip_spaces(); depth != 0 && take({&closing[depth - 1], 1}); skip_spaces())
                --depth;
            if (depth == 0)
                return true;
            if (!take(",") || (closing[depth - 1] == '}' && !take_name(ignored)))
                return false;
        }
    }

private:
    [[nodiscard]] constexpr bool skip_scalar() noexcept
    {
        json_text ignored;
        if (rest_.starts_with('"'))
            return take_string(ignored);
        return take("true") || take("false") || take("null") || skip_number();
    }

    [[nodiscard]] constexpr bool skip_number() noexcept
    {
        static_cast<void>(take("-"));
        if (!take("0") && !skip_digits())
            return false;
        if (take(".") && !skip_digits())
            return false;
        if (!take("e") && !take("E"))
            return true;
        if (!take("+"))
            static_cast<void>(take("-"));
        return skip_digits();
    }

    [[nodiscard]] constexpr bool skip_digits() noexcept
    {
        std::size_t const count = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        rest_.remove_prefix(count);
        return count != 0;
    }

    /// How many bytes stand for themselves: nearly all of them.
    [[nodiscard]] constexpr std::size_t plain_size() const noexcept
    {
        std::size_t size = 0;
        while (size < rest_.size() && rest_[size] >= ' ' && rest_[size] < '\x7f' && rest_[size] != '"' &&
               rest_[size] != '\\')
            ++size;
        return size;
    }

    /// What follows a backslash.
    [[nodiscard]] constexpr bool take_escaped(json_text& text) noexcept
    {
        constexpr std::string_view escapes = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        std::size_t const which = rest_.empty() ? std::string_view::npos : escapes.find(rest_.front());
        if (which != std::string_view::npos) {
            rest_.remove_prefix(1);
            text.append(meanings.substr(which, 1));
            return true;
        }
        std::uint32_t unit = 0;
        if (!take_unit(unit))
            return false;
        if (unit < 0xd800 || unit > 0xdfff) {
            text.append_rune(unit);
            return true;
        }
        json_reader ahead = *this; // half a pair is invalid alone; what follows it then stands for itself
        std::uint32_t low = 0;
        if (unit < 0xdc00 && ahead.take("\\") && ahead.take_unit(low) && low >= 0xdc00 && low <= 0xdfff) {
            text.append_rune(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            *this = ahead;
        } else {
            text.append(utf8_replacement);
        }
        return true;
    }

    /// "u" and four hexadecimal digits: a unit of UTF-16.
    [[nodiscard]] constexpr bool take_unit(std::uint32_t& unit) noexcept
    {
        if (!take("u"))
            return false;
        std::string_view const digits = rest_.substr(0, 4);
        if (digits.size() != 4 || !is_hex(digits))
            return false;
        for (char const c : digits)
            unit = unit << 4 | detail::hex_digit(c);
        rest_.remove_prefix(digits.size());
        return true;
    }

    std::string_view rest_;
};

/// Appends `text` as a JSON string, in the spelling of Go's `json.Marshal`: what HTML could take for its own
/// is escaped, and each byte that is not part of valid UTF-8 becomes U+FFFD. Allocates.
inline void append_json_string(std::string& json, std::string_view text)
{
    constexpr std::string_view special = "\"\\\b\f\n\r\t";
    constexpr std::string_view letters = "\"\\bfnrt";
    constexpr std::string_view in_html = "<>&";
    json += '"';
    while (!text.empty()) {
        std::size_t const size = utf8_sequence_size(text);
        std::string_view const rune = text.substr(0, std::max<std::size_t>(size, 1));
        std::size_t const which = special.find(rune.front());
        if (size == 0) {
            json += "\\ufffd";
        } else if (which != std::string_view::npos) {
            json += {'\\', letters[which]};
        } else if (rune == "\xe2\x80\xa8") { // JavaScript once took this and the next for the end of a line
            json += "\\u2028";
        } else if (rune == "\xe2\x80\xa9") {
            json += "\\u2029";
        } else if (static_cast<unsigned char>(rune.front()) < 0x20 || in_html.find(rune) != in_html.npos) {
            auto const byte = static_cast<std::uint8_t>(rune.front());
            json += "\\u00";
            json += hex_encode({&byte, 1});
        } else {
            json += rune;
        }
        text.remove_prefix(rune.size());
    }
    json += '"';
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
