// SPDX-License-Identifier: BSL-1.0
// What an answer says of what was written, and how long a secondary waits with it.
#include "answers.hpp"
#include "state.hpp"

#include <algorithm>
#include <utility>

namespace cluster {

namespace {

// Vault http/handler.go, request.
constexpr std::string_view not_applied_yet =
    "Timeout hit while waiting for local replicated cluster to apply primary's write; this client may "
    "encounter stale reads of values written during this operation.";

} // namespace

outcome model::state::settle(std::size_t node, ready_answer ready, call const& from)
{
    const position wanted{0, ready.done.wrote.replicated};
    auto const wait = set.best_effort_wal_wait_duration;
    if (upstream == nullptr || wait <= nanoseconds{0} ||
        satisfied(ready.server, {{wanted}, {}, false}, from.now)) {
        return finish(node, std::move(ready), from);
    }
    const std::size_t server = ready.server;
    return hold({node, from.asked, server, {{wanted}, {}, false}, from.now + wait, {}, std::move(ready)});
}

outcome model::state::finish(std::size_t node, ready_answer ready, call const& from)
{
    reply& done = ready.done;
    auto& counter = counted[ready.server];
    ++counter.served;
    if (done.read) {
        ++counter.reads;
        counter.stale_reads += done.newest ? 0 : 1;
    }
    outcome result;
    result.answer = std::move(done.answer);
    const position wanted{0, done.wrote.replicated};
    if (upstream != nullptr && !satisfied(ready.server, {{wanted}, {}, false}, from.now)) {
        add_warning(result.answer, request_id(), not_applied_yet);
    }
    add_index(node, ready, result.answer, from.now);
    if (from.asked.method == "HEAD") {
        result.answer.body.clear();
    }
    result.note = {ready.server, ready.forwarded, done.wrote.replicated > 0,
                   done.read,    done.newest,     log.visible(ready.server, from.now)};
    return result;
}

void model::state::add_index(std::size_t node, ready_answer const& from, response& answer, nanoseconds now)
{
    reply const& done = from.done;
    if (answer.status >= 300 || !done.logical || set.cluster_id.empty()) {
        return;
    }
    auto const add = [&](std::string text) { answer.fields.emplace_back("X-Vault-Index", std::move(text)); };
    if (set.speaks == dialect::openbao) {
        if (set.stores == storage::other) {
            return;
        }
        const std::size_t shown = from.forwarded && set.unknown.standby_index_on_forward ? node : from.server;
        const position where =
            set.cached_index_on_answers ? checked_index(shown, now) : log.received(shown, now);
        return add(encode_openbao_index({set.cluster_id, storage_text(set.stores, where.local)}));
    }
    if (!done.modified() || done.raw) {
        return;
    }
    auto const vault = [&](position where) { add(encode_vault_index({set.cluster_id, where}, signer)); };
    const position wrote = done.wrote;
    if (set.unknown.answers == answer_lines::one_for_each_half && wrote.local > 0 && wrote.replicated > 0) {
        vault({wrote.local, 0});
        return vault({0, wrote.replicated});
    }
    // What the request did not write is what the node has (Vault vault/request_handling.go).
    const position here = log.received(from.server, now);
    vault({wrote.local > 0 ? wrote.local : here.local,
           wrote.replicated > 0 ? wrote.replicated : here.replicated});
}

} // namespace cluster
