// SPDX-License-Identifier: BSL-1.0
// Each invariant holds for what is right, and says so of what is wrong: one that sees nothing would pass all.
#include "simulation/invariants.hpp"

#include "simulation/allowance.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace simulation;
using namespace afterwrite;

namespace {

std::string const index_of_a = "djE6Y2xpZDoyOjE6";  // v1:clid:2:1:
std::string const index_of_b = "djE6Y2xpZDoxOjI6";  // v1:clid:1:2:
std::string const third_index = "djE6Y2xpZDowOjM6"; // v1:clid:0:3:

cluster::request carrying(std::initializer_list<std::string> texts)
{
    cluster::request made;
    for (auto const& each : texts)
        made.fields.emplace_back("X-Vault-Index", each);
    return made;
}

text_set set_of(index_book& book, std::initializer_list<std::string> texts)
{
    text_set made;
    for (auto const& each : texts)
        made.insert(book.read(each));
    return made;
}

} // namespace

TEST_CASE("S1: a read shows all that was promised of its key, as long as the history is the same")
{
    sight const older{.shown = {1, 4}, .next = simulation::version{1, 7}, .value = 1};
    CHECK_FALSE(invariant::of_read(older, {1, 6}));
    CHECK(invariant::of_read(older, {1, 7}));
    CHECK_FALSE(invariant::of_read(older, {2, 7}));
    CHECK(invariant::of_read({.value = 1, .is_real = false}, {}));
    auto hidden = older;
    hidden.is_hidden = true;
    CHECK_FALSE(invariant::of_read(hidden, {1, 7}));
}

TEST_CASE("S1: a token is known to whom its index was told, and to all if it says so itself")
{
    sight const unknown{.next = simulation::version{1, 7}};
    CHECK(invariant::of_token(unknown, {1, 7}, false));
    CHECK_FALSE(invariant::of_token(unknown, {1, 6}, false));
    CHECK_FALSE(invariant::of_token(unknown, {2, 7}, false)); // a promise of another history
    CHECK(invariant::of_token(unknown, {}, true));
    CHECK_FALSE(invariant::of_token({.shown = {1, 7}, .value = 3}, {1, 7}, true));
    CHECK_FALSE(invariant::of_token({}, {1, 7}, true)); // it was made in a history that is no more
    CHECK(invariant::of_token({.is_real = false}, {}, false));
}

TEST_CASE("S2: of the texts that were recorded, the join is required: neither less nor more")
{
    index_book book;
    required_states required;
    required.record(index_of_a);
    CHECK_FALSE(invariant::of_demand(required, "clid", {{2, 1}, true}, false, book));
    CHECK(invariant::of_demand(required, "clid", {{2, 2}, true}, false, book));
    CHECK(invariant::of_demand(required, "clid", {{1, 1}, true}, false, book));
    CHECK_FALSE(invariant::of_demand(required, "clid", {{1, 1}, true}, true, book)); // a store's floor
    CHECK(invariant::of_demand(required, "other", {{1, 0}, true}, true, book));
    required.record(index_of_b);
    CHECK_FALSE(invariant::of_demand(required, "clid", {{2, 2}, true}, false, book));
}

TEST_CASE("S2: a fence stands for what could not be kept")
{
    index_book book;
    required_states required;
    CHECK(invariant::of_demand(required, "clid", {{2, 1}, true}, false, book));
    required.fence(cluster_id("clid"), dialect::vault);
    CHECK_FALSE(invariant::of_demand(required, "clid", {{2, 1}, true}, false, book));
}

TEST_CASE("S3: two texts of a cluster are sent at most, and only those that came")
{
    index_book book;
    auto const received = set_of(book, {index_of_a, index_of_b, third_index});
    auto const of = [&](cluster::request const& request, text_set const& own, text_set const* floor) {
        return invariant::of_texts({request, own, floor, "clid"}, book).has_value();
    };
    CHECK_FALSE(of(carrying({}), received, nullptr));
    CHECK_FALSE(of(carrying({index_of_a, index_of_b}), received, nullptr));
    CHECK(of(carrying({index_of_a, index_of_b, third_index}), received, nullptr));
    CHECK(of(carrying({index_of_a}), {}, nullptr));
    CHECK_FALSE(of(carrying({index_of_a}), {}, &received));
}

TEST_CASE("S3: what a client says itself goes on as it is, and so does its answer")
{
    auto const said = carrying({index_of_a});
    CHECK_FALSE(invariant::of_own_fields(said.fields, said));
    CHECK(invariant::of_own_fields(said.fields, carrying({index_of_a, index_of_b})));
    CHECK(invariant::of_own_fields(said.fields, carrying({})));
    CHECK_FALSE(invariant::of_handing_on({.what = action::deliver, .why = reason::not_enforced}));
    CHECK(invariant::of_handing_on({.what = action::give_up, .why = reason::refused}));
    CHECK(invariant::of_handing_on({.what = action::send_again, .why = reason::waiting}));
}

