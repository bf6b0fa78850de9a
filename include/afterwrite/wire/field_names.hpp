// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <string_view>

/// The fields of the protocol and their values, as Vault and OpenBao spell them.
/// Sources: Vault sdk/helper/consts and docs "Eventual consistency"; OpenBao docs, concepts/consistency.
namespace afterwrite::inline AFTERWRITE_VERSION::field_names {

/// In an answer: the state that it produced. In a request: a state that its answer must show; on Vault one
/// field a state, on OpenBao at most one field.
inline constexpr std::string_view index = "X-Vault-Index";

/// In a request: what a node is to do that lacks the required state.
inline constexpr std::string_view inconsistent = "X-Vault-Inconsistent";

/// In a request, on Vault alone: go to the active node whatever the state is. OpenBao ignores it.
inline constexpr std::string_view forward = "X-Vault-Forward";

/// Value of `inconsistent`: let the active node answer. Vault refuses it with 400 unless it was configured.
inline constexpr std::string_view forward_active_node = "forward-active-node";

/// Value of `inconsistent`, OpenBao alone: hold the request until the state has arrived. What to do when it
/// has not in time stands in a second field: `fail` or `forward_active_node`.
inline constexpr std::string_view await_state = "await-state";

/// Value of `inconsistent`, OpenBao alone: refuse. Vault refuses without being told.
inline constexpr std::string_view fail = "fail";

/// Value of `forward`.
inline constexpr std::string_view active_node = "active-node";

/// In a refusal of OpenBao and of quotas: seconds to wait (RFC 9110, 10.2.3).
inline constexpr std::string_view retry_after = "Retry-After";

/// In a redirect: where to (RFC 9110, 10.2.2).
inline constexpr std::string_view location = "Location";

/// The credential; some tokens carry an index of their own.
inline constexpr std::string_view token = "X-Vault-Token";

/// In a request: the answer is to be wrapped, and a token for it handed out instead.
inline constexpr std::string_view wrap_ttl = "X-Vault-Wrap-TTL";

/// The credential, as a bearer token.
inline constexpr std::string_view authorization = "Authorization";

} // namespace afterwrite::inline AFTERWRITE_VERSION::field_names
