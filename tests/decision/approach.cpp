// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/approach.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"

#include <string>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

struct world {
    replication_view view{};
    required_states required{};

    [[nodiscard]] approach::situation now() const { return {view, required, at(0s)}; }

    [[nodiscard]] approach begun(plan in) const
    {
        approach way(in);
        way.begin(now());
        return way;
    }
};

} // namespace

TEST_CASE("where an exchange begins depends on its plan, on the dialect, and on what is carried")
{
    world const empty;
    world const vault_one{.required = states({vault("c", 1, 0)})};
    world const openbao_one{.required = states({openbao("c", "1")})};
    for (auto const in :
         {plan::fail, plan::retry, plan::await, plan::forward, plan::retry_then_forward, plan::active_node}) {
        CAPTURE(to_string(in));
        bool const is_active = in == plan::active_node;
        bool const is_forward = in == plan::forward;
        bool const is_held = in == plan::await || in == plan::retry_then_forward;
        CHECK(empty.begun(in).at() == (is_active ? stage::active : stage::ask));
        CHECK(vault_one.begun(in).at() == (is_active    ? stage::active
                                           : is_forward ? stage::forward
                                                        : stage::ask));
        CHECK(openbao_one.begun(in).at() == (is_active    ? stage::active
                                             : is_forward ? stage::forward
                                             : is_held    ? stage::hold
                                                          : stage::ask));
    }
}

TEST_CASE("a cluster that refused to forward is not asked to")
{
    world refusing{.required = states({vault("c", 1, 0)})};
    refusing.view.missing().note_missing(capability::forwarding, at(0s));
    CHECK(refusing.begun(plan::forward).at() == stage::ask);
    CHECK_FALSE(refusing.begun(plan::active_node).is_by_field());
    CHECK(refusing.begun(plan::active_node).to() == route::active_node);
}

TEST_CASE("the active node is asked for by a field on Vault, and at its address on OpenBao")
{
    world const on_vault{.view = replication_view(dialect::vault)};
    CHECK(on_vault.begun(plan::active_node).is_by_field());
    CHECK(on_vault.begun(plan::active_node).to() == route::any_node);
    world const on_openbao{.view = replication_view(dialect::openbao)};
    CHECK_FALSE(on_openbao.begun(plan::active_node).is_by_field());
    CHECK(on_openbao.begun(plan::active_node).to() == route::active_node);
}

TEST_CASE("what is carried tells the dialect better than the view")
{
    world const mixed{.view = replication_view(dialect::vault), .required = states({openbao("c", "1")})};
    CHECK(mixed.now().form() == dialect::openbao);
    CHECK(mixed.now().may_forward());
}

TEST_CASE("only a node that answers for itself has checked the index")
{
    world const one{.required = states({vault("c", 1, 0)})};
    CHECK(one.begun(plan::retry).is_checked());
    CHECK_FALSE(one.begun(plan::forward).is_checked());
    CHECK_FALSE(one.begun(plan::active_node).is_checked());
    CHECK(one.begun(plan::retry).waits_for_node());
    auto way = one.begun(plan::retry_then_forward);
    CHECK(way.move(occurrence::overdue, dialect::vault) == pace::when_overdue);
    CHECK(way.asks_to_forward());
    CHECK(way.move(occurrence::barred, dialect::vault) == pace::at_once);
    CHECK(way.at() == stage::lagging);
    way.aim(one.now());
    CHECK(way.is_checked());
    CHECK_FALSE(way.waits_for_node()); // but for another cluster
    CHECK(way.follow_redirect());
    way.aim(one.now());
    CHECK_FALSE(way.is_checked());
    CHECK(way.to() == route::active_node);
    CHECK(way.asks_active_node());
    CHECK(way.leave_redirect());
    CHECK_FALSE(way.leave_redirect());
    CHECK(way.follow_redirect());
    CHECK_FALSE(way.follow_redirect()); // twice is enough
}