TEST_CASE("S3: one of OpenBao")
{
    index_book book;
    std::string const one = "eyJjbHVzdGVyIjoiYyIsInZhbHVlIjoiMTIzNCJ9";
    std::string const other = "eyJjbHVzdGVyIjoiYyIsInZhbHVlIjoiMTIzNSJ9";
    auto const received = set_of(book, {one, other});
    auto const single = carrying({one});
    auto const both = carrying({one, other});
    CHECK_FALSE(invariant::of_texts({single, received, nullptr, "c"}, book));
    CHECK(invariant::of_texts({both, received, nullptr, "c"}, book));
}

TEST_CASE("S3: all that is required is said, unless the active node is asked")
{
    index_book book;
    required_states required;
    required.record(index_of_a);
    required.record(index_of_b);
    REQUIRE(required.size() == 2); // one is ahead in one number, the other in the other one
    CHECK_FALSE(invariant::of_omission(required, carrying({index_of_a, index_of_b}), book));
    CHECK(invariant::of_omission(required, carrying({index_of_a}), book));
    CHECK(invariant::of_omission(required, carrying({index_of_b}), book));
    CHECK(invariant::of_omission(required, carrying({}), book));
    auto to_active = carrying({index_of_b});
    to_active.fields.emplace_back("X-Vault-Forward", "active-node");
    CHECK_FALSE(invariant::of_omission(required, to_active, book));
}

TEST_CASE("S4: a text stays in its cluster, as far as that is known")
{
    index_book book;
    auto const received = set_of(book, {index_of_a});
    auto const request = carrying({index_of_a});
    CHECK_FALSE(invariant::of_home({request, received, nullptr, "clid"}, book));
    CHECK_FALSE(invariant::of_home({request, received, nullptr, ""}, book));
    CHECK(invariant::of_home({request, received, nullptr, "other"}, book));
    CHECK_FALSE(invariant::of_home({request, received, nullptr, "", "clid"}, book));
    CHECK(invariant::of_home({request, received, nullptr, "", "other"}, book));
    CHECK(invariant::of_home({request, received, nullptr, "clid", "other"}, book)); // whatever it believes
}

TEST_CASE("S5: nothing is executed twice but what may be")
{
    CHECK_FALSE(invariant::of_repetition(0, false));
    CHECK_FALSE(invariant::of_repetition(-1, false)); // it was not executed at all
    CHECK_FALSE(invariant::of_repetition(1, true));
    CHECK(invariant::of_repetition(1, false));
}

TEST_CASE("S5: what may have been executed is not sent again, whatever became of it")
{
    CHECK_FALSE(invariant::of_resending(false, false));
    CHECK_FALSE(invariant::of_resending(true, true));
    CHECK(invariant::of_resending(true, false));
}

TEST_CASE("S6: no attempt too many, and none after the deadline")
{
    time_point const deadline(std::chrono::seconds(10));
    CHECK_FALSE(invariant::of_effort({3, 3, deadline, deadline}));
    CHECK_FALSE(invariant::of_effort({1000, 0, deadline, deadline}));
    CHECK(invariant::of_effort({4, 3, deadline, deadline}));
    CHECK(invariant::of_effort({1, 0, deadline + duration(1), deadline}));
}

TEST_CASE("S6: it asks another node twice in a row at most, and then waits")
{
    CHECK_FALSE(invariant::of_hops(2));
    CHECK(invariant::of_hops(3));
}

TEST_CASE(
    "S6: all together cause what the budget allows: its bound at once, and then what reads and time add")
{
    time_point const start(std::chrono::seconds(10));
    allowance budget({.percent_of_reads = 50, .per_second = 1, .burst = 2});
    CHECK_FALSE(invariant::of_spending(budget.take(start)));
    CHECK_FALSE(invariant::of_spending(budget.take(start)));
    budget.count_read();
    budget.count_read();
    CHECK_FALSE(invariant::of_spending(budget.take(start)));
    CHECK_FALSE(invariant::of_spending(budget.take(start + std::chrono::seconds(1))));
    CHECK(invariant::of_spending(budget.take(start + std::chrono::seconds(1))));
}

TEST_CASE("S7: no epoch without another history")
{
    CHECK_FALSE(invariant::of_epoch(0, 1));
    CHECK(invariant::of_epoch(1, 1));
    CHECK(invariant::of_epoch(std::nullopt, 1)); // nothing was held that could be of another one
}

TEST_CASE("S7: two answers of another history are enough for an epoch")
{
    CHECK_FALSE(invariant::of_proofs(1));
    CHECK(invariant::of_proofs(2));
}

TEST_CASE("S7: what answers a request of the epoch before leaves no trace")
{
    CHECK_FALSE(invariant::of_old_answer({.outdated = 1}, true));
    CHECK_FALSE(invariant::of_old_answer({.kept = 1}, false));
    CHECK(invariant::of_old_answer({.kept = 1}, true));
    CHECK(invariant::of_old_answer({.superseded = 1}, true));
}

