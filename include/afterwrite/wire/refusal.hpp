// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What an answer refuses, and hence what may be done about it. One status has several meanings: 412 is a
/// stale index, a stale token, or an Agent that misses a field; 429 a stale index, a quota, or the health of
/// a standby.
enum class refusal : std::uint8_t {
    none,           ///< not a refusal of these kinds: an answer, or an error that is the caller's business
    stale_index,    ///< the node lacks the required state; nothing was executed
    stale_token,    ///< the node lacks the state that the token itself demands; nothing was executed
    index_or_token, ///< one of the two above: Vault words both alike; nothing was executed
    presumed_stale, ///< looks like `stale_index`, but no body is at hand that would prove it
    quota,          ///< a rate or lease quota is used up; nothing was executed
    throttled,     ///< a 429 that says no more than that: as likely a proxy's, or a plugin's, as the server's
    health_answer, ///< not a refusal: `sys/health` tells a node's role by its status
    agent_refusal, ///< an Agent or Proxy misses `X-Vault-Request: true`: sending it again is useless
    forwarding_not_allowed,  ///< the server is not configured to forward by a field; nothing was executed
    index_not_understood,    ///< the server cannot read the index that it was sent; nothing was executed
    several_indices_refused, ///< the server takes one index, and was sent several; nothing was executed
    await_not_understood,    ///< the server does not know `await-state`; nothing was executed
    no_active_node,          ///< an election, or a sealed node: nobody can serve it now
    server_error,            ///< another 5xx but 501: whether it was executed is unknown
    other,                   ///< a 412 that none of the above explains, as a plugin's own
};

/// A sentence for people.
[[nodiscard]] constexpr std::string_view to_string(refusal kind) noexcept
{
    switch (kind) {
    case refusal::none: return "The request was answered.";
    case refusal::stale_index: return "The node has not reached the required state yet.";
    case refusal::stale_token: return "The node has not reached the state that the token demands yet.";
    case refusal::index_or_token: return "The node has not reached the required state, or the token's, yet.";
    case refusal::presumed_stale:
        return "The node seems not to have reached the required state yet; no body says so.";
    case refusal::quota: return "A quota of the server is used up.";
    case refusal::throttled: return "Somebody on the way wants fewer requests.";
    case refusal::health_answer: return "The node tells its role by the status of sys/health.";
    case refusal::agent_refusal: return "A Vault Agent or Proxy wants the field X-Vault-Request: true.";
    case refusal::forwarding_not_allowed:
        return "The server is not configured to forward by a request field.";
    case refusal::index_not_understood: return "The server does not understand the index that it was sent.";
    case refusal::several_indices_refused: return "The server takes one index only, and was sent several.";
    case refusal::await_not_understood:
        return "The server does not know how to wait until it has reached the required state.";
    case refusal::no_active_node: return "The cluster has no active node at the moment.";
    case refusal::server_error: return "The server failed; whether it executed the request is unknown.";
    case refusal::other: return "The server refused for a reason that has nothing to do with its state.";
    }
    return "The server refused.";
}

/// The node was behind, or seemed so.
[[nodiscard]] constexpr bool is_stale(refusal kind) noexcept
{
    return kind == refusal::stale_index || kind == refusal::stale_token || kind == refusal::index_or_token ||
           kind == refusal::presumed_stale;
}

/// As much of a body as is ever looked at, in bytes. Vault's refusals are below 200; the rest is room for a
/// proxy that adds words, and a bound for a server that does not stop.
inline constexpr std::size_t max_inspected_body = 4096;

/// What is known of an answer and of the request that it answers.
struct answer_facts {
    int status = 0;
    bool has_retry_after = false;
    std::string_view body{};                 ///< what is at hand of the body; empty if nothing is
    bool asked_health = false;               ///< the request asked `sys/health`, see `is_health_path`
    bool carried_index = false;              ///< the request carried an index
    dialect carried_form = dialect::unknown; ///< and of what dialect
    bool token_may_carry_index = true;       ///< see `may_carry_index`; true if unknown
    bool carried_several = false;            ///< the request carried more than one index
    bool asked_to_await = false;             ///< the request carried `X-Vault-Inconsistent: await-state`
};

/// Whether a Vault token can demand a state of its own: a service token of Vault 1.10 or later. Shorter ones,
/// batch and recovery tokens cannot. Source: Vault vault/version_store.go, `IsSSCToken`.
[[nodiscard]] constexpr bool may_carry_index(std::string_view token) noexcept
{
    constexpr std::size_t shortest = 34; // prefix, 24 random characters, and some for the namespace
    return token.substr(0, 4) == "hvs." && token.size() > shortest;
}

