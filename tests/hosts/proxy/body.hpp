// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace proxy {

/// How the end of a body is told (RFC 9112, 6.3).
struct framing {
    enum class kind : std::uint8_t { none, length, chunked, until_close };

    kind what = kind::none;
    std::uint64_t length = 0; ///< of `kind::length`
};

/// Takes a body out of the bytes of a connection, whatever parts they come in. What stands between chunks,
/// and trailers, which nobody needs, are passed over.
class body_reader {
public:
    explicit body_reader(framing how = {}) noexcept;

    [[nodiscard]] bool is_done() const noexcept { return at_ == place::end; }

    /// What came is no body, or was cut off. It stays so.
    [[nodiscard]] bool is_broken() const noexcept { return at_ == place::broken; }

    /// How long the body is, if that was said.
    [[nodiscard]] std::optional<std::uint64_t> length() const noexcept;

    [[nodiscard]] framing const& how() const noexcept { return how_; }

    struct taken {
        std::size_t used = 0;       ///< of the bytes; the others are to come again, with more behind them
        std::string_view content{}; ///< of the body, within the bytes
    };

    /// Takes what it can. Nothing used: more bytes are needed, unless it is done or broken.
    [[nodiscard]] taken take(std::string_view bytes) noexcept;

    /// Nothing more comes: the other side said so, or the connection broke.
    void close(bool is_said) noexcept;

    /// How many bytes are worth reading next.
    [[nodiscard]] std::size_t wanted() const noexcept;

private:
    enum class place : std::uint8_t { content, size, extension, after_chunk, trailer, end, broken };

    [[nodiscard]] taken take_content(std::string_view bytes) noexcept;
    [[nodiscard]] std::size_t take_mark(std::string_view bytes) noexcept;
    [[nodiscard]] std::size_t take_size(std::string_view bytes) noexcept;
    [[nodiscard]] std::size_t take_line(std::string_view bytes, place next, bool must_be_empty) noexcept;
    [[nodiscard]] std::size_t pass_over(std::size_t bytes) noexcept;
    std::size_t fail() noexcept;

    /// As much of extensions, and as much of trailers, as is passed over in one body.
    static constexpr std::size_t max_unwanted = 16 * 1024;

    framing how_;
    place at_;
    std::uint64_t left_ = 0; ///< of the length, or of the chunk
    std::size_t unwanted_ = 0;
};

} // namespace proxy
