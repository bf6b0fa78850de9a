// SPDX-License-Identifier: BSL-1.0
// What a caller would notice, whatever its library had promised: the same for all libraries.
#include "clients.hpp"

#include <algorithm>
#include <string>

namespace simulation {

using namespace afterwrite;

void clients::count_answer(operation& one, flight const& got)
{
    auto& who = scopes_[one.scope];
    auto const& id = servers_.at(got.log.seen_from).id;
    if (got.had_in_vain) {
        auto const& need = who.need[id];
        bool const is_in_vain =
            got.had_in_vain->local >= need.local && got.had_in_vain->replicated >= need.replicated;
        report_.seen.held_up += is_in_vain ? 1 : 0;
    }
    bool const is_success = got.answer.status >= 200 && got.answer.status < 300;
    if (!is_success || got.is_altered || !got.executed)
        return;
    cluster::for_each_field(got.answer.fields, "X-Vault-Index", [&](std::string_view text) {
        auto const& meaning = book_.read(text);
        if (meaning.cluster != id)
            return;
        who.written.bind(got.log, *got.executed);
        auto& need = who.need[id];
        need = {std::max(need.local, meaning.where.local),
                std::max(need.replicated, meaning.where.replicated)};
    });
}

void clients::count_end(operation& one)
{
    auto& seen = report_.seen;
    bool const is_delivered = one.last.what == action::deliver;
    seen.unanswered += is_delivered ? 0 : 1;
    if (one.what.writes != 0) {
        seen.writes += one.is_idempotent ? 0 : 1;
        seen.twice += !one.is_idempotent && way_.repetitions_of(one.what.writes) > 0 ? 1 : 0;
        return;
    }
    if (!is_delivered || !one.seen)
        return;
    ++seen.reads;
    seen.lacking += invariant::of_read(*one.seen, one.written.of(one.log)) ? 1 : 0;
    seen.backwards += invariant::of_read(*one.seen, one.shown.of(one.log)) ? 1 : 0;
    seen.backwards_from_found += invariant::of_read(*one.seen, one.found.of(one.log)) ? 1 : 0;
    if (one.is_altered) // nobody could tell
        return;
    scopes_[one.scope].shown.bind(one.log, one.seen->shown);
    if (!one.is_absence)
        scopes_[one.scope].found.bind(one.log, one.seen->shown);
}

} // namespace simulation
