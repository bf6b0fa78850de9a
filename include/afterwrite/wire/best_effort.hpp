// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/json.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/newborn.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <algorithm>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Whether an answer warns that its node has not applied yet what the request has written. Where a node of
/// Vault Enterprise had to let another one write, it waits for that to arrive, two seconds unless
/// `best_effort_wal_wait_duration` says otherwise, and then answers with success all the same. Only the
/// answer's own `warnings` count, not what a secret holds, where they stand in the first `max_inspected_body`
/// bytes; one that is cut behind these words is enough. Vault writes them behind the data: of a longer body
/// the last bytes are searched, where what a secret holds could be taken for them, which costs a fence. The
/// words are looked for as Vault writes them, without escapes, so that other answers cost one search.
/// Source: Vault http/handler.go, `request`.
[[nodiscard]] constexpr bool has_best_effort_warning(std::string_view body) noexcept
{
    constexpr std::string_view words = "Timeout hit while waiting for local replicated cluster";
    static_assert(words.size() <= json_text::capacity);
    if (body.size() > max_inspected_body) {
        auto const tail =
            body.substr(body.size() - std::min(body.size() - max_inspected_body, max_inspected_body));
        auto const key = tail.rfind("\"warnings\"");
        if (key != std::string_view::npos && tail.find(words, key) != std::string_view::npos)
            return true;
    }
    body = body.substr(0, max_inspected_body);
    if (body.find(words) == std::string_view::npos) // the usual case
        return false;
    json_reader json(body);
    if (!detail::find_member(json, "warnings") || !json.take("["))
        return false;
    do {
        json.skip_spaces();
        json_text warning;
        bool const is_text = json.rest().starts_with('"');
        bool const is_whole = is_text ? json.take_string(warning) : json.skip_value();
        if (warning.view().starts_with(words))
            return true;
        if (!is_whole)
            return false;
        json.skip_spaces();
    } while (json.take(","));
    return false;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
