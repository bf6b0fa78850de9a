// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Whether a "no" may only mean that the node has not heard of something yet: of a secret or a mount (404),
/// of a token, a policy or an entity (403), of a token without an index of its own, whose lease a standby
/// tries to store itself (400, or 500 in newer versions), or of a token's lease (500). To a request that had
/// carried the index of what it depends on, the same answers are the truth.
///
/// Sources: what an upgrade to Vault 1.10 warns of ("400, 403, or 50x"); bank-vaults#1500 and
/// vault-lambda-extension#47 for the storage; Vault vault/token_store.go for the lease.
[[nodiscard]] constexpr bool is_stale_negative(int status, std::string_view body) noexcept
{
    body = body.substr(0, max_inspected_body);
    auto const says = [body](std::string_view words) { return body.find(words) != std::string_view::npos; };
    switch (status) {
    case 403:
    case 404: return true;
    case 400: return says("cannot write to readonly storage");
    case 500:
        return says("cannot write to readonly storage") ||
               says("no lease entry found for token that ought to have one");
    default: return false;
    }
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
