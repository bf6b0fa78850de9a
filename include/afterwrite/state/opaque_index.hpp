// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/inline_string.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/version.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What an OpenBao index says: a cluster, and a value that in principle only its storage backend can order.
///
/// Two backends' values are known: raft's applied index, a decimal number, and PostgreSQL's log sequence
/// number, two hexadecimal halves around a slash. Two values of one such form are ordered by their number (as
/// texts, `F/0` would come after `10/0`). All others are unordered, unless they are the same text. Sources:
/// OpenBao internal/physical/raft/raft.go, internal/physical/postgresql/index.go.
struct opaque_index {
    /// A raft index needs 20 bytes, an LSN 17; longer ones are refused when decoded.
    static constexpr std::size_t max_value_size = 64;

    cluster_id cluster{};
    inline_string<max_value_size> value{};

    /// The index had fields that this library does not know. They may matter to the order, so it has none.
    bool has_unknown_fields = false;

    friend constexpr bool operator==(opaque_index const&, opaque_index const&) noexcept = default;

    friend constexpr std::partial_ordering operator<=>(opaque_index const& a, opaque_index const& b) noexcept
    {
        if (a.cluster != b.cluster || a.has_unknown_fields || b.has_unknown_fields)
            return std::partial_ordering::unordered;
        if (a.value == b.value)
            return std::partial_ordering::equivalent;
        auto const left = read_number(a.value);
        auto const right = read_number(b.value);
        if (left.form == backend::unknown || left.form != right.form)
            return std::partial_ordering::unordered;
        return left.number <=> right.number;
    }

    /// The number that orders it among those of its backend; none if it has no order.
    [[nodiscard]] constexpr std::optional<std::uint64_t> number() const noexcept
    {
        auto const read = read_number(value);
        return read.form == backend::unknown || has_unknown_fields ? std::nullopt
                                                                   : std::optional(read.number);
    }

private:
    enum class backend : std::uint8_t { unknown, raft, postgresql };

    struct backend_number {
        backend form = backend::unknown;
        std::uint64_t number = 0;
    };

    static constexpr std::optional<std::uint64_t> read_digits(std::string_view text, std::uint64_t base,
                                                              std::uint64_t limit) noexcept
    {
        if (text.empty())
            return std::nullopt;
        std::uint64_t number = 0;
        for (char const c : text) {
            std::uint64_t digit = base;
            if (c >= '0' && c <= '9')
                digit = static_cast<std::uint64_t>(c - '0');
            else if (c >= 'a' && c <= 'f')
                digit = static_cast<std::uint64_t>(c - 'a' + 10);
            else if (c >= 'A' && c <= 'F')
                digit = static_cast<std::uint64_t>(c - 'A' + 10);
            if (digit >= base || number > (limit - digit) / base)
                return std::nullopt;
            number = number * base + digit;
        }
        return number;
    }

    static constexpr backend_number read_number(std::string_view text) noexcept
    {
        std::size_t slash = 0;
        while (slash < text.size() && text[slash] != '/')
            ++slash;
        if (slash == text.size()) {
            auto const index = read_digits(text, 10, UINT64_MAX);
            return index ? backend_number{backend::raft, *index} : backend_number{};
        }
        auto const high = read_digits(text.substr(0, slash), 16, UINT32_MAX);
        auto const low = read_digits(text.substr(slash + 1), 16, UINT32_MAX);
        return high && low ? backend_number{backend::postgresql, *high << 32 | *low} : backend_number{};
    }
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
