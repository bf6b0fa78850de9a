// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/result.hpp>
#include <afterwrite/state/opaque_index.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/state/wal_state.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/openbao_index.hpp>
#include <afterwrite/wire/vault_index.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Calls `visit(std::string_view)` for each index in the value of one field. Stacks hand over several fields
/// of one name either one by one or joined with commas (RFC 9110, 5.3); base64 has no comma, so both read
/// alike. Empty members are passed over.
template <class Visit>
constexpr void for_each_index(std::string_view field_value, Visit&& visit)
{
    auto const is_blank = [](char c) { return c == ' ' || c == '\t'; };
    std::size_t begin = 0;
    while (begin <= field_value.size()) {
        std::size_t const end = std::min(field_value.find(',', begin), field_value.size());
        std::size_t first = begin;
        std::size_t last = end;
        while (first < last && is_blank(field_value[first]))
            ++first;
        while (last > first && is_blank(field_value[last - 1]))
            --last;
        if (first < last)
            visit(field_value.substr(first, last - first));
        begin = end + 1;
    }
}

/// Whether an index may be sent in a field of its own: short enough, and nothing but visible ASCII without a
/// comma. So no received text can end a field, begin another one, or become two.
[[nodiscard]] constexpr bool is_sendable(std::string_view index) noexcept
{
    if (index.empty() || index.size() > max_index_size)
        return false;
    for (char const c : index)
        if (c < '!' || c > '~' || c == ',')
            return false;
    return true;
}

/// Whether a text that `decode_index` refused may well be an index, but one past a bound of ours.
[[nodiscard]] constexpr bool is_past_bound(std::string_view text, decode_error why) noexcept
{
    return why == decode_error::cluster_too_long || why == decode_error::value_too_long ||
           (why == decode_error::too_long && dialect_of(text) != dialect::unknown);
}

/// What one index says, whichever server wrote it.
struct decoded_index {
    dialect form = dialect::unknown;
    wal_state vault;      ///< meant if `form` is vault
    opaque_index openbao; ///< meant if `form` is openbao

    [[nodiscard]] constexpr cluster_id const& cluster() const noexcept
    {
        return form == dialect::openbao ? openbao.cluster : vault.cluster;
    }

    /// Where it stands in the cluster's history: of OpenBao, `{number, 0}`; none if that has no order.
    [[nodiscard]] constexpr std::optional<wal_position> position() const noexcept
    {
        if (form == dialect::vault)
            return vault.position;
        auto const number = openbao.number();
        return number ? std::optional(wal_position{*number, 0}) : std::nullopt;
    }
};

/// Reads one index (one member of a field, see `for_each_index`). Errors: those of its dialect;
/// `decode_error::too_long` and `decode_error::unsafe_bytes` for what may never be sent again;
/// `decode_error::unknown_form` for a text that may, but is of neither dialect.
[[nodiscard]] constexpr result<decoded_index, decode_error> decode_index(std::string_view index) noexcept
{
    if (index.size() > max_index_size)
        return unexpected(decode_error::too_long);
    auto const fail = [index](decode_error why) {
        return unexpected(is_sendable(index) ? why : decode_error::unsafe_bytes);
    };
    decoded_index decoded; // what decodes is base64, hence sendable
    decoded.form = dialect_of(index);
    if (decoded.form == dialect::vault) {
        auto const state = decode_vault_index(index);
        if (!state)
            return fail(state.error());
        decoded.vault = *state;
        return decoded;
    }
    auto const opaque = decode_openbao_index(index);
    if (!opaque && decoded.form == dialect::openbao)
        return fail(opaque.error());
    if (!opaque) // JSON may begin with white space: only what is no OpenBao index either is of no known form
        return fail(decode_error::unknown_form);
    decoded.form = dialect::openbao;
    decoded.openbao = *opaque;
    return decoded;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
