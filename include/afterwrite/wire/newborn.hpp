// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/json.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <string_view>

// An answer can bring a new identity into being: a login, the creation of a token, a wrapped answer. Its
// index is what the *new* token must be able to see, whoever asked: else the next node does not know the
// token yet and answers 403.

namespace afterwrite::inline AFTERWRITE_VERSION {

namespace detail {

/// Takes an object's members up to the one of this name: the reader stands before its value then. Whether
/// there is one.
[[nodiscard]] constexpr bool find_member(json_reader& json, std::string_view name) noexcept
{
    json.skip_spaces();
    if (!json.take("{"))
        return false;
    json_text found;
    do {
        if (!json.take_name(found))
            return false;
        if (found.view() == name && found.size() == name.size())
            return true;
        if (!json.skip_value())
            return false;
    } while (json.take(","));
    return false;
}

/// A string that needs no escapes, as no token does, without its quotes; empty if there is none.
[[nodiscard]] constexpr std::string_view plain_string(std::string_view json) noexcept
{
    if (json.empty() || json.front() != '"')
        return {};
    auto const text = json.substr(1, json.find('"', 1) - 1);
    bool const is_whole = json.size() > text.size() + 1;
    return is_whole && text.find('\\') == text.npos ? text : std::string_view{};
}

[[nodiscard]] constexpr std::string_view member_of(std::string_view body, std::string_view object,
                                                   std::string_view name) noexcept
{
    json_reader json(body);
    bool const is_there = find_member(json, object) && find_member(json, name);
    return is_there ? plain_string(json.rest()) : std::string_view{};
}

} // namespace detail

/// The token that an answer brings into being: `auth.client_token`, or `wrap_info.token` where the answer is
/// wrapped. Empty if there is none in the first `max_inspected_body` bytes. (Vault api/secret.go)
[[nodiscard]] constexpr std::string_view find_newborn(std::string_view body) noexcept
{
    body = body.substr(0, max_inspected_body);
    auto const token = detail::member_of(body, "wrap_info", "token");
    return !token.empty() ? token : detail::member_of(body, "auth", "client_token");
}

/// Whether what is at hand of an answer's body may hide a token: it is not whole, or not at hand at all.
[[nodiscard]] constexpr bool may_hide_newborn(int status, std::string_view body) noexcept
{
    return status != 204 && !json_reader(body.substr(0, max_inspected_body)).skip_value();
}

/// Whether a request's target is one of those whose answers make tokens: a login of an auth method, or its
/// callback; a token creation; wrapping. Mounts and namespaces are named as their owners like, so this looks
/// at what Vault itself names.
[[nodiscard]] constexpr bool is_birth_path(std::string_view path) noexcept
{
    path = path.substr(0, path.find('?'));
    for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
        auto const rest = path.substr(slash + 1);
        if (rest.starts_with("sys/wrapping/") || rest.starts_with("sys/mfa/validate"))
            return true;
        if (!rest.starts_with("auth/"))
            continue;
        for (std::string_view const word : {"/login", "/callback", "/poll", "/saml/token", "/token/create"})
            if (rest.find(word) != rest.npos)
                return true;
    }
    return false;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
