// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/answer_kind.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/test_message.hpp"

using namespace afterwrite;
using namespace support;

namespace {

required_states carried_by(required_states required, attempt_facts const& how)
{
    required.set_sent_as(how);
    return required;
}

constexpr attempt_facts to_active{.asked_active_node = true, .may_show_loss = true};

} // namespace

TEST_CASE("only what succeeded has indices to record")
{
    for (int const status : {200, 201, 204, 206, 299})
        CHECK(kind_of(answer(status), {}) == answer_kind::indices);
    for (int const status : {100, 199, 300, 301, 307, 400, 403, 404, 412, 429, 473, 499, 501})
        CHECK(kind_of(answer(status), {}) == answer_kind::nothing);
}

TEST_CASE("a 5xx leaves open whether a write was executed")
{
    for (int const status : {0, 99, 500, 502, 503, 504, 599})
        CHECK(kind_of(answer(status), {}) == answer_kind::lost);
    CHECK(kind_of(answer(503, R"({"errors":["Vault is sealed"]})"), {}) == answer_kind::nothing);
    CHECK(kind_of(no_active_node(), {}) == answer_kind::nothing);
}

TEST_CASE("nothing that a probe is told is of any use")
{
    auto const probing = carried_by({}, {.is_probe = true});
    for (int const status : {0, 200, 429, 473, 503})
        CHECK(kind_of(answer(status), probing) == answer_kind::nothing);
}

TEST_CASE("the active node's refusal tells of a loss only where nothing else can be meant")
{
    auto const local = states({vault("c", 5, 0)});
    CHECK(kind_of(vault_stale(), carried_by(local, to_active)) == answer_kind::active_lacks);
    CHECK(kind_of(answer(412), carried_by(local, to_active)) == answer_kind::nothing); // no body says so
    CHECK(kind_of(answer(412, "a plugin's own"), carried_by(local, to_active)) == answer_kind::nothing);
    CHECK(kind_of(vault_stale(), carried_by(local, {.asked_active_node = true})) == answer_kind::nothing);
    CHECK(kind_of(vault_stale(), carried_by({}, to_active)) == answer_kind::nothing); // none was carried
}

TEST_CASE("what is answered without the index that was refused shows that it was the index")
{
    auto const without = carried_by({}, {.asked_active_node = true, .index_was_refused = true});
    for (int const status : {100, 200, 204, 403, 404, 411, 413, 428, 430, 499})
        CHECK(kind_of(answer(status), without) == answer_kind::active_lost);
    CHECK(kind_of(vault_stale(), without) == answer_kind::nothing); // it was the token
    CHECK(kind_of(answer(429), without) == answer_kind::nothing);
    for (int const status : {99, 500, 502})
        CHECK(kind_of(answer(status), without) == answer_kind::lost);
}

TEST_CASE("a text of neither dialect is carried where no state is held, be there a fence or not")
{
    CHECK_FALSE(carries_unknown_form({}));
    auto required = states({"a-future-form"});
    CHECK(carries_unknown_form(required));
    required.fence(cluster_id("c"), dialect::openbao);
    CHECK(carries_unknown_form(required));
    auto elsewhere = required;
    elsewhere.record(openbao("d", "5"));
    CHECK_FALSE(carries_unknown_form(elsewhere));
    required.record(openbao("c", "5"));
    CHECK_FALSE(carries_unknown_form(required));
    required.forget("c");
    CHECK(carries_unknown_form(required));
}

TEST_CASE("a text of neither dialect is unreadable if its server says so")
{
    CHECK(kind_of(unreadable_index(), states({"a-future-form"})) == answer_kind::unreadable);
    CHECK(kind_of(unreadable_index(), {}) == answer_kind::nothing); // none was carried
    CHECK(kind_of(unreadable_index(), states({vault("c", 5, 0)})) == answer_kind::nothing);
    CHECK(kind_of(answer(400, "other"), states({"a-future-form"})) == answer_kind::nothing);
    auto fenced = states({"a-future-form"});
    fenced.fence(cluster_id("c"), dialect::openbao);
    CHECK(kind_of(unreadable_index(), fenced) == answer_kind::unreadable);
}

