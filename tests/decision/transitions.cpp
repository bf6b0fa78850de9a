// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/transitions.hpp>

#include <doctest/doctest.h>

#include <iterator>
#include <set>
#include <string_view>
#include <tuple>
#include <vector>

using namespace afterwrite;

namespace {

constexpr plan plans[] = {plan::fail,       plan::retry, plan::await, plan::forward, plan::retry_then_forward,
                          plan::active_node};
constexpr stage stages[] = {stage::ask, stage::hold, stage::forward, stage::active, stage::lagging};
constexpr occurrence occurrences[] = {occurrence::behind, occurrence::overdue, occurrence::token_overdue,
                                      occurrence::barred};

/// Where an exchange may be: what it may still carry decides what can come back.
struct place {
    plan in;
    stage at;
    dialect with;
    bool carries_index;
    auto key() const { return std::tuple(in, at, with, carries_index); }
};

/// Where exchanges begin, by the table of modes.
std::vector<place> starts()
{
    std::vector<place> found;
    for (auto const in : plans)
        for (auto const with : {dialect::vault, dialect::openbao})
            for (bool const carries_index : {false, true}) {
                if (in == plan::active_node)
                    found.push_back({in, stage::active, with, carries_index});
                else if (carries_index && with == dialect::openbao &&
                         (in == plan::await || in == plan::retry_then_forward))
                    found.push_back({in, stage::hold, with, carries_index});
                else if (carries_index && in == plan::forward)
                    found.push_back({in, stage::forward, with, carries_index});
                if (in != plan::active_node) // also where forwarding is known not to be allowed
                    found.push_back({in, stage::ask, with, carries_index});
            }
    return found;
}

/// What can come back to an attempt there.
std::vector<occurrence> possible(place const& where)
{
    std::vector<occurrence> found = {occurrence::behind,
                                     where.carries_index ? occurrence::overdue : occurrence::token_overdue};
    bool const asks_by_field = where.at == stage::forward || where.at == stage::active;
    if (asks_by_field || where.at == stage::hold) // or the server does not know how to hold
        found.push_back(occurrence::barred);
    return found;
}

struct walk {
    std::set<transition const*> used{};
    std::vector<place> lost{}; ///< where something can come back that the table does not know
    std::set<decltype(place().key())> seen{};

    void from(place const& where)
    {
        if (!seen.insert(where.key()).second)
            return;
        if (where.carries_index) // a text of neither dialect may be dropped on the way
            from({where.in, where.at, where.with, false});
        for (auto const on : possible(where)) {
            auto const* const row = find_transition(where.in, where.at, on, where.with);
            if (row == nullptr) {
                lost.push_back(where);
                continue;
            }
            used.insert(row);
            if (row->when != pace::never)
                from({where.in, row->to, where.with, where.carries_index});
        }
    }
};

} // namespace

TEST_CASE("the table knows all that can come back, wherever an exchange can be")
{
    walk all;
    for (auto const& start : starts())
        all.from(start);
    for (auto const& where : all.lost)
        CHECK_MESSAGE(false, to_string(where.in), " ", to_string(where.at), " ", to_string(where.with));
    CHECK(all.lost.empty());
    CHECK(all.seen.size() > 30);
}

TEST_CASE("each row can be reached")
{
    walk all;
    for (auto const& start : starts())
        all.from(start);
    for (auto const& row : transitions)
        CHECK_MESSAGE(all.used.contains(&row), to_string(row.in), " ", to_string(row.from), " ",
                      to_string(row.on));
    CHECK(all.used.size() == std::size(transitions));
}

TEST_CASE("no two rows say something of the same case")
{
    for (auto const& a : transitions)
        for (auto const& b : transitions) {
            bool const overlaps =
                a.with == b.with || a.with == dialect::unknown || b.with == dialect::unknown;
            bool const is_same = a.in == b.in && a.from == b.from && a.on == b.on && overlaps;
            CHECK(is_same == (&a == &b));
        }
}

TEST_CASE("what is looked up is the row that says it, or that of a node which is merely behind")
{
    for (auto const in : plans)
        for (auto const from : stages)
            for (auto const on : occurrences)
                for (auto const with : {dialect::vault, dialect::openbao}) {
                    auto const* const row = find_transition(in, from, on, with);
                    if (row == nullptr)
                        continue;
                    CHECK(row->in == in);
                    CHECK(row->from == from);
                    CHECK((row->with == with || row->with == dialect::unknown));
                    CHECK((row->on == on || (row->on == occurrence::behind && on != occurrence::barred)));
                }
}

TEST_CASE("no circle is run through at once: each has a wait in it")
{
    // Else a server could make a client ask as fast as it answers.
    for (auto const in : plans)
        for (auto const from : stages)
            for (auto const with : {dialect::vault, dialect::openbao})
                for (auto const first : occurrences) {
                    auto at = from;
                    int hops = 0;
                    for (auto const* row = find_transition(in, at, first, with);
                         row != nullptr && row->when == pace::at_once && hops < 10; ++hops) {
                        at = row->to;
                        row = find_transition(in, at, occurrence::behind, with);
                    }
                    CHECK(hops < 3);
                }
}

TEST_CASE("each mode of the policy is a plan, under the same name")
{
    for (auto const when : {when_inconsistent::fail, when_inconsistent::retry, when_inconsistent::await,
                            when_inconsistent::forward, when_inconsistent::retry_then_forward})
        CHECK(to_string(plan_of(when)) == to_string(when));
    CHECK(to_string(plan::active_node) == "active_node");
}

TEST_CASE("all parts of a row have names of their own")
{
    std::set<std::string_view> names;
    for (auto const at : stages)
        names.insert(to_string(at));
    for (auto const on : occurrences)
        names.insert(to_string(on));
    for (auto const when : {pace::at_once, pace::after_backoff, pace::when_overdue, pace::never})
        names.insert(to_string(when));
    CHECK(names.size() == std::size(stages) + std::size(occurrences) + 4);
    CHECK_FALSE(names.contains(""));
}

TEST_CASE("what is none of them has no name, and the plan that gives up first")
{
    CHECK(to_string(static_cast<plan>(99)).empty());
    CHECK(to_string(static_cast<stage>(99)).empty());
    CHECK(to_string(static_cast<occurrence>(99)).empty());
    CHECK(to_string(static_cast<pace>(99)).empty());
    CHECK(plan_of(static_cast<when_inconsistent>(99)) == plan::fail);
}
