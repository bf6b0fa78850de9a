// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/base64.hpp>
#include <afterwrite/bytes/hmac_sha256.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

// Makes tokens that carry an index, as the servers do. Here are wrong ones too, so it knows of bytes alone.
namespace support {

inline constexpr afterwrite::hmac_key token_key("6a1f7d0e-8c5b-4a57-9c1e-0123456789ab");

inline std::string varint(std::uint64_t number)
{
    std::string bytes;
    for (; number >= 0x80; number >>= 7)
        bytes += static_cast<char>((number & 0x7f) | 0x80);
    return bytes += static_cast<char>(number);
}

inline std::string number_field(std::uint64_t number, std::uint64_t value)
{
    return varint(number << 3) + varint(value);
}

inline std::string bytes_field(std::uint64_t number, std::string_view value)
{
    return varint(number << 3 | 2) + varint(value.size()) + std::string(value);
}

/// The outer message around these bytes.
inline std::string signed_message(std::string_view inner, afterwrite::hmac_key const& key = token_key)
{
    auto const hmac = key.sign(inner);
    return number_field(1, 1) + bytes_field(2, std::string(hmac.begin(), hmac.end())) + bytes_field(3, inner);
}

inline std::string token_of_message(std::string_view outer)
{
    auto text = afterwrite::base64_encode(outer);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    return "hvs." + text;
}

inline std::string signed_token(std::string_view inner, afterwrite::hmac_key const& key = token_key)
{
    return token_of_message(signed_message(inner, key));
}

/// As Vault and OpenBao make them: with a secret, and what is zero left out.
inline std::string vault_token(std::uint64_t local_index, std::uint64_t epoch = 0)
{
    return signed_token(bytes_field(1, "hvs.ABCDEFGHIJKLMNOPQRSTUVWX") +
                        (local_index != 0 ? number_field(2, local_index) : "") +
                        (epoch != 0 ? number_field(3, epoch) : ""));
}
inline std::string openbao_token(std::string_view local_index, std::uint64_t epoch = 0)
{
    return signed_token(bytes_field(1, "hvs.ABCDEFGHIJKLMNOPQRSTUVWX") +
                        (epoch != 0 ? number_field(3, epoch) : "") + bytes_field(50, local_index));
}

} // namespace support
