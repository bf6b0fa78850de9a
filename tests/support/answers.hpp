// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/test_message.hpp"

#include <string>
#include <string_view>

// Answers as the servers word them.
namespace support {

inline test_message vault_stale()
{
    return answer(412, R"({"errors":["required index state not present"]})");
}

inline test_message openbao_stale() { return answer(429, "{\"errors\":[]}\n").with("Retry-After", "1"); }

inline test_message forward_barred(std::string_view header = "X-Vault-Inconsistent=forward-active-node")
{
    auto const words =
        std::string("forwarding via header ").append(header).append(" disabled in configuration");
    return answer(400, std::string(R"({"errors":[")").append(words).append(R"("]})"));
}

inline test_message quota_used_up(std::string_view retry_after)
{
    auto message = answer(429, R"({"errors":["request path \"kv/foo\": rate limit quota exceeded"]})");
    return retry_after.empty() ? message : message.with("Retry-After", retry_after);
}

inline test_message unreadable_index()
{
    return answer(400, R"({"errors":["failed to decode \"X-Vault-Index\" header"]})");
}

inline test_message no_active_node()
{
    return answer(500, R"({"errors":["local node not active but active cluster node not found"]})");
}

inline test_message redirect_to(std::string_view location) { return answer(307).with("Location", location); }

/// A write that the node which answers has not applied itself yet.
inline test_message unapplied()
{
    return answer(200, R"({"data":null,"warnings":["Timeout hit while waiting for local replicated cluster )"
                       R"(to apply primary's write; this client may encounter stale reads"],"auth":null})");
}

inline test_message written(std::string_view index) { return answer(204).with("X-Vault-Index", index); }

} // namespace support
