// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// How a field of a protobuf message is written (protobuf.dev, "Encoding").
enum class protobuf_type : std::uint8_t {
    varint = 0,  ///< a number, seven bits a byte
    fixed64 = 1, ///< eight bytes
    bytes = 2,   ///< a length and so many bytes: texts, bytes and messages
    fixed32 = 5, ///< four bytes
};

/// One field as it stands in a message: its type comes from the wire, its meaning from who reads it.
struct protobuf_field {
    std::uint32_t number = 0; ///< 1 to 2^29 - 1
    protobuf_type type = protobuf_type::varint;
    std::uint64_t value = 0;  ///< of a varint; else 0
    std::string_view bytes{}; ///< of all others, in the message itself

    [[nodiscard]] constexpr bool is_varint(std::uint32_t which) const noexcept
    {
        return number == which && type == protobuf_type::varint;
    }
    [[nodiscard]] constexpr bool is_bytes(std::uint32_t which) const noexcept
    {
        return number == which && type == protobuf_type::bytes;
    }
};

/// Takes a protobuf message apart, field by field, as they come. Copies nothing, allocates nothing, and takes
/// a time that is linear in the message.
///
/// Who reads a message takes the fields that it knows, of several of one number the last, and passes over the
/// others: those that are unknown, and those of another type than it expects, as Go does it. Groups are
/// refused: no proto3 message has them.
class protobuf_reader {
public:
    constexpr explicit protobuf_reader(std::string_view message) noexcept : rest_(message) {}

    /// The next field; nothing at the end, and where the message is malformed: `is_whole` tells which.
    [[nodiscard]] constexpr std::optional<protobuf_field> next() noexcept
    {
        if (rest_.empty() || is_malformed_)
            return std::nullopt;
        auto const field = read();
        is_malformed_ = !field;
        return field;
    }

    /// Whether all of the message has been read, and is well-formed.
    [[nodiscard]] constexpr bool is_whole() const noexcept { return rest_.empty() && !is_malformed_; }

private:
    static constexpr std::uint64_t max_number = (1u << 29) - 1;

    constexpr std::optional<protobuf_field> read() noexcept
    {
        auto const tag = read_varint();
        if (!tag || *tag >> 3 == 0 || *tag >> 3 > max_number)
            return std::nullopt;
        protobuf_field field{.number = static_cast<std::uint32_t>(*tag >> 3)};
        std::optional<std::uint64_t> size;
        switch (*tag & 7) {
        case static_cast<std::uint64_t>(protobuf_type::varint): {
            auto const value = read_varint();
            if (!value)
                return std::nullopt;
            field.value = *value;
            return field;
        }
        case static_cast<std::uint64_t>(protobuf_type::fixed64):
            field.type = protobuf_type::fixed64;
            size = 8;
            break;
        case static_cast<std::uint64_t>(protobuf_type::bytes):
            field.type = protobuf_type::bytes;
            size = read_varint();
            break;
        case static_cast<std::uint64_t>(protobuf_type::fixed32):
            field.type = protobuf_type::fixed32;
            size = 4;
            break;
        default: return std::nullopt;
        }
        if (!size || *size > rest_.size())
            return std::nullopt;
        field.bytes = rest_.substr(0, static_cast<std::size_t>(*size));
        rest_.remove_prefix(field.bytes.size());
        return field;
    }

    /// Up to ten bytes, of which the last one has room for one bit only.
    constexpr std::optional<std::uint64_t> read_varint() noexcept
    {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < 10 && i < rest_.size(); ++i) {
            auto const byte = static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i]));
            if (i == 9 && byte > 1)
                return std::nullopt;
            value |= (byte & 0x7f) << (7 * i);
            if (byte < 0x80) {
                rest_.remove_prefix(i + 1);
                return value;
            }
        }
        return std::nullopt;
    }

    std::string_view rest_;
    bool is_malformed_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
