// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/base64.hpp>
#include <afterwrite/bytes/eight_bytes.hpp>
#include <afterwrite/bytes/hex.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/store/entry.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/openbao_index.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

// An index in binary. Only one that is written again byte for byte may be kept so: the servers write no
// other, but nobody knows what a later one does.

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// Writes into an array that is large enough.
struct index_writer {
    char* to;

    void text(std::string_view part) noexcept
    {
        std::memcpy(to, part.data(), part.size());
        to += part.size();
    }

    void decimal(std::uint64_t number) noexcept
    {
        char digits[20];
        std::size_t at = sizeof digits;
        do {
            digits[--at] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        text({digits + at, sizeof digits - at});
    }

    /// In upper case without leading zeros, as PostgreSQL writes the halves of its numbers.
    void hex(std::uint32_t number) noexcept
    {
        char digits[8];
        std::size_t at = sizeof digits;
        do {
            digits[--at] = "0123456789ABCDEF"[number % 16];
            number /= 16;
        } while (number != 0);
        text({digits + at, sizeof digits - at});
    }

    /// 32 bytes in lower-case hexadecimal, four at a time.
    void hmac(std::uint8_t const (&bytes)[32]) noexcept
    {
        constexpr std::uint64_t each = 0x0101'0101'0101'0101;
        for (std::size_t i = 0; i < sizeof bytes; i += 4, to += 8) {
            std::uint64_t four = bytes[i] | std::uint64_t{bytes[i + 1]} << 8 |
                                 std::uint64_t{bytes[i + 2]} << 16 | std::uint64_t{bytes[i + 3]} << 24;
            four = (four | four << 16) & 0x0000'ffff'0000'ffff;
            four = (four | four << 8) & 0x00ff'00ff'00ff'00ff;
            auto const digits = (four >> 4 & 0x000f'000f'000f'000f) | (four & 0x000f'000f'000f'000f) << 8;
            auto const letters = (digits + each * 6) >> 4 & each;
            store_eight_bytes(to, digits + each * '0' + letters * ('a' - '0' - 10));
        }
    }
};

/// Reads from a text that the caller has checked the size of, and nothing that would be written differently.
struct index_reader {
    std::string_view rest;

    bool take(std::string_view part) noexcept
    {
        if (!rest.starts_with(part))
            return false;
        rest.remove_prefix(part.size());
        return true;
    }

    bool decimal(std::uint64_t& number) noexcept
    {
        constexpr auto max = std::numeric_limits<std::uint64_t>::max();
        std::size_t size = 0;
        number = 0;
        for (; size < rest.size() && rest[size] >= '0' && rest[size] <= '9'; ++size) {
            auto const digit = static_cast<std::uint64_t>(rest[size] - '0');
            if (number > max / 10 || number * 10 > max - digit)
                return false;
            number = number * 10 + digit;
        }
        bool const is_plain = size == 1 || (size > 1 && rest[0] != '0');
        rest.remove_prefix(size);
        return is_plain;
    }