/// Whether a request asks `sys/health`, whose status codes tell a node's role and refuse nothing. A proxy may
/// put something before `/v1/`; what has it twice is a secret of that name.
[[nodiscard]] constexpr bool is_health_path(std::string_view path) noexcept
{
    path = path.substr(0, path.find('?'));
    while (!path.empty() && path.back() == '/')
        path.remove_suffix(1);
    auto const api = path.find("/v1/");
    return api != std::string_view::npos && path.substr(api) == "/v1/sys/health";
}

namespace detail {

/// `{"errors":[]}`, in whatever white space: how OpenBao says that a node is behind. A quota has words.
[[nodiscard]] constexpr bool has_empty_errors(std::string_view body) noexcept
{
    constexpr std::string_view key = "\"errors\"";
    auto at = body.find(key);
    if (at == std::string_view::npos)
        return false;
    at += key.size();
    for (char const expected : std::string_view(":[]")) {
        at = body.find_first_not_of(" \t\r\n", at);
        if (at == std::string_view::npos || body[at] != expected)
            return false;
        ++at;
    }
    return true;
}

[[nodiscard]] constexpr refusal classify_412(answer_facts const& answer, std::string_view body) noexcept
{
    if (body.empty())
        return answer.carried_index ? refusal::presumed_stale : refusal::other;
    if (body.find("missing") != std::string_view::npos &&
        body.find("X-Vault-Request") != std::string_view::npos)
        return refusal::agent_refusal;
    if (body.find("SSCT token referenced a newer index") != std::string_view::npos)
        return refusal::stale_token;
    if (body.find("required index state not present") == std::string_view::npos)
        return refusal::other;
    if (!answer.carried_index)
        return refusal::stale_token;
    return answer.token_may_carry_index ? refusal::index_or_token : refusal::stale_index;
}

/// Only OpenBao says by a 429 that it is behind: with no words at all. A quota has words.
[[nodiscard]] constexpr refusal classify_429(answer_facts const& answer, std::string_view body) noexcept
{
    if (body.find("quota exceeded") != std::string_view::npos)
        return refusal::quota;
    if (!answer.carried_index || answer.carried_form == dialect::vault)
        return refusal::throttled;
    if (has_empty_errors(body))
        return refusal::stale_index;
    return body.empty() && answer.has_retry_after ? refusal::presumed_stale : refusal::throttled;
}

/// A server complains of one field at a time; what it complains of is only believed if it was sent. A body
/// escapes the quotes around a field's name, so the names are looked for without.
[[nodiscard]] constexpr refusal classify_400(answer_facts const& answer, std::string_view body) noexcept
{
    if (body.find("forwarding via header") != std::string_view::npos &&
        body.find("disabled in configuration") != std::string_view::npos)
        return refusal::forwarding_not_allowed;
    bool const is_unknown_value = body.find("unknown value for") != std::string_view::npos ||
                                  body.find("unknown second value for") != std::string_view::npos;
    if (answer.asked_to_await && is_unknown_value &&
        body.find("X-Vault-Inconsistent") != std::string_view::npos)
        return refusal::await_not_understood;
    if (answer.carried_several && body.find("at most one value for") != std::string_view::npos &&
        body.find("X-Vault-Index") != std::string_view::npos)
        return refusal::several_indices_refused;
    if (answer.carried_index && body.find("X-Vault-Index") != std::string_view::npos)
        return refusal::index_not_understood;
    return refusal::none;
}

[[nodiscard]] constexpr bool says_no_active_node(std::string_view body) noexcept
{
    for (std::string_view const words : {"active cluster node not found", "node is not active",
                                         "no active node", "Vault is sealed", "OpenBao is sealed"})
        if (body.find(words) != std::string_view::npos)
            return true;
    return false;
}

} // namespace detail

/// Tells what an answer means. The texts are those of Vault sdk/logical/error.go and http/handler.go, of
/// OpenBao internal/http/index.go, and of Vault's command/agent.go.
[[nodiscard]] constexpr refusal classify(answer_facts const& answer) noexcept
{
    auto const body = answer.body.substr(0, max_inspected_body);
    if (answer.asked_health)
        return answer.status >= 400 ? refusal::health_answer : refusal::none;
    switch (answer.status) {
    case 400: return detail::classify_400(answer, body);
    case 412: return detail::classify_412(answer, body);
    case 429: return detail::classify_429(answer, body);
    case 501: return refusal::none;
    default: break;
    }
    if (answer.status < 500 || answer.status > 599)
        return refusal::none;
    return detail::says_no_active_node(body) ? refusal::no_active_node : refusal::server_error;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
