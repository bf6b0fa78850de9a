// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/read_answer.hpp>

#include <afterwrite/decision/refusal_answer.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/test_message.hpp"

#include <string>

using namespace afterwrite;
using namespace support;

namespace {

required_states const on_vault = states({vault("c", 5, 0)});
required_states const on_openbao = states({openbao("c", "5")});

struct reader {
    replication_view view{};
    required_states carried = on_vault;
    request_marks marks{};
    attempt_fields said{};

    answer_reading operator()(test_message const& response)
    {
        return read_answer(response, view, carried, marks, said);
    }
};

} // namespace

TEST_CASE("an answer below 400 refuses nothing, whatever it says")
{
    reader read;
    for (int const status : {200, 204, 301, 304, 399}) {
        auto const found = read(answer(status, "required index state not present").with("Retry-After", "1"));
        CHECK(found.status == status);
        CHECK(found.kind == refusal::none);
        CHECK_FALSE(found.retry_after.has_value());
        CHECK_FALSE(found.may_be_stale_negative);
    }
}

TEST_CASE("success is 2xx, a redirect any other 3xx than not modified")
{
    reader read;
    for (int const status : {200, 299})
        CHECK(read(answer(status)).is_success());
    for (int const status : {100, 199, 300, 404})
        CHECK_FALSE(read(answer(status)).is_success());
    for (int const status : {300, 303, 305, 307, 399})
        CHECK(read(answer(status)).is_redirect());
    for (int const status : {200, 299, 304, 400})
        CHECK_FALSE(read(answer(status)).is_redirect());
}

TEST_CASE("what shows that the node has looked at the index is success, or that there is nothing there")
{
    reader read;
    CHECK(read(answer(204)).shows_state());
    CHECK(read(answer(404)).shows_state());
    for (int const status : {307, 304, 400, 403, 405, 500}) // which may come before it looks
        CHECK_FALSE(read(answer(status)).shows_state());
}

TEST_CASE("a refusal is told with what it says of when to come again")
{
    reader read;
    CHECK(read(vault_stale()).kind == refusal::stale_index);
    CHECK_FALSE(read(vault_stale()).retry_after.has_value());
    read.carried = on_openbao;
    auto const found = read(openbao_stale());
    CHECK(found.kind == refusal::stale_index);
    CHECK(found.retry_after == 1s);
}

TEST_CASE("what was carried decides what a refusal refuses")
{
    reader read;
    read.marks.token_may_carry_index = true;
    CHECK(read(vault_stale()).kind == refusal::index_or_token);
    read.carried = {};
    CHECK(read(vault_stale()).kind == refusal::stale_token);
    auto const several = answer(400, refusal_answers::several_indices.body);
    read.carried = on_openbao;
    CHECK(read(several).kind != refusal::several_indices_refused);
    read.carried = states({vault("c", 0, 2), vault("c", 2, 0)});
    CHECK(read(several).kind == refusal::several_indices_refused);
    read.said.takes_several = false; // one was sent
    CHECK(read(several).kind != refusal::several_indices_refused);
}

TEST_CASE("only who asked to be held believes that this is not understood")
{
    reader read{.carried = on_openbao};
    auto const unknown = answer(400, refusal_answers::unknown_first.body);
    CHECK(read(unknown).kind == refusal::none);
    read.said.at = stage::hold;
    CHECK(read(unknown).kind == refusal::await_not_understood);
}

TEST_CASE("an answer teaches the view its cluster, and what it says of what was carried")
{
    reader read;
    auto const found = read(written(vault("c", 6, 0)));
    CHECK(found.news.has_index);
    CHECK_FALSE(found.news.is_foreign);
    CHECK(read.view.cluster() == "c");
    CHECK(read(written(vault("d", 6, 0))).news.has_changed);
    CHECK(read.view.cluster() == "d");
    CHECK_FALSE(read(answer(204)).news.has_index);
}

TEST_CASE("a node's health tells nothing of the cluster, and refuses nothing")
{
    reader read;
    read.marks.asks_health = true;
    auto const healthy = read(written(vault("c", 6, 0)));
    CHECK_FALSE(healthy.is_success());
    CHECK_FALSE(healthy.shows_state());
    CHECK_FALSE(healthy.news.has_index);
    CHECK(read.view.cluster().empty());
    CHECK(read(answer(473)).kind == refusal::health_answer);
}

TEST_CASE("a redirect to a declared node names the active one, and another redirect does not")
{
    reader read;
    read.view.add_node("https://b");
    CHECK_FALSE(read(redirect_to("https://evil/")).names_active_node);
    CHECK(read.view.active_address().empty());
    CHECK(read(redirect_to("https://b/v1/kv/foo")).names_active_node);
    CHECK(read.view.active_address() == "https://b");
    CHECK_FALSE(read(answer(302).with("Location", "https://b")).names_active_node);
}

TEST_CASE("a no that may be older than what was written is marked")
{
    reader read;
    CHECK(read(answer(404)).may_be_stale_negative);
    CHECK(read(answer(403)).may_be_stale_negative);
    CHECK(read(answer(400, "cannot write to readonly storage")).may_be_stale_negative);
    CHECK_FALSE(read(answer(400, "missing client token")).may_be_stale_negative);
    CHECK_FALSE(read(vault_stale()).may_be_stale_negative);
}

TEST_CASE("who cannot serve anybody now is a gateway without its node, or a node without the active one")
{
    reader read;
    for (int const status : {502, 503, 504})
        CHECK(read(answer(status)).is_unreachable());
    CHECK(read(no_active_node()).is_unreachable());
    for (int const status : {200, 404, 412, 429, 500, 501, 505})
        CHECK_FALSE(read(answer(status)).is_unreachable());
    CHECK_FALSE(read(vault_stale()).is_unreachable());
}

TEST_CASE("of an answer that nobody has read nothing is known")
{
    answer_reading const none;
    CHECK(none.status == 0);
    CHECK(none.kind == refusal::none);
    CHECK_FALSE((none.asked_health || none.names_active_node || none.may_be_stale_negative));
    CHECK_FALSE((none.is_success() || none.is_redirect() || none.is_unreachable()));
}
