// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/field_names.hpp>

#include <string_view>

// What a proxy reads off its client's request before it touches it.

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The token of a request, which is what tells callers of a proxy apart; empty if it has none. As the servers
/// read it: the first `X-Vault-Token`, or if that is empty, the first `Authorization` that is a bearer token.
/// Refers to the message, and is no more valid once that is changed.
template <message M>
[[nodiscard]] constexpr std::string_view token_of(M const& request)
{
    std::string_view token;
    bool is_first = true;
    message_traits<M>::for_each(request, field_names::token, [&](std::string_view value) {
        if (is_first)
            token = value;
        is_first = false;
    });
    if (!token.empty())
        return token;
    message_traits<M>::for_each(request, field_names::authorization, [&token](std::string_view value) {
        constexpr std::string_view scheme = "Bearer ";
        if (!token.empty() || !value.starts_with(scheme))
            return;
        token = value.substr(scheme.size());
        while (token.starts_with(' '))
            token.remove_prefix(1);
    });
    return token;
}

/// Whether a client says itself what its answer must show, or which node is to answer: by `X-Vault-Index`,
/// `X-Vault-Inconsistent` or `X-Vault-Forward`. An empty field counts as absent. (Vault Agent looks at the
/// first line of a name alone. Behind an empty one it would not see an index, which its client relies on.)
template <message M>
[[nodiscard]] constexpr bool has_own_fields(M const& request)
{
    bool has_own = false;
    auto const look = [&has_own](std::string_view value) { has_own = has_own || !value.empty(); };
    message_traits<M>::for_each(request, field_names::index, look);
    message_traits<M>::for_each(request, field_names::inconsistent, look);
    message_traits<M>::for_each(request, field_names::forward, look);
    return has_own;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
