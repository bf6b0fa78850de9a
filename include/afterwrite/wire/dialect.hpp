// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Which of the two servers' protocols is spoken: they share the field names, and little else.
enum class dialect : std::uint8_t {
    unknown, ///< nothing has told yet
    vault,   ///< HashiCorp Vault Enterprise: signed states, several fields, 412
    openbao, ///< OpenBao from 2.7: one unsigned index, 429
};

[[nodiscard]] constexpr std::string_view to_string(dialect form) noexcept
{
    switch (form) {
    case dialect::unknown: return "unknown";
    case dialect::vault: return "vault";
    case dialect::openbao: return "openbao";
    }
    return "unknown";
}

/// Tells by its first bytes of what dialect an index is, without decoding it: base64 of `v1:`, or of `{`.
[[nodiscard]] constexpr dialect dialect_of(std::string_view index) noexcept
{
    if (index.substr(0, 4) == "djE6")
        return dialect::vault;
    // '{' fills the first digit and the upper two bits of the second one, which is therefore one of the last
    // 16.
    constexpr std::string_view last_digits = "wxyz0123456789+/";
    if (index.size() >= 2 && index[0] == 'e')
        for (char const digit : last_digits)
            if (index[1] == digit)
                return dialect::openbao;
    return dialect::unknown;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
