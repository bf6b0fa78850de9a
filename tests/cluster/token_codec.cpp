// SPDX-License-Identifier: BSL-1.0
#include "token_codec.hpp"

#include "url_base64.hpp"

#include <map>
#include <optional>
#include <utility>

namespace cluster {

namespace {

constexpr std::string_view prefix = "hvs.";

constexpr unsigned varint_type = 0;
constexpr unsigned bytes_type = 2;

// Numbers of fields, see the header.
constexpr std::uint64_t version_field = 1;
constexpr std::uint64_t code_field = 2;
constexpr std::uint64_t token_field = 3;
constexpr std::uint64_t id_field = 1;
constexpr std::uint64_t index_field = 2;
constexpr std::uint64_t epoch_field = 3;
constexpr std::uint64_t text_index_field = 50;

void add_varint(std::string& to, std::uint64_t value)
{
    for (; value >= 0x80U; value >>= 7U) {
        to += static_cast<char>((value & 0x7FU) | 0x80U);
    }
    to += static_cast<char>(value);
}

void add_number(std::string& to, std::uint64_t field, std::uint64_t value)
{
    if (value != 0) {
        add_varint(to, field << 3U | varint_type);
        add_varint(to, value);
    }
}

void add_bytes(std::string& to, std::uint64_t field, std::string_view value)
{
    if (!value.empty()) {
        add_varint(to, field << 3U | bytes_type);
        add_varint(to, value.size());
        to += value;
    }
}

/// The fields of a message by their numbers: of several, the last one counts.
struct message_fields {
    std::map<std::uint64_t, std::uint64_t> numbers;
    std::map<std::uint64_t, std::string> texts;
};

std::optional<std::uint64_t> take_varint(std::string_view& from)
{
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
        auto const byte = static_cast<unsigned char>(from.front());
        from.remove_prefix(1);
        if (shift == 63 && byte > 1) {
            return std::nullopt;
        }
        value |= std::uint64_t{byte & 0x7FU} << shift;
        if ((byte & 0x80U) == 0) {
            return value;
        }
    }
    return std::nullopt;
}

std::optional<message_fields> read_message(std::string_view from)
{
    message_fields found;
    while (!from.empty()) {
        auto const key = take_varint(from);
        if (!key || *key >> 3U == 0) {
            return std::nullopt;
        }
        auto const type = static_cast<unsigned>(*key & 7U);
        auto const number = type == varint_type || type == bytes_type ? take_varint(from) : std::nullopt;
        if (type == varint_type && number) {
            found.numbers[*key >> 3U] = *number;
            continue;
        }
        const std::uint64_t size = type == 1 ? 8 : (type == 5 ? 4 : number.value_or(UINT64_MAX));
        if ((type != 1 && type != bytes_type && type != 5) || size > from.size()) {
            return std::nullopt;
        }
        if (type == bytes_type) {
            found.texts[*key >> 3U] = from.substr(0, size);
        }
        from.remove_prefix(size);
    }
    return found;
}

} // namespace

std::string encode_consistent_token(dialect speaks, consistent_token const& token, hmac_signer const& signer)
{
    std::string inner;
    add_bytes(inner, id_field, token.id);
    if (speaks == dialect::vault) {
        add_number(inner, index_field, parse_decimal(token.local_index).value_or(0));
    }
    add_number(inner, epoch_field, token.epoch);
    if (speaks == dialect::openbao) {
        add_bytes(inner, text_index_field, token.local_index);
    }
    std::string outer;
    add_number(outer, version_field, 1);
    add_bytes(outer, code_field, signer.sign(inner));
    add_bytes(outer, token_field, inner);
    return std::string(prefix) + url_base64_encode(outer);
}

token_reading read_token(dialect speaks, std::string_view text, hmac_signer const& signer)
{
    token_reading plain{token_reading::kind::plain, {std::string(text), {}, 0}};
    token_reading bad{token_reading::kind::bad, {}};
    // The longest tokens without an index, and one letter more on OpenBao.
    const std::size_t longest = speaks == dialect::vault ? 34 : 35;
    if (!text.starts_with(prefix) || text.size() <= longest) {
        return plain;
    }
    auto const bytes = url_base64_decode(text.substr(prefix.size()));
    if (!bytes) {
        return plain;
    }
    auto const outer = read_message(*bytes);
    if (!outer || !outer->texts.contains(code_field) || !outer->texts.contains(token_field)) {
        return bad;
    }
    std::string const& signed_part = outer->texts.at(token_field);
    if (signer.sign(signed_part) != outer->texts.at(code_field)) {
        return bad;
    }
    auto const inner = read_message(signed_part);
    if (!inner || !inner->texts.contains(id_field)) {
        return bad;
    }
    auto const number = [&](std::uint64_t field) {
        auto const found = inner->numbers.find(field);
        return found == inner->numbers.end() ? 0 : found->second;
    };
    auto const index = inner->texts.find(text_index_field);
    consistent_token token{inner->texts.at(id_field), {}, static_cast<std::uint32_t>(number(epoch_field))};
    if (speaks == dialect::vault) {
        token.local_index = std::to_string(number(index_field));
    } else if (index != inner->texts.end()) {
        token.local_index = index->second;
    }
    return {token_reading::kind::consistent, std::move(token)};
}

} // namespace cluster