TEST_CASE("who insisted in vain goes about it as planned")
{
    world const one{.view = replication_view(dialect::vault), .required = states({vault("c", 1, 0)})};
    approach way(plan::forward);
    way.insist();
    way.begin(one.now());
    CHECK(way.insists());
    CHECK(way.asks_active_node());
    way.relent();
    way.begin(one.now());
    CHECK_FALSE(way.insists());
    CHECK(way.at() == stage::forward);
}

TEST_CASE("to insist is to begin again, once")
{
    world const one{.view = replication_view(dialect::vault), .required = states({vault("c", 1, 0)})};
    auto way = one.begun(plan::retry);
    way.insist();
    way.begin(one.now());
    CHECK(way.at() == stage::active);
    CHECK(way.move(occurrence::behind, dialect::vault) == pace::after_backoff);
    way.insist();
    way.begin(one.now());
    CHECK(way.at() == stage::active);
    CHECK(way.move(occurrence::overdue, dialect::vault) == pace::after_backoff); // merely behind
}

TEST_CASE("what the table does not know ends the exchange, and leaves the stage")
{
    world const one{.required = states({vault("c", 1, 0)})};
    auto way = one.begun(plan::fail);
    CHECK(way.move(occurrence::barred, dialect::vault) == pace::never);
    CHECK(way.at() == stage::ask);
}

TEST_CASE("a server that does not know how to hold a request is not asked to")
{
    world one{.view = replication_view(dialect::openbao), .required = states({openbao("c", "1")})};
    CHECK(one.begun(plan::await).at() == stage::hold);
    one.view.missing().note_missing(capability::await_state, at(0s));
    CHECK(one.begun(plan::await).at() == stage::ask);
    CHECK_FALSE(one.begun(plan::await).fields(one.now()).takes_several ==
                one.view.missing().lacks(capability::several_indices, at(0s)));
}

TEST_CASE("where a node is not worth asking, the first attempt lets the active node answer")
{
    world const one{.required = states({vault("c", 1, 0)})};
    auto way = one.begun(plan::retry_then_forward);
    CHECK(way.may_turn_to_active_node(one.now()));
    CHECK_FALSE(one.begun(plan::retry).may_turn_to_active_node(one.now()));
    way.begin_forwarding(one.now());
    CHECK(way.at() == stage::forward);
    CHECK_FALSE(way.is_checked());
}

TEST_CASE("a request goes to the best node where that was asked for, unless the active node must answer")
{
    world const one{.view = replication_view(dialect::openbao), .required = states({openbao("c", "1")})};
    approach way(plan::retry, route::best_node);
    way.begin(one.now());
    CHECK(way.to() == route::best_node);
    CHECK(way.is_checked());
    way.insist();
    way.begin(one.now());
    CHECK(way.to() == route::active_node);
}

TEST_CASE("before it has begun it asks no active node, and follows no redirect")
{
    approach way(plan::retry);
    CHECK(way.at() == stage::ask);
    CHECK_FALSE(way.is_by_field());
    CHECK_FALSE(way.asks_active_node());
    CHECK_FALSE(way.leave_redirect());
}

TEST_CASE("who can no longer ask for the active node by a field does not ask it")
{
    world one{.required = states({vault("c", 1, 0)})};
    auto way = one.begun(plan::retry_then_forward);
    CHECK(way.move(occurrence::overdue, dialect::vault) == pace::when_overdue);
    CHECK(way.move(occurrence::behind, dialect::vault) == pace::at_once);
    REQUIRE(way.at() == stage::active);
    way.aim(one.now());
    CHECK(way.asks_active_node());
    one.view.missing().note_missing(capability::forwarding, at(0s));
    way.aim(one.now());
    CHECK_FALSE(way.asks_active_node());
    CHECK_FALSE(way.may_turn_to_active_node(one.now()));
}