TEST_CASE("an index is required, but for that of an OpenBao read where reads need not be monotonic")
{
    session_options const lax{.monotonic_reads = false};
    auto const read = carried_by(states({openbao("c", "5")}), {.is_read = true});
    auto const write = carried_by(states({openbao("c", "5")}), {});
    auto behind_fence = read;
    behind_fence.fence(cluster_id("c"), dialect::openbao);
    CHECK(is_required(openbao("c", "6"), read, {}));
    CHECK_FALSE(is_required(openbao("c", "6"), read, lax));
    CHECK(is_required(openbao("c", "6"), write, lax));
    CHECK(is_required(openbao("c", "6"), behind_fence, lax));
    CHECK(is_required(vault("c", 6, 0), read, lax)); // it has written
}

TEST_CASE("a write or a login without a trace of an index has written what no request can carry")
{
    auto const reading = carried_by({}, {.is_read = true});
    auto const born_of_a_read = carried_by({}, {.is_read = true, .may_give_birth = true});
    for (int const status : {200, 204, 299}) {
        CHECK(is_unindexed_write(answer(status), {}, {}));
        CHECK(is_unindexed_write(answer(status), born_of_a_read, {}));
        CHECK_FALSE(is_unindexed_write(answer(status), reading, {}));
        CHECK_FALSE(is_unindexed_write(answer(status), carried_by({}, {.is_probe = true}), {}));
    }
    for (int const status : {0, 199, 300, 307, 400, 404, 412, 500})
        CHECK_FALSE(is_unindexed_write(answer(status), {}, {}));
    recorded const traces[] = {
        {.kept = 1}, {.superseded = 1}, {.held = 1}, {.unkept = 1}, {.outdated = 1},
    };
    for (auto const& trace : traces)
        for (auto const& another : traces) {
            auto both = trace;
            both += another;
            CHECK_FALSE(is_unindexed_write(answer(200), {}, trace));
            CHECK_FALSE(is_unindexed_write(answer(200), {}, both));
        }
    for (auto const& garbage : {recorded{.unknown_form = 1}, recorded{.rejected = 1}})
        CHECK(is_unindexed_write(answer(200), {}, garbage));
}

TEST_CASE("what a node warns that it has not applied is of the index's cluster, or of where it was sent")
{
    auto const sent = carried_by({}, {.cluster = cluster_id("c"), .form = dialect::vault});
    auto const where = find_unapplied(unapplied(), sent);
    REQUIRE(where.has_value());
    CHECK(where->cluster == "c");
    CHECK(where->form == dialect::vault);
    CHECK(find_unapplied(unapplied().with("X-Vault-Index", vault("d", 1, 0)), sent)->cluster == "d");
    CHECK(find_unapplied(unapplied().with("X-Vault-Index", "x, " + vault("d", 1, 0)), {})->cluster == "d");
    CHECK(find_unapplied(unapplied().with("X-Vault-Index", "garbage"), sent)->cluster == "c");
    CHECK(find_unapplied(unapplied(), {})->cluster.empty());
}

TEST_CASE("a read's warning counts as a write's; an error's or a probe's does not")
{
    CHECK(find_unapplied(unapplied(), carried_by({}, {.is_read = true})).has_value());
    CHECK_FALSE(find_unapplied(unapplied(), carried_by({}, {.is_probe = true})).has_value());
    for (int const status : {0, 199, 300, 307, 400, 404, 412, 500}) {
        auto refused = unapplied();
        refused.status = status;
        CHECK_FALSE(find_unapplied(refused, {}).has_value());
    }
    CHECK_FALSE(find_unapplied(answer(200, R"({"warnings":null})"), {}).has_value());
    CHECK_FALSE(find_unapplied(answer(204), {}).has_value());
}

TEST_CASE("what is lost matters if it may have written, and the caller wants to see it")
{
    CHECK(is_loss({}, {}));
    CHECK_FALSE(is_loss(carried_by({}, {.is_read = true}), {}));
    CHECK_FALSE(is_loss({}, session_options{.fence_lost_writes = false}));
}