TEST_CASE("S8: what is required never falls, but where a fence stands for it")
{
    CHECK_FALSE(invariant::of_growth({2, 1}, {2, 1}, false));
    CHECK_FALSE(invariant::of_growth({2, 1}, {3, 1}, false));
    CHECK(invariant::of_growth({2, 1}, {3, 0}, false));
    CHECK(invariant::of_growth({2, 1}, {1, 1}, false));
    CHECK_FALSE(invariant::of_growth({2, 1}, {0, 0}, true));
}

TEST_CASE("S9: what was left behind is taken up if it is whole, and only then")
{
    CHECK_FALSE(invariant::of_loading(true, true));
    CHECK_FALSE(invariant::of_loading(false, false));
    CHECK(invariant::of_loading(true, false));
    CHECK(invariant::of_loading(false, true));
}

TEST_CASE("L1: in the end everything is answered, and soon")
{
    step const answered{.what = action::deliver, .why = reason::answered};
    CHECK_FALSE(invariant::of_end(answered, invariant::soon));
    CHECK(invariant::of_end(answered, invariant::soon + nanoseconds(1)));
    CHECK_FALSE(invariant::of_end(answered, invariant::soon + invariant::paced, {.was_paced = true}));
    CHECK(invariant::of_end(answered, invariant::soon + invariant::paced + nanoseconds(1),
                            {.was_paced = true}));
    auto const longest = invariant::soon + invariant::paced + invariant::relieved;
    CHECK_FALSE(invariant::of_end(answered, longest, {.in_vain = true}));
    CHECK(invariant::of_end(answered, longest + nanoseconds(1), {.in_vain = true}));
    CHECK(invariant::of_end({.what = action::give_up, .why = reason::deadline_passed}, nanoseconds(0)));
    CHECK(invariant::of_end({.what = action::deliver, .why = reason::not_enforced}, nanoseconds(0)));
}

TEST_CASE("L1: in the end no breaker is open")
{
    time_point const now(std::chrono::seconds(10));
    replication_view view;
    view.add_node("http://one:8200");
    CHECK_FALSE(invariant::of_calm(view, now));
    for (auto left = breaker::opens_after; left > 0; --left)
        view.nodes()[0].guard.escalated(now, 0);
    CHECK(invariant::of_calm(view, now));
    CHECK_FALSE(invariant::of_calm(view, now, true));
    CHECK(invariant::of_calm(view, now + invariant::unasked));
    CHECK_FALSE(invariant::of_calm(view, now + invariant::unasked + 2 * breaker::probe_interval));
    view.nodes()[0].guard.answered();
    CHECK_FALSE(invariant::of_calm(view, now));
}

TEST_CASE("L1: nor is anybody let wait for one who has gone")
{
    time_point const now(std::chrono::seconds(10));
    replication_view view;
    auto& flight = view.nodes()[anywhere].flight;
    single_flight::reader gone{.required = {1, 0}};
    (void)flight.refused(gone, now, now + std::chrono::seconds(1), 0);
    CHECK_FALSE(invariant::of_calm(view, now));
    auto const before = now - single_flight::lease - std::chrono::milliseconds(500);
    CHECK(invariant::of_calm(view, before));
    CHECK(invariant::of_calm(view, before, true));
}

TEST_CASE("S10: a step says what is so")
{
    step behind{.refused_as = refusal::stale_index};
    CHECK_FALSE(invariant::of_step(behind, {.node_lacked = true}));
    CHECK(invariant::of_step(behind, {}));
    CHECK(invariant::of_step({}, {.node_lacked = true, .node_refused = true}));
    step unknown{.refused_as = refusal::stale_token};
    CHECK_FALSE(invariant::of_step(unknown, {.node_lacked = true, .node_refused = true}));
    CHECK(invariant::of_step(unknown, {.node_refused = true}));
    step changed{.cluster_changed = true};
    CHECK_FALSE(invariant::of_step(changed, {.another_cluster = true}));
    CHECK(invariant::of_step(changed, {}));
    step barred{.missing = capability::forwarding};
    CHECK_FALSE(invariant::of_step(barred, {.forwarding_was_off = true}));
    CHECK(invariant::of_step(barred, {}));
    step unheld{.missing = capability::await_state};
    CHECK(invariant::of_step(unheld, {.is_openbao = true}));
    step single{.missing = capability::several_indices};
    CHECK_FALSE(invariant::of_step(single, {.is_openbao = true}));
    CHECK(invariant::of_step(single, {}));
    step stripped{.missing = capability::consistency_fields};
    CHECK_FALSE(invariant::of_step(stripped, {.index_was_dropped = true}));
    CHECK(invariant::of_step(stripped, {}));
}
