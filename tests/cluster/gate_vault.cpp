// SPDX-License-Identifier: BSL-1.0
// Vault's headers: http/handler.go (forwardBasedOnHeaders, handleRequestForwarding) and
// http/logical.go (MissingRequiredState, before the token is looked at).
#include "answers.hpp"
#include "state.hpp"
#include "target.hpp"

namespace cluster {

namespace {

constexpr std::string_view forward_to_active = "forward-active-node";

bool covers(position have, position wanted)
{
    return have.local >= wanted.local && have.replicated >= wanted.replicated;
}

verdict disabled(std::string_view what)
{
    return {verdict::kind::answer,
            error_answer(400, "forwarding via header " + std::string(what) + " disabled in configuration"),
            {}};
}

} // namespace

demand model::state::vault_demand(call const& from)
{
    demand wanted;
    bool const any = set.unknown.lines == several_lines::any_of;
    bool missing = false;
    for (auto const& [name, value] : from.asked.fields) {
        if (!same_name(name, "X-Vault-Index")) {
            continue;
        }
        auto const& index = vault_indices.of(
            value, [this](std::string_view text) { return decode_vault_index(text, &signer).index; });
        if (index && index->cluster == set.cluster_id) {
            auto where = index->where;
            if (upstream == nullptr && !set.unknown.primary_checks_replicated) {
                where.replicated = 0;
            }
            (any ? wanted.any : wanted.all).push_back(where);
            continue;
        }
        auto const rule = index ? set.unknown.foreign_cluster : set.unknown.malformed;
        if (rule == unusable_line::ends_check) {
            return {};
        }
        missing = missing || rule == unusable_line::missing;
    }
    wanted.never = missing && wanted.any.empty();
    return wanted;
}

bool model::state::satisfied(std::size_t node, demand const& wanted, nanoseconds now)
{
    if (wanted.never) {
        return false;
    }
    if (wanted.all.empty() && wanted.any.empty()) {
        return true;
    }
    const position have = log.received(node, now);
    for (const position each : wanted.all) {
        if (!covers(have, each)) {
            return false;
        }
    }
    bool one = wanted.any.empty();
    for (const position each : wanted.any) {
        one = one || covers(have, each);
    }
    return one;
}

verdict model::state::gate_vault(std::size_t node, call& from, std::optional<nanoseconds> deadline)
{
    auto const& fields = from.asked.fields;
    auto const always = field_or_empty(fields, "X-Vault-Forward");
    const demand wanted = vault_demand(from);
    bool forward = false;
    if (!always.empty()) {
        if (!set.allow_forwarding_via_header) {
            return disabled("X-Vault-Forward");
        }
        forward = always == "active-node"; // any other value: neither this nor X-Vault-Inconsistent counts
    } else if (field_or_empty(fields, "X-Vault-Inconsistent") == forward_to_active) {
        if (!set.allow_forwarding_via_header) {
            return disabled("X-Vault-Inconsistent=forward-active-node");
        }
        forward = !satisfied(node, wanted, from.now);
    }
    const role own = role_of(node, from.now);
    forward = forward || own == role::plain_standby || always_redirected(from.path);
    if (forward && own != role::active) {
        return {verdict::kind::forward, {}, {}};
    }
    if (auto bad = take_in(from)) {
        return {verdict::kind::answer, std::move(*bad), {}};
    }
    bool const checks = own != role::active || set.unknown.active_checks_index;
    bool const asks = checks && find_field(fields, "X-Vault-Index") != nullptr;
    for (auto const& each : set.syncing) {
        if (asks && from.now >= each.from && from.now < each.to) {
            demanded = {};
            demanded.never = true;
            return {verdict::kind::hold, {}, each.to};
        }
    }
    if (!checks || satisfied(node, wanted, from.now)) {
        return {};
    }
    const nanoseconds end = deadline.value_or(from.now + set.unknown.hold_before_412);
    if (from.now < end) {
        demanded = wanted;
        return {verdict::kind::hold, {}, end};
    }
    ++counted[node].refused;
    return {verdict::kind::answer, error_answer(412, "required index state not present"), {}};
}

} // namespace cluster