    /// All that is left: 64 digits, eight at a time.
    bool hmac(std::uint8_t (&bytes)[32]) noexcept
    {
        if (rest.size() != 2 * sizeof bytes)
            return false;
        constexpr std::uint64_t each = 0x0101'0101'0101'0101;
        std::uint64_t bad = 0;
        for (std::size_t i = 0; i < sizeof bytes; i += 4) {
            auto const word = load_eight_bytes(rest.data() + 2 * i);
            bad |= not_hex(word) | (word >> 6 & ~(word >> 5) & each); // or in upper case
            auto digits = (word & each * 15) + (word >> 6 & each) * 9;
            digits = (digits << 4 | digits >> 8) & 0x00ff'00ff'00ff'00ff;
            digits = (digits | digits >> 8) & 0x0000'ffff'0000'ffff;
            digits |= digits >> 16;
            for (std::size_t k = 0; k < 4; ++k)
                bytes[i + k] = static_cast<std::uint8_t>(digits >> (8 * k) & 0xff);
        }
        return bad == 0;
    }
};

/// Writes the text that the entry was read from into `out`, and says how long it is.
[[nodiscard]] inline std::size_t write_index(store_entry const& entry, std::string_view cluster,
                                             char (&out)[max_index_size]) noexcept
{
    char plain[base64_decoded_size_max(max_index_size)];
    index_writer writer{plain};
    if (entry.kind == entry_kind::vault) {
        writer.text("v1:");
        writer.text(cluster);
        writer.text(":");
        writer.decimal(entry.local);
        writer.text(":");
        writer.decimal(entry.replicated);
        writer.text(":");
        writer.hmac(entry.hmac);
    } else {
        writer.text("{\"cluster\":\"");
        writer.text(cluster);
        writer.text("\",\"value\":\"");
        if (entry.kind == entry_kind::raft) {
            writer.decimal(entry.local);
        } else {
            writer.hex(static_cast<std::uint32_t>(entry.local >> 32));
            writer.text("/");
            writer.hex(static_cast<std::uint32_t>(entry.local & 0xffff'ffff));
        }
        writer.text("\"}");
    }
    std::string_view const bytes(plain, static_cast<std::size_t>(writer.to - plain));
    write_base64(bytes, out);
    return base64_encoded_size(bytes.size());
}

/// An index in the form of an entry, without what the store knows.
struct compact_index {
    dialect form = dialect::unknown;
    cluster_id cluster{};
    store_entry entry{};
};

/// Whether the last digits hold no bits but those of the bytes that they encode.
[[nodiscard]] inline bool ends_plainly(std::string_view text, std::string_view bytes) noexcept
{
    auto const end = bytes.substr(bytes.size() - bytes.size() % 3);
    char again[4];
    write_base64(end, again);
    return text.ends_with(std::string_view(again, base64_encoded_size(end.size())));
}

[[nodiscard]] inline bool read_compact_vault(std::string_view text, compact_index& found) noexcept
{
    char buffer[base64_decoded_size_max(max_index_size)];
    auto const size = base64_decode(text, buffer);
    if (!size || !ends_plainly(text, {buffer, *size}))
        return false;
    index_reader reader{{buffer, *size}};
    if (!reader.take("v1:"))
        return false;
    auto const cluster = reader.rest.substr(0, reader.rest.find(':'));
    reader.rest.remove_prefix(cluster.size());
    if (cluster.empty() || !cluster_id::fits(cluster))
        return false;
    auto& entry = found.entry;
    if (!reader.take(":") || !reader.decimal(entry.local) || !reader.take(":") ||
        !reader.decimal(entry.replicated) || !reader.take(":") || !reader.hmac(entry.hmac))
        return false;
    found.form = dialect::vault;
    found.cluster = cluster_id(cluster);
    entry.kind = entry_kind::vault;
    return true;
}

/// A log sequence number of PostgreSQL, in any spelling of its two halves.
[[nodiscard]] inline std::optional<std::uint64_t> read_lsn(std::string_view value) noexcept
{
    auto const slash = value.find('/');
    if (slash == value.npos)
        return std::nullopt;
    std::uint64_t number = 0;
    for (auto const half : {value.substr(0, slash), value.substr(slash + 1)}) {
        if (half.empty() || half.size() > 8)
            return std::nullopt;
        std::uint64_t part = 0;
        for (char const c : half) {
            auto const digit = hex_digit(c);
            if (digit > 15)
                return std::nullopt;
            part = part << 4 | digit;
        }
        number = number << 32 | part;
    }
    return number;
}

[[nodiscard]] inline bool read_compact_openbao(std::string_view text, compact_index& found) noexcept
{
    auto const index = decode_openbao_index(text);
    if (!index || index->has_unknown_fields)
        return false;
    auto& entry = found.entry;
    index_reader reader{index->value};
    entry.kind = entry_kind::raft;
    if (!reader.decimal(entry.local) || !reader.rest.empty()) {
        auto const number = read_lsn(index->value);
        if (!number)
            return false;
        entry.kind = entry_kind::postgresql;
        entry.local = *number;
    }
    char again[max_index_size];
    auto const size = write_index(entry, index->cluster, again);
    found.form = dialect::openbao;
    found.cluster = index->cluster;
    return std::string_view(again, size) == text;
}

/// Reads an index that `write_index` writes again byte for byte; of any other one it says no.
[[nodiscard]] inline bool read_compact(std::string_view text, compact_index& found) noexcept
{
    if (text.size() > max_index_size)
        return false;
    auto const form = dialect_of(text);
    return (form == dialect::vault && read_compact_vault(text, found)) ||
           (form == dialect::openbao && read_compact_openbao(text, found));
}

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
