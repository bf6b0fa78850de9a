// SPDX-License-Identifier: BSL-1.0
#include "spoil.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace simulation {

using namespace std::chrono_literals;

void spoil(sabotage by, cluster::request& asked, text_set const& received, std::string_view believed,
           index_book& book)
{
    auto& fields = asked.fields;
    auto const is_index = [](auto const& field) { return field.first == "X-Vault-Index"; };
    if (by == sabotage::invents_texts)
        fields.emplace_back("X-Vault-Index", "djE6bm9ib2R5OjE6MTo="); // v1:nobody:1:1:
    if (by == sabotage::leaves_out_texts)
        std::erase_if(fields, is_index);
    if (by != sabotage::confuses_clusters || believed.empty())
        return;
    auto const& all = book.all();
    auto const other = std::find_if(all.begin(), all.end(), [&](auto const* text) {
        return received.contains(*text) && text->is_known && text->cluster != believed;
    });
    if (other != all.end())
        fields.emplace_back("X-Vault-Index", (*other)->text);
}

void spoil(sabotage by, scope& who, std::string_view said, afterwrite::time_point now)
{
    if (by == sabotage::merges_texts)
        who.with([&](auto& session) { session.record(said, now); });
}

void spoil(sabotage by, scope& who)
{
    if (by == sabotage::forgets_logins)
        who.with([](auto& session) { session.clear(); });
}

void spoil(sabotage by, afterwrite::replication_view& view, afterwrite::time_point now)
{
    if (by == sabotage::opens_breakers)
        view.nodes().for_each([&](auto& node) {
            while (!node.guard.is_open())
                node.guard.escalated(now, 0);
        });
}

void spoil(sabotage by, afterwrite::recorded& what)
{
    if (by == sabotage::sees_epochs)
        what.regressed = 1;
    if (by == sabotage::misses_epochs)
        what.regressed = 0;
    if (by == sabotage::keeps_old_answers)
        what.kept += std::exchange(what.outdated, 0);
}

void spoil(sabotage by, afterwrite::step& next, afterwrite::time_point now)
{
    using afterwrite::action;
    using afterwrite::reason;
    if (by == sabotage::outwaits && !next.is_final())
        next.not_before = now + 1h;
    if (by == sabotage::dawdles && !next.is_final())
        next.not_before = now + 3s;
    if (by == sabotage::repeats_lost && next.why == reason::outcome_unknown)
        next = {.what = action::send_again, .not_before = now, .why = reason::repeating};
}

} // namespace simulation
