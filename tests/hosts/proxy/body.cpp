// SPDX-License-Identifier: BSL-1.0
#include "body.hpp"

#include <algorithm>
#include <limits>

namespace proxy {

namespace {

[[nodiscard]] int hex_digit(char c) noexcept
{
    if (c >= '0' && c <= '9')
        return c - '0';
    auto const lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

} // namespace

body_reader::body_reader(framing how) noexcept : how_(how), at_(place::content), left_(how.length)
{
    if (how.what == framing::kind::none || (how.what == framing::kind::length && how.length == 0))
        at_ = place::end;
    else if (how.what == framing::kind::chunked)
        at_ = place::size;
    else if (how.what == framing::kind::until_close)
        left_ = std::numeric_limits<std::uint64_t>::max();
}

std::optional<std::uint64_t> body_reader::length() const noexcept
{
    if (how_.what == framing::kind::length || how_.what == framing::kind::none)
        return how_.length;
    return std::nullopt;
}

body_reader::taken body_reader::take(std::string_view bytes) noexcept
{
    taken all;
    while (all.used < bytes.size() && all.content.empty() && at_ != place::end && at_ != place::broken) {
        auto const rest = bytes.substr(all.used);
        if (at_ == place::content) {
            auto const part = take_content(rest);
            all.used += part.used;
            all.content = part.content;
        } else {
            auto const used = take_mark(rest);
            if (used == 0)
                break;
            all.used += used;
        }
    }
    return all;
}

void body_reader::close(bool is_said) noexcept
{
    if (at_ != place::end)
        at_ = is_said && how_.what == framing::kind::until_close ? place::end : place::broken;
}

std::size_t body_reader::wanted() const noexcept
{
    constexpr std::uint64_t least = 4 * 1024;
    constexpr std::uint64_t most = 64 * 1024;
    constexpr std::uint64_t of_unknown = 16 * 1024;
    auto const left = how_.what == framing::kind::length ? left_ : of_unknown;
    return static_cast<std::size_t>(std::clamp(left, least, most));
}

body_reader::taken body_reader::take_content(std::string_view bytes) noexcept
{
    auto const size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    if (how_.what != framing::kind::until_close)
        left_ -= size;
    if (left_ == 0)
        at_ = how_.what == framing::kind::chunked ? place::after_chunk : place::end;
    return {size, bytes.substr(0, size)};
}

/// What stands around content; 0: more bytes are needed, or it is broken.
std::size_t body_reader::take_mark(std::string_view bytes) noexcept
{
    switch (at_) {
    case place::size: return take_size(bytes);
    case place::extension: return take_line(bytes, left_ == 0 ? place::trailer : place::content, false);
    case place::after_chunk: return take_line(bytes, place::size, true);
    case place::trailer: return take_line(bytes, place::trailer, false);
    case place::content:
    case place::end:
    case place::broken: break;
    }
    return 0;
}

/// A hexadecimal number; what ends it stays.
std::size_t body_reader::take_size(std::string_view bytes) noexcept
{
    constexpr std::size_t max_digits = 16;
    std::size_t digits = 0;
    std::uint64_t size = 0;
    for (; digits < bytes.size() && hex_digit(bytes[digits]) >= 0; ++digits) {
        if (digits == max_digits)
            return fail();
        size = size * 16 + static_cast<std::uint64_t>(hex_digit(bytes[digits]));
    }
    if (digits == bytes.size())
        return 0;
    bool const is_ended = bytes[digits] == '\r' || bytes[digits] == ';';
    if (digits == 0 || !is_ended)
        return fail();
    left_ = size;
    at_ = place::extension;
    return digits;
}

/// Up to CR LF; neither may stand alone. The empty line behind trailers ends the body.
std::size_t body_reader::take_line(std::string_view bytes, place next, bool must_be_empty) noexcept
{
    auto const end = bytes.find_first_of("\r\n");
    auto const length = std::min(end, bytes.size());
    if ((must_be_empty && length > 0) || (end != bytes.npos && bytes[end] == '\n'))
        return fail();
    if (length > max_unwanted)
        return fail();
    if (end == bytes.npos || end + 1 == bytes.size())
        return 0;
    if (bytes[end + 1] != '\n')
        return fail();
    at_ = at_ == place::trailer && length == 0 ? place::end : next;
    return pass_over(length) + (at_ == place::broken ? 0 : 2);
}

std::size_t body_reader::pass_over(std::size_t bytes) noexcept
{
    unwanted_ += bytes;
    return unwanted_ > max_unwanted ? fail() : bytes;
}

std::size_t body_reader::fail() noexcept
{
    at_ = place::broken;
    return 0;
}

} // namespace proxy
