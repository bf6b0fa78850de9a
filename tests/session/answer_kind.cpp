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

constexpr attempt_facts to_active{.asked_active_node = true, .token_may_carry_index = false};

} // namespace

TEST_CASE("only what succeeded has indices to record")
{
    for (int const status : {200, 201, 204, 206})
        CHECK(kind_of(answer(status), {}) == answer_kind::indices);
    for (int const status : {100, 301, 307, 400, 403, 404, 412, 429, 473, 500, 501})
        CHECK(kind_of(answer(status), {}) == answer_kind::nothing);
}

TEST_CASE("what a gateway says instead of the server hides the server's answer")
{
    CHECK(kind_of(answer(0), {}) == answer_kind::lost);
    for (int const status : {502, 503, 504, 599})
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

TEST_CASE("the active node's own log is at fault only where nothing else can be")
{
    auto const local = states({vault("c", 5, 0)});
    CHECK(kind_of(vault_stale(), carried_by(local, to_active)) == answer_kind::active_lacks);
    CHECK(kind_of(answer(412), carried_by(local, to_active)) == answer_kind::nothing); // no body says so
    CHECK(kind_of(vault_stale(), carried_by(local, {.asked_active_node = true})) == answer_kind::nothing);
    CHECK(kind_of(vault_stale(), carried_by(local, {.token_may_carry_index = false})) ==
          answer_kind::nothing);
    CHECK(kind_of(vault_stale(), carried_by(states({vault("c", 5, 1)}), to_active)) == answer_kind::nothing);
    auto const both = states({vault("c", 5, 0), vault("d", 5, 0)});
    CHECK(kind_of(vault_stale(), carried_by(both, to_active)) == answer_kind::nothing);
}

TEST_CASE("a text of neither dialect is unreadable if its server says so")
{
    CHECK(kind_of(unreadable_index(), states({"a-future-form"})) == answer_kind::unreadable);
    CHECK(kind_of(unreadable_index(), {}) == answer_kind::nothing); // none was carried
    CHECK(kind_of(unreadable_index(), states({vault("c", 5, 0)})) == answer_kind::nothing);
    CHECK(kind_of(answer(400, "other"), states({"a-future-form"})) == answer_kind::nothing);
}
