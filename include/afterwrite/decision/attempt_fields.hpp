// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/decision/transitions.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/field_names.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What one attempt says, in the dialect of the node that gets it.
struct attempt_fields {
    stage at = stage::ask;
    dialect form = dialect::unknown;

    /// Of `stage::active`: ask for the active node by a field. If not, the request goes to its address.
    bool by_field = false;

    /// The server takes several indices, where there are several.
    bool takes_several = true;
};

/// How many lines an attempt's fields take at most, for who keeps them in a place of their own.
inline constexpr std::size_t max_attempt_lines =
    std::size_t{required_states::max_clusters} * cluster_demand::max_texts + 3;

namespace detail {

template <request_message M>
void set_or_remove(M& request, std::string_view name, std::span<std::string_view const> values)
{
    if (values.empty())
        message_traits<M>::remove(request, name);
    else
        message_traits<M>::set(request, name, values);
}

template <request_message M>
void set_several_indices(M& request, required_states const& required)
{
    std::array<std::string_view, max_attempt_lines> texts;
    std::size_t count = 0;
    required.for_each([&](std::string_view text) { texts[count++] = text; });
    message_traits<M>::set(request, field_names::index, std::span(texts).first(count));
}

inline constexpr std::string_view only_fail[] = {field_names::fail};
inline constexpr std::string_view await_or_fail[] = {field_names::await_state, field_names::fail};
inline constexpr std::string_view only_forward[] = {field_names::forward_active_node};
inline constexpr std::string_view active_node[] = {field_names::active_node};

/// The values of `X-Vault-Inconsistent`. They mean something beside an index alone: without one it would
/// decide nothing on Vault, and on OpenBao it would allow the node to answer from what it has.
[[nodiscard]] constexpr std::span<std::string_view const>
inconsistent_values(attempt_fields const& fields) noexcept
{
    switch (fields.at) {
    case stage::ask:
    case stage::lagging:
        if (fields.form == dialect::openbao)
            return {only_fail, 1};
        break; // Vault refuses without being told
    case stage::hold: return {await_or_fail, 2};
    case stage::forward: return {only_forward, 1};
    case stage::active:
        if (fields.form == dialect::openbao)
            return {only_forward, 1}; // if it is active no more, it knows who is
        break;
    }
    return {};
}

} // namespace detail

/// Writes the fields of an attempt. All three are set or removed, so that nothing of an earlier attempt
/// stays.
template <request_message M>
void set_attempt_fields(M& request, required_states const& required, attempt_fields const& fields)
{
    std::string_view last; // nearly always the only one
    std::size_t count = 0;
    required.for_each([&](std::string_view text) {
        last = text;
        ++count;
    });
    // Where one is all that can be sent, the request goes to the active node. That has every local write; so
    // the last text is worth most: the greatest replicated position, or the newest OpenBao value.
    if (count > 1 && fields.form != dialect::openbao && fields.takes_several && repeats_fields<M>)
        detail::set_several_indices(request, required);
    else
        detail::set_or_remove(request, field_names::index, std::span(&last, count > 0 ? 1 : 0));

    using values = std::span<std::string_view const>;
    detail::set_or_remove(request, field_names::inconsistent,
                          count > 0 ? detail::inconsistent_values(fields) : values{});
    detail::set_or_remove(request, field_names::forward,
                          fields.at == stage::active && fields.by_field ? values(detail::active_node, 1)
                                                                        : values{});
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
