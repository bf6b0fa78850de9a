// SPDX-License-Identifier: BSL-1.0
#include "invariants.hpp"

#include <afterwrite/wire/dialect.hpp>

#include <algorithm>
#include <utility>

namespace simulation::invariant {

namespace {

constexpr std::string_view index_field = "X-Vault-Index";

std::string text_of(version const& where)
{
    return std::to_string(where.epoch) + ":" + std::to_string(where.position);
}

std::string text_of(cluster::position const& where)
{
    return "(" + std::to_string(where.local) + "," + std::to_string(where.replicated) + ")";
}

/// Whether f(node_knowledge const&) says so of a node, declared or not.
template <class F>
bool any_node(afterwrite::replication_view const& view, F&& f)
{
    bool found = f(view.nodes()[afterwrite::anywhere]);
    for (afterwrite::node_number i = 0; i < view.nodes().size(); ++i)
        found = found || f(view.nodes()[i]);
    return found;
}

bool covers(cluster::position const& have, cluster::position const& wanted)
{
    return have.local >= wanted.local && have.replicated >= wanted.replicated;
}

} // namespace

cluster::position join_of(afterwrite::required_states const& required, std::string_view cluster,
                          bool is_vault, index_book& book)
{
    cluster::position join;
    auto const form = is_vault ? afterwrite::dialect::vault : afterwrite::dialect::openbao;
    auto const* const demand = required.find(cluster, form);
    for (std::uint8_t i = 0; demand != nullptr && i < demand->size(); ++i) {
        auto const& where = book.read(demand->text(i)).where;
        join = simulation::join(join, where);
    }
    return join;
}

breach of_read(sight const& seen, version const& promised)
{
    if (!seen.is_real)
        return "it shows a value that was never written there";
    bool const binds = promised.epoch == seen.epoch;
    if (!binds || !seen.next || seen.is_hidden || *seen.next > promised)
        return std::nullopt;
    return "it shows the version " + text_of(seen.shown) + " and not " + text_of(*seen.next) +
           ", though all up to " + text_of(promised) + " was promised";
}

breach of_token(sight const& seen, version const& promised, bool says_index)
{
    if (!seen.is_real)
        return "a token is good that nobody has made";
    bool const is_due = seen.next && !seen.is_hidden &&
                        (says_index || (promised.epoch == seen.epoch && *seen.next <= promised));
    return is_due ? breach("the token that was made at " + text_of(*seen.next) + " is not known") : breach();
}

breach of_demand(afterwrite::required_states const& required, std::string_view cluster,
                 naive_demand const& naive, bool is_of_store, index_book& book)
{
    auto const join = join_of(required, cluster, naive.is_vault, book);
    bool const is_enough = covers(join, naive.join);
    bool const is_exact = is_enough && covers(naive.join, join);
    if (is_exact || (is_of_store && is_enough) || required.fenced())
        return std::nullopt;
    return "of " + std::string(cluster) + " it requires " + text_of(join) + ", and was told " +
           text_of(naive.join);
}

breach of_texts(sent_texts const& sent, index_book& book)
{
    breach found;
    cluster::for_each_field(sent.request.fields, index_field, [&](std::string_view text) {
        auto const& meaning = book.read(text);
        bool const is_received =
            sent.received.contains(meaning) || (sent.floor != nullptr && sent.floor->contains(meaning));
        int const most = meaning.is_vault ? 2 : 1;
        int alike = 0;
        cluster::for_each_field(sent.request.fields, index_field, [&](std::string_view other) {
            alike += book.read(other).cluster == meaning.cluster ? 1 : 0;
        });
        if (!is_received)
            found = "it sends a text that nobody gave it: " + std::string(text);
        else if (alike > most)
            found = "it sends more than " + std::to_string(most) + " texts of one cluster";
    });
    return found;
}

breach of_omission(afterwrite::required_states const& required, cluster::request const& sent,
                   index_book& book)
{
    if (cluster::find_field(sent.fields, "X-Vault-Forward") != nullptr)
        return std::nullopt; // that node has it all
    breach found;
    required.for_each([&](std::string_view text) {
        auto const& wanted = book.read(text);
        cluster::position said;
        cluster::for_each_field(sent.fields, index_field, [&](std::string_view each) {
            if (auto const& meaning = book.read(each); meaning.cluster == wanted.cluster)
                said = join(said, meaning.where);
        });
        if (wanted.is_known && !covers(said, wanted.where))
            found = "of " + std::string(wanted.cluster) + " it requires " + text_of(wanted.where) +
                    ", and says " + text_of(said);
    });
    return found;
}

breach of_own_fields(cluster::field_list const& said, cluster::request const& sent)
{
    return sent.fields == said ? breach() : "what a client says itself does not go on as it is";
}

breach of_handing_on(afterwrite::step const& last)
{
    if (last.what == afterwrite::action::deliver)
        return std::nullopt;
    return "the answer to what a client said itself is not handed on";
}

breach of_home(sent_texts const& sent, index_book& book)
{
    auto const home = sent.reached.empty() ? sent.believed : sent.reached;
    breach found;
    cluster::for_each_field(sent.request.fields, index_field, [&](std::string_view text) {
        auto const& meaning = book.read(text);
        if (meaning.is_known && !home.empty() && meaning.cluster != home)
            found = "it sends a text of " + std::string(meaning.cluster) + " to " + std::string(home);
    });
    return found;
}

breach of_repetition(int repetitions, bool is_idempotent)
{
    if (repetitions <= 0 || is_idempotent)
        return std::nullopt;
    return "it was executed " + std::to_string(1 + repetitions) + " times";
}

breach of_resending(bool may_be_executed, bool is_idempotent)
{
    if (!may_be_executed || is_idempotent)
        return std::nullopt;
    return "it is sent again, and may have been executed";
}

breach of_effort(effort const& spent)
{
    if (spent.allowed > 0 && spent.attempts > spent.allowed)
        return "attempt " + std::to_string(spent.attempts) + " of " + std::to_string(spent.allowed);
    if (spent.planned > spent.deadline)
        return "an attempt is planned after the deadline";
    return std::nullopt;
}

breach of_hops(std::uint32_t in_a_row)
{
    constexpr std::uint32_t most = 2; // by the documented rule
    return in_a_row > most ? breach("it asks a third node in a row, and does not wait") : breach();
}

breach of_spending(bool is_allowed)
{
    return is_allowed ? breach() : "it repeats or forwards, and the budget for that is used up";
}

breach of_epoch(std::optional<std::uint64_t> held, std::uint64_t real)
{
    if (held && *held < real)
        return std::nullopt;
    return "an epoch began, and nothing of an older history was held";
}

breach of_proofs(std::uint64_t proofs)
{
    if (proofs < 2)
        return std::nullopt;
    return std::to_string(proofs) + " answers were of another history, and no epoch began";
}

breach of_old_answer(afterwrite::recorded const& what, bool is_old)
{
    if (!is_old || what.kept + what.superseded == 0)
        return std::nullopt;
    return "what answers a request of the epoch before is required now";
}

breach of_growth(cluster::position const& before, cluster::position const& now, bool is_fenced)
{
    if (is_fenced || covers(now, before))
        return std::nullopt;
    return "it requires " + text_of(now) + ", and required " + text_of(before) + " before";
}

breach of_loading(bool is_taken_up, bool is_whole)
{
    if (is_taken_up == is_whole)
        return std::nullopt;
    return is_taken_up ? "it takes up what is damaged, or another one's" : "it does not take up its own";
}

bool has_open_breaker(afterwrite::replication_view const& view)
{
    return any_node(view, [](auto const& node) { return node.guard.is_open(); });
}

breach of_calm(afterwrite::replication_view const& view, afterwrite::time_point now, bool was_in_vain)
{
    bool const is_open = any_node(view, [&](auto const& node) {
        return node.guard.is_open() && !node.guard.is_probe_due(now - unasked); // else nobody came
    });
    if (!was_in_vain && is_open)
        return "a breaker is still open";
    auto const later = now + 2 * afterwrite::single_flight::lease;
    bool const holds = any_node(view, [&](auto const& node) {
        auto flight = node.flight; // a copy, so that asking changes nothing
        afterwrite::single_flight::reader somebody{.required = {1, 0}};
        return flight.ask(somebody, later, 0).what == afterwrite::single_flight::turn::wait;
    });
    return holds ? breach("whoever comes waits for one who has gone") : breach();
}

breach of_end(afterwrite::step const& last, nanoseconds took, hold_ups const& by)
{
    if (last.what != afterwrite::action::deliver || last.why != afterwrite::reason::answered)
        return "it ended with: " + std::string(to_string(last.why));
    if (took > soon + (by.was_paced || by.in_vain ? paced : nanoseconds(0)) +
                   (by.in_vain ? relieved : nanoseconds(0)))
        return "it took " + std::to_string(took.count() / 1000) + " us";
    return std::nullopt;
}

breach of_step(afterwrite::step const& told, circumstances const& truth)
{
    using afterwrite::capability;
    bool const says_behind = is_stale(told.refused_as);
    if (says_behind && !truth.node_lacked)
        return "it says that the node was behind";
    if (!says_behind && truth.node_refused)
        return "it does not say that the node was behind";
    if (told.cluster_changed && !truth.another_cluster)
        return "it says that another cluster answered";
    if (!told.missing)
        return std::nullopt;
    switch (*told.missing) {
    case capability::forwarding:
        return truth.forwarding_was_off ? breach() : "it says that forwarding is disabled";
    case capability::await_state: return "it says that await-state is not known";
    case capability::several_indices:
        return truth.is_openbao ? breach() : "it says that the server takes one index only";
    case capability::consistency_fields:
        return truth.index_was_dropped ? breach() : "it says that there are no indices";
    }
    return std::nullopt;
}

} // namespace simulation::invariant
