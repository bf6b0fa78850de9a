// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/node_view.hpp>
#include <afterwrite/decision/refusal_answer.hpp>
#include <afterwrite/decision/requirement.hpp>
#include <afterwrite/decision/ruling.hpp>
#include <afterwrite/policy/node_settings.hpp>
#include <afterwrite/state/opaque_index.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/consistent_token.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

namespace detail {

using held_until = std::optional<time_point>;

[[nodiscard]] constexpr ruling serve_here(ruling_reason why) noexcept { return {verdict::serve, why}; }

[[nodiscard]] constexpr ruling refuse_with(refusal_answer const& answer,
                                           ruling_reason why = ruling_reason::bad_fields) noexcept
{
    return {.what = verdict::refuse, .why = why, .answer = answer};
}

/// Vault: what becomes of a request for its index lines. All of them count (which Vault's own clients
/// assume, too), and one that cannot be used is one that is not reached.
[[nodiscard]] constexpr ruling_reason judge_vault_index(requirement const& asked,
                                                        node_view const& node) noexcept
{
    if (asked.index_lines == 0)
        return ruling_reason::nothing_required;
    if (asked.has_unusable_line || asked.vault.cluster != node.cluster)
        return ruling_reason::unusable_index;
    return asked.vault.position <= node.position ? ruling_reason::reached : ruling_reason::not_reached;
}

[[nodiscard]] constexpr bool is_lacking(ruling_reason why) noexcept
{
    return why == ruling_reason::not_reached || why == ruling_reason::unusable_index;
}

[[nodiscard]] constexpr ruling forward_vault(requirement const& asked, node_view const& node,
                                             ruling_reason why) noexcept
{
    auto const index = judge_vault_index(asked, node);
    bool const lags_behind_primary = index == ruling_reason::not_reached &&
                                     node.replication == cluster_role::secondary &&
                                     asked.vault.position.replicated > node.position.replicated;
    return {.what = verdict::forward_to_active,
            .why = why,
            .by_redirect = asked.refuses_forwarding && node.role != node_role::performance_standby,
            .active_may_lack_it = lags_behind_primary || index == ruling_reason::unusable_index};
}

/// The number of an OpenBao index as this node's storage reads it; none if it cannot.
[[nodiscard]] constexpr std::optional<std::uint64_t> openbao_number(opaque_index index,
                                                                    node_storage storage) noexcept
{
    index.has_unknown_fields = false; // to the server they do not matter
    bool const is_lsn = index.value.view().find('/') != std::string_view::npos;
    bool const is_read = storage == (is_lsn ? node_storage::postgresql : node_storage::raft);
    return is_read ? index.number() : std::nullopt;
}

/// Whether the node checks the index of tokens and has not come so far (Vault's `checkSSCTokenInternal`).
[[nodiscard]] constexpr bool lacks_token_state(requirement const& asked, node_view const& node) noexcept
{
    auto const& token = asked.token;
    bool const is_openbao = node.form == dialect::openbao;
    if (!token || (token->form == dialect::openbao) != is_openbao || node.role == node_role::standby)
        return false;
    auto const storage = node.settings.storage;
    bool const is_checked =
        is_openbao ? openbao_number({.value = token->local_index}, storage).has_value()
                   : storage == node_storage::raft || node.role != node_role::performance_standby;
    return is_checked && explains_412(*token, node.position.local, node.token_epoch);
}

[[nodiscard]] constexpr ruling decide_vault_token(requirement const& asked, node_view const& node,
                                                  ruling_reason otherwise) noexcept
{
    if (!lacks_token_state(asked, node))
        return serve_here(otherwise);
    if (node.role == node_role::performance_standby && node.settings.allow_forwarding_via_token)
        return forward_vault(asked, node, ruling_reason::token_not_reached);
    if (asked.is_login)
        return serve_here(otherwise);
    return refuse_with(refusal_answers::vault_stale, ruling_reason::token_not_reached);
}

[[nodiscard]] constexpr ruling decide_vault(requirement const& asked, node_view const& node,
                                            held_until held) noexcept
{
    if (asked.asks_node)
        return serve_here(ruling_reason::nothing_required);
    auto const index = judge_vault_index(asked, node);
    bool const may_ask = node.settings.allow_forwarding_via_header;
    std::optional<ruling_reason> forward;
    if (asked.forward != forward_word::absent) { // whatever it says, the other field is not looked at
        if (!may_ask)
            return refuse_with(refusal_answers::forward_disabled);
        if (asked.forward == forward_word::active_node)
            forward = ruling_reason::asked_for_active;
    } else if (asked.inconsistent[0] == inconsistent_word::forward_active_node) {
        if (!may_ask)
            return refuse_with(refusal_answers::forward_inconsistent_disabled);
        if (is_lacking(index))
            forward = index;
    }
    if (forward && node.role != node_role::active)
        return forward_vault(asked, node, *forward);
    if (node.role == node_role::standby)
        return forward_vault(asked, node, ruling_reason::serves_no_requests);

    if (!is_lacking(index))
        return decide_vault_token(asked, node, index);
    auto const until = held.value_or(later(node.now, node.settings.hold_before_412));
    if (index == ruling_reason::not_reached && node.now < until)
        return {.what = verdict::await_state, .why = index, .until = until, .awaited = asked.vault.position};
    return refuse_with(refusal_answers::vault_stale, index);
}

/// OpenBao: what stands against the request whatever the node is, in the order of its checks.
[[nodiscard]] constexpr refusal_answer check_openbao_fields(requirement const& asked) noexcept
{
    if (asked.index_lines > 1)
        return refusal_answers::several_indices;
    if (asked.reading == openbao_reading::unreadable)
        return refusal_answers::unreadable_index;
    if (asked.inconsistent_lines > 2)
        return refusal_answers::several_inconsistent;
    if (asked.inconsistent_lines == 0)
        return {};
    auto const [first, second] = asked.inconsistent;
    switch (first) {
    case inconsistent_word::fail:
        return asked.inconsistent_lines > 1 ? refusal_answers::fail_with_more : refusal_answer{};
    case inconsistent_word::forward_active_node:
        return asked.inconsistent_lines > 1 ? refusal_answers::forward_with_more : refusal_answer{};
    case inconsistent_word::await_state:
        return second == inconsistent_word::await_state || second == inconsistent_word::other
                   ? refusal_answers::unknown_second
                   : refusal_answer{};
    case inconsistent_word::none:
    case inconsistent_word::other: break;
    }
    return refusal_answers::unknown_first;
}

[[nodiscard]] constexpr ruling forward_openbao(requirement const& asked, ruling_reason why) noexcept
{
    return {.what = verdict::forward_to_active, .why = why, .by_redirect = asked.refuses_forwarding};
}

/// The index lets it pass: a node that serves no reads hands it on, another one looks at the token.
[[nodiscard]] constexpr ruling pass_openbao(requirement const& asked, node_view const& node,
                                            ruling_reason why) noexcept
{
    if (node.role == node_role::standby)
        return forward_openbao(asked, ruling_reason::serves_no_requests);
    if (!asked.is_login && !asked.asks_node && lacks_token_state(asked, node))
        return refuse_with(refusal_answers::openbao_stale_token, ruling_reason::token_not_reached);
    return serve_here(why);
}

[[nodiscard]] constexpr ruling decide_openbao(requirement const& asked, node_view const& node,
                                              held_until held) noexcept
{
    if (auto const bad = check_openbao_fields(asked); bad.status != 0)
        return refuse_with(bad);
    bool const is_past_bound = asked.reading == openbao_reading::past_bound;
    bool const is_own = asked.openbao.cluster == node.cluster || node.cluster.empty();
    bool const is_usable = is_past_bound || (asked.reading == openbao_reading::readable && is_own);
    if (!is_usable || node.role == node_role::active) {
        bool const is_old_client = node.role != node_role::active && asked.inconsistent_lines == 0;
        if (is_old_client && node.settings.consistency_missing_header_forward)
            return forward_openbao(asked, ruling_reason::without_index);
        return pass_openbao(asked, node,
                            is_usable ? ruling_reason::reached : ruling_reason::nothing_required);
    }
    if (node.settings.storage == node_storage::other)
        return pass_openbao(asked, node, ruling_reason::not_comparable);

    auto const wanted = is_past_bound ? std::nullopt : openbao_number(asked.openbao, node.settings.storage);
    bool const awaits = asked.inconsistent[0] == inconsistent_word::await_state;
    if (wanted && *wanted <= node.position.local)
        return pass_openbao(asked, node, ruling_reason::reached);
    if (!wanted && !is_past_bound && !awaits)
        return pass_openbao(asked, node, ruling_reason::not_comparable);
    auto const why = wanted ? ruling_reason::not_reached : ruling_reason::unusable_index;
    auto const until = held.value_or(later(node.now, node.settings.index_wait()));
    if (awaits && node.now < until)
        return {.what = verdict::await_state,
                .why = why,
                .until = until,
                .awaited = wanted ? wal_position{*wanted, 0} : unreachable_position};
    auto const last = asked.inconsistent[awaits ? 1 : 0];
    bool const by_default = awaits && last == inconsistent_word::none &&
                            node.settings.consistency_fallback_behavior == after_await::forward_active_node;
    if (last == inconsistent_word::forward_active_node || by_default)
        return forward_openbao(asked, why);
    return refuse_with(refusal_answers::openbao_stale, why);
}

} // namespace detail

