// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <span>
#include <string_view>

// The answers by which a node refuses, byte for byte as far as they are known. Sources: Vault
// http/handler.go and sdk/logical/error.go; OpenBao internal/http/index.go.

namespace afterwrite::inline AFTERWRITE_VERSION {

/// A field of an answer.
struct answer_field {
    std::string_view name;
    std::string_view value;

    friend constexpr bool operator==(answer_field const&, answer_field const&) noexcept = default;
};

/// An answer that refuses: whoever drives the node sends it as it is. All of it lives as long as the program.
struct refusal_answer {
    int status = 0; ///< 0: nothing is refused
    std::string_view body{};
    std::span<answer_field const> fields{};

    friend constexpr bool operator==(refusal_answer const& a, refusal_answer const& b) noexcept
    {
        return a.status == b.status && a.body == b.body && a.fields.data() == b.fields.data() &&
               a.fields.size() == b.fields.size();
    }
};

namespace detail {

inline constexpr answer_field refusal_fields[] = {
    {"Cache-Control", "no-store"},
    {"Content-Type", "application/json"},
    {"Retry-After", "1"}, // of OpenBao's 429 alone, so it is the last one
};

[[nodiscard]] constexpr refusal_answer refused(int status, std::string_view body,
                                               bool has_retry_after = false) noexcept
{
    return {status, body, std::span(refusal_fields).first(has_retry_after ? 3u : 2u)};
}

} // namespace detail

/// Every refusal of a node that `decide` knows.
namespace refusal_answers {

/// Vault: `X-Vault-Forward` is not empty, and nobody may forward by a field.
inline constexpr auto forward_disabled =
    detail::refused(400, R"({"errors":["forwarding via header X-Vault-Forward disabled in configuration"]})");

/// Vault: `X-Vault-Inconsistent` asks to forward, and nobody may by a field.
inline constexpr auto forward_inconsistent_disabled =
    detail::refused(400, R"({"errors":["forwarding via header X-Vault-Inconsistent=forward-active-node )"
                         R"(disabled in configuration"]})");

/// Vault: the node lacks the state that an index or the token demands.
inline constexpr auto vault_stale =
    detail::refused(412, R"({"errors":["required index state not present"]})");

/// OpenBao: the node lacks the state that the index demands.
inline constexpr auto openbao_stale = detail::refused(429, R"({"errors":[]})", true);

/// OpenBao: the node lacks the state that the token demands. That it is 412 and not 403 is what its docs
/// say; what 2.7 does was not seen.
inline constexpr auto openbao_stale_token =
    detail::refused(412, R"({"errors":["SSCT token referenced a newer index than present locally"]})");

/// OpenBao: more than one line of an index.
inline constexpr auto several_indices =
    detail::refused(400, R"({"errors":["expected at most one value for \"X-Vault-Index\""]})");

/// OpenBao: the index is not base64 of JSON. That it is 400 is known, its words are not.
inline constexpr auto unreadable_index =
    detail::refused(400, R"({"errors":["failed to decode \"X-Vault-Index\" header"]})");

/// OpenBao: more than two lines.
inline constexpr auto several_inconsistent =
    detail::refused(400, R"({"errors":["expected at most two values for \"X-Vault-Inconsistent\""]})");

/// OpenBao: a line after `fail`.
inline constexpr auto fail_with_more = detail::refused(
    400, R"({"errors":["X-Vault-Inconsistent=fail cannot be used with more than one value"]})");

/// OpenBao: a line after `forward-active-node`.
inline constexpr auto forward_with_more = detail::refused(
    400,
    R"({"errors":["X-Vault-Inconsistent=forward-active-node cannot be used with more than one value"]})");

/// OpenBao: another word after `await-state` than the two above.
inline constexpr auto unknown_second = detail::refused(
    400, R"({"errors":["unknown second value for \"X-Vault-Inconsistent\": must either be \"fail\" or )"
         R"(\"forward-active-node\""]})");

/// OpenBao: another first word, or an empty one.
inline constexpr auto unknown_first =
    detail::refused(400, R"({"errors":["unknown value for \"X-Vault-Inconsistent\" header"]})");

} // namespace refusal_answers

} // namespace afterwrite::inline AFTERWRITE_VERSION
