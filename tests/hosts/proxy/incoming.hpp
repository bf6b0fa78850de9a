// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "body.hpp"
#include "net.hpp"
#include "stream.hpp"

#include <boost/beast/core/flat_buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace proxy {

/// What has come in over a connection and was not used yet: heads and bodies, one behind the other.
class incoming {
public:
    /// As much of a body is looked at in one go.
    static constexpr std::size_t max_part = 64 * 1024;

    /// A connection that waits keeps no more than this.
    static constexpr std::size_t idle_size = 4 * 1024;

    incoming(stream& from, std::size_t max_head);

    enum class trouble : std::uint8_t {
        none,
        closed,    ///< nothing came before the end
        broken,    ///< the end came in the middle, or the time was over
        too_large, ///< the head
    };

    struct head {
        trouble what = trouble::none;
        std::string_view bytes{}; ///< with the empty line; they stay until the next call
    };

    /// Until something is at hand, or comes. An idle connection needs no memory for it, but with TLS.
    [[nodiscard]] task<error_code> wait_for_bytes();

    /// Reads until a head is whole.
    [[nodiscard]] task<head> read_head();

    /// Reads the next part of a body, which stays until the next call; empty: it is done or broken.
    [[nodiscard]] task<std::string_view> read_part(body_reader& body);

    /// A part of a body, if one is at hand already; without waiting.
    [[nodiscard]] std::string_view part_at_hand(body_reader& body);

    /// Nothing is at hand that was not used.
    [[nodiscard]] bool is_empty() const noexcept { return buffer_.size() == used_; }

    /// From now on the other side has to send a body, in parts that `read_part` takes: for each second that
    /// it is waited for beyond the grace, so many bytes. Otherwise the body is broken.
    void expect_body(monotonic::duration grace, std::uint64_t bytes_per_second) noexcept;

    /// That was why.
    [[nodiscard]] bool was_too_slow() const noexcept { return was_too_slow_; }

    /// Between two messages: gives back what a long one has needed.
    void rest();

private:
    [[nodiscard]] std::string_view unused() const noexcept;
    void drop_used();
    [[nodiscard]] task<error_code> more(std::size_t wanted);
    [[nodiscard]] bool is_too_slow() const noexcept;

    stream& from_;
    boost::beast::flat_buffer buffer_;
    std::size_t max_head_;
    std::size_t used_ = 0; ///< at the front, by what was handed out last

    std::uint64_t rate_ = 0; ///< of a body, in bytes a second; 0: as slow as it likes
    monotonic::duration grace_{};
    monotonic::duration waited_{}; ///< for this body
    std::uint64_t taken_ = 0;      ///< of it
    bool was_too_slow_ = false;
};

} // namespace proxy