/// Decides what a node does with a request, before it looks at who asks and for what: as Vault Enterprise
/// and OpenBao do it, for a gateway or cache that stands in their place. Pure; allocates nothing.
///
/// A request that is held (`await_state`) is decided again by the other overload. What only the request's
/// execution shows is not decided here: writes, uses of a limited token and paths of the active node alone,
/// which a standby forwards; what a token may do.
///
/// What nobody outside knows of Vault Enterprise is assumed to be so, each time the strictest:
/// - all lines of an index must be reached; one of another cluster, malformed, or (where the key is known)
///   not signed by this one counts as not reached, on the active node too;
/// - the active node refuses an index beyond its own log;
/// - `replicated` is compared on a primary too: one that was a secondary must tell what it had then;
/// - a node that lacks the state refuses at once, unless `hold_before_412` is set; one that no node can have
///   is never waited for;
/// - a token's index is looked at after the fields, so what they ask for comes first.
/// Of OpenBao 2.7 it is assumed that the fields are checked in the order index, then `X-Vault-Inconsistent`,
/// and that a token's index is refused by 412, by the active node too. That one never checks another index,
/// and a standby serves what its storage cannot compare: so do these.
[[nodiscard]] constexpr ruling decide(requirement const& asked, node_view const& node) noexcept
{
    return node.form == dialect::openbao ? detail::decide_openbao(asked, node, std::nullopt)
                                         : detail::decide_vault(asked, node, std::nullopt);
}

/// Decides once more, with what the node is now, on a request that was held until `held_until` at most: the
/// `until` of its first ruling.
[[nodiscard]] constexpr ruling decide(requirement const& asked, node_view const& node,
                                      time_point held_until) noexcept
{
    return node.form == dialect::openbao ? detail::decide_openbao(asked, node, held_until)
                                         : detail::decide_vault(asked, node, held_until);
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
