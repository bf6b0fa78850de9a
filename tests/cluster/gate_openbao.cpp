// SPDX-License-Identifier: BSL-1.0
// OpenBao's headers: internal/http/index.go, which stands before the token and before every path.
#include "answers.hpp"
#include "state.hpp"
#include "target.hpp"

#include <algorithm>

namespace cluster {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view fail = "fail";
constexpr std::string_view forward_to_active = "forward-active-node";
constexpr std::string_view await_state = "await-state";

constexpr nanoseconds least_wait = 25ms;  // OpenBao internal/http/index.go; its docs add it, see below
constexpr nanoseconds longest_wait = 60s; // OpenBao internal/vault/storage_index.go, Await

verdict bad_request(std::string_view text) { return {verdict::kind::answer, error_answer(400, text), {}}; }

/// What X-Vault-Inconsistent asks for, or the sentence of the 400.
struct behaviour {
    bool given = false;
    bool await = false;
    bool forward = false;
    std::string error;
};

behaviour read_behaviour(std::vector<std::string_view> const& lines, std::string_view fallback)
{
    behaviour wanted;
    wanted.given = !lines.empty();
    if (lines.size() > 2) {
        wanted.error = "expected at most two values for \"X-Vault-Inconsistent\"";
        return wanted;
    }
    if (lines.empty()) {
        return wanted;
    }
    auto const first = lines.front();
    if (first == fail || first == forward_to_active) {
        wanted.forward = first == forward_to_active;
        if (lines.size() > 1) {
            wanted.error =
                "X-Vault-Inconsistent=" + std::string(first) + " cannot be used with more than one value";
        }
        return wanted;
    }
    if (first != await_state) {
        wanted.error = "unknown value for \"X-Vault-Inconsistent\" header";
        return wanted;
    }
    auto const second = lines.size() == 2 ? lines[1] : (fallback.empty() ? fail : fallback);
    wanted.await = true;
    wanted.forward = second == forward_to_active;
    if (!wanted.forward && second != fail) {
        wanted.error = "unknown second value for \"X-Vault-Inconsistent\": must either be \"fail\" or "
                       "\"forward-active-node\"";
    }
    return wanted;
}

nanoseconds await_time(settings const& set)
{
    const nanoseconds wanted = set.consistency_max_index_wait;
    return set.unknown.await_adds_floor ? std::min(wanted + least_wait, longest_wait)
                                        : std::clamp(wanted, least_wait, longest_wait);
}

} // namespace

position model::state::checked_index(std::size_t node, nanoseconds now)
{
    auto& kept = cached[node];
    if (kept.at < nanoseconds{0} || now - kept.at >= set.index_cache_age) {
        kept = {now, log.received(node, now)};
    }
    return kept.where;
}

verdict model::state::gate_openbao(std::size_t node, call& from, std::optional<nanoseconds> deadline)
{
    auto const lines = all_fields(from.asked.fields, "X-Vault-Index");
    if (lines.size() > 1) {
        return bad_request("expected at most one value for \"X-Vault-Index\"");
    }
    auto const& decoded =
        openbao_indices.of(lines.empty() ? std::string_view{} : lines.front(), decode_openbao_index);
    if (!decoded.error.empty()) {
        return bad_request("failed to decode \"X-Vault-Index\" header: " + decoded.error);
    }
    auto const asked = read_behaviour(all_fields(from.asked.fields, "X-Vault-Inconsistent"),
                                      set.consistency_fallback_behavior);
    if (!asked.error.empty()) {
        return bad_request(asked.error);
    }
    const role own = role_of(node, from.now);
    // A node that serves no reads hands on whatever passed the check.
    bool const elsewhere = own == role::plain_standby || always_redirected(from.path);
    auto const here = elsewhere && own != role::active ? verdict::kind::forward : verdict::kind::serve;
    auto const& index = decoded.index;
    bool const usable = index && index->cluster == set.cluster_id && !index->value.empty();
    if (!usable || own == role::active) {
        bool const old_client = own != role::active && !asked.given;
        return {old_client && set.consistency_missing_header_forward ? verdict::kind::forward : here, {}, {}};
    }
    auto const wanted = parse_storage_text(set.stores, index->value);
    // A value that cannot be compared counts as seen, unless the client would wait for it.
    // One that has waited is woken by the index itself and not by a look at the cached one.
    const position have = deadline ? log.received(node, from.now) : checked_index(node, from.now);
    bool const seen = set.stores == storage::other || (wanted ? have.local >= *wanted : !asked.await);
    if (seen) {
        return {here, {}, {}};
    }
    const nanoseconds end = deadline.value_or(from.now + await_time(set));
    if (asked.await && from.now < end) {
        demanded = {};
        demanded.never = !wanted;
        demanded.all.push_back({wanted.value_or(0), 0});
        return {verdict::kind::hold, {}, end};
    }
    if (asked.forward) {
        return {verdict::kind::forward, {}, {}};
    }
    ++counted[node].refused;
    response answer = error_answer(429);
    answer.fields.emplace_back("Retry-After", "1");
    return {verdict::kind::answer, std::move(answer), {}};
}

} // namespace cluster
