// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/attempt_facts.hpp>

#include <doctest/doctest.h>

#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<attempt_facts>);

TEST_CASE("the defaults claim nothing that an answer could be taken for")
{
    attempt_facts const facts;
    CHECK_FALSE(facts.is_read);
    CHECK_FALSE(facts.was_checked);
    CHECK_FALSE(facts.asked_active_node);
    CHECK_FALSE(facts.may_show_loss);
    CHECK_FALSE(facts.index_was_refused);
    CHECK(facts.cluster.empty());
    CHECK_FALSE(facts.may_give_birth);
    CHECK_FALSE(facts.is_probe);
    CHECK(facts == attempt_facts{});
    CHECK_FALSE(facts.fences_losses);
}

TEST_CASE("attempts that differ anywhere are not equal")
{
    for (auto const& other :
         {attempt_facts{.is_read = true}, attempt_facts{.was_checked = true},
          attempt_facts{.asked_active_node = true}, attempt_facts{.may_show_loss = true},
          attempt_facts{.index_was_refused = true}, attempt_facts{.may_give_birth = true},
          attempt_facts{.is_probe = true}, attempt_facts{.fences_losses = true},
          attempt_facts{.cluster = cluster_id("c")}, attempt_facts{.form = dialect::vault}})
        CHECK_FALSE(other == attempt_facts());
}
