// SPDX-License-Identifier: BSL-1.0
#include "incoming.hpp"

#include <algorithm>

namespace proxy {

incoming::incoming(stream& from, std::size_t max_head)
    : from_(from), buffer_(max_head + max_part), max_head_(max_head)
{}

std::string_view incoming::unused() const noexcept
{
    auto const bytes = buffer_.data();
    return std::string_view(static_cast<char const*>(bytes.data()), bytes.size()).substr(used_);
}

void incoming::drop_used()
{
    buffer_.consume(used_);
    used_ = 0;
}

task<error_code> incoming::more(std::size_t wanted)
{
    drop_used();
    wanted = std::min(wanted, buffer_.max_size() - buffer_.size());
    error_code error;
    auto const got = co_await from_.read_some(buffer_.prepare(wanted), error);
    buffer_.commit(got);
    if (got == 0 && !error)
        error = asio::error::no_buffer_space;
    co_return error;
}

task<error_code> incoming::wait_for_bytes()
{
    error_code error;
    if (is_empty() && from_.is_secure())
        error = co_await more(idle_size);
    else if (is_empty())
        error = co_await from_.readable();
    co_return error;
}

task<incoming::head> incoming::read_head()
{
    drop_used();
    for (std::size_t seen = 0;;) {
        while (unused().starts_with("\r\n")) { // RFC 9112, 2.2: what some clients send behind a body
            buffer_.consume(2);
            seen = 0;
        }
        auto const bytes = unused();
        auto const end = bytes.find("\r\n\r\n", seen < 3 ? 0 : seen - 3);
        if (std::min(end, bytes.size()) > max_head_)
            co_return head{trouble::too_large, {}};
        if (end != bytes.npos) {
            used_ = end + 4;
            co_return head{trouble::none, bytes.substr(0, used_)};
        }
        seen = bytes.size();
        auto const error = co_await more(idle_size);
        if (error)
            co_return head{seen == 0 ? trouble::closed : trouble::broken, {}};
    }
}

std::string_view incoming::part_at_hand(body_reader& body)
{
    auto const part = body.take(unused());
    used_ += part.used;
    taken_ += part.used;
    return part.content;
}

void incoming::expect_body(monotonic::duration grace, std::uint64_t bytes_per_second) noexcept
{
    rate_ = bytes_per_second;
    grace_ = grace;
    waited_ = {};
    taken_ = 0;
    was_too_slow_ = false;
}

bool incoming::is_too_slow() const noexcept
{
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(waited_ - grace_).count();
    return rate_ > 0 && seconds > 0 && taken_ / rate_ < static_cast<std::uint64_t>(seconds);
}

task<std::string_view> incoming::read_part(body_reader& body)
{
    while (!body.is_done() && !body.is_broken()) {
        auto const part = part_at_hand(body);
        if (!part.empty() || body.is_done() || body.is_broken())
            co_return part;
        auto const began = monotonic::now();
        auto const error = co_await more(body.wanted());
        waited_ += monotonic::now() - began;
        was_too_slow_ = !error && is_too_slow();
        if (error || was_too_slow_)
            body.close(error == asio::error::eof);
    }
    co_return std::string_view();
}

void incoming::rest()
{
    drop_used();
    if (buffer_.size() == 0 && buffer_.capacity() > idle_size)
        buffer_.shrink_to_fit();
}

} // namespace proxy
