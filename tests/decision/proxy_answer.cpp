// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/proxy_answer.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace afterwrite;

namespace {

constexpr step given_up(reason why, refusal refused_as = refusal::none)
{
    return {.what = action::give_up, .why = why, .refused_as = refused_as};
}

} // namespace

TEST_CASE("an answer that is delivered goes to the client as it is")
{
    for (int const status : {200, 204, 307, 404, 412, 500})
        CHECK(answer_instead({.what = action::deliver, .why = reason::answered}, {.status = status}).status ==
              0);
}

TEST_CASE("a refusal reaches the client as it is, whatever ended the exchange")
{
    for (auto const why : {reason::refused, reason::attempts_exhausted, reason::deadline_passed,
                           reason::body_not_replayable, reason::outcome_unknown, reason::cancelled})
        for (int const status : {300, 412, 429, 503})
            for (bool const is_joined : {false, true}) {
                proxy_ending const end{.status = status, .was_sent = true, .is_joined = is_joined};
                CHECK(answer_instead(given_up(why, refusal::stale_index), end).status == 0);
            }
}

TEST_CASE("an answer that nothing is proven of never reaches the client")
{
    int status = 0;
    auto const instead = [&status](reason why, bool is_read, dialect form) {
        return answer_instead(given_up(why),
                              {.status = status, .was_sent = true, .is_read = is_read, .form = form});
    };
    for (int const success : {1, 200, 299})
        for (auto const why : {reason::unproven, reason::deadline_passed, reason::attempts_exhausted}) {
            status = success;
            CHECK(instead(why, true, dialect::vault) == refusal_answers::vault_stale);
            CHECK(instead(why, true, dialect::unknown) == refusal_answers::vault_stale);
            CHECK(instead(why, true, dialect::openbao) == refusal_answers::openbao_stale);
            CHECK(instead(why, false, dialect::vault) == proxy_answers::unproven_write);
        }
    CHECK(answer_instead(given_up(reason::unproven), {.status = 404}) == refusal_answers::vault_stale);
}

TEST_CASE("a read that waited behind another one in vain is refused as that one is")
{
    auto const end = given_up(reason::deadline_passed);
    CHECK(answer_instead(end, {.is_joined = true}) == refusal_answers::vault_stale);
    CHECK(answer_instead(end, {.is_joined = true, .form = dialect::openbao}) ==
          refusal_answers::openbao_stale);
}

TEST_CASE("where no answer came, the client is told why")
{
    for (auto const why : {reason::attempts_exhausted, reason::outcome_unknown, reason::deadline_passed})
        CHECK(answer_instead(given_up(why), {.was_sent = true}) == proxy_answers::no_answer);
    CHECK(answer_instead(given_up(reason::deadline_passed), {}) == proxy_answers::no_time);
    CHECK(answer_instead(given_up(reason::cancelled), {.was_sent = true}) == proxy_answers::cancelled);
    for (int const status : {0, 412}) {
        CHECK(answer_instead(given_up(reason::not_offered), {.status = status}) ==
              proxy_answers::not_offered);
        CHECK(answer_instead(given_up(reason::regressed), {.status = status}) == proxy_answers::regressed);
    }
}

TEST_CASE("what the proxy says itself is JSON in the servers' form, and never 500")
{
    for (auto const& said :
         {proxy_answers::no_answer, proxy_answers::unproven_write, proxy_answers::not_offered,
          proxy_answers::regressed, proxy_answers::cancelled, proxy_answers::no_time}) {
        CHECK(said.status > 500);
        CHECK(said.status <= 504);
        CHECK(said.body.starts_with("{\"errors\":[\""));
        CHECK(said.body.ends_with("\"]}"));
        CHECK(said.fields.size() == 2);
    }
}

TEST_CASE("what the proxy says tells the client's stack whose fault it is, by the status")
{
    CHECK(proxy_answers::no_answer.status == 502);
    CHECK(proxy_answers::unproven_write.status == 502);
    CHECK(proxy_answers::not_offered.status == 503); // nothing was sent: it may be repeated
    CHECK(proxy_answers::regressed.status == 503);
    CHECK(proxy_answers::cancelled.status == 503);
    CHECK(proxy_answers::no_time.status == 504);
}

TEST_CASE("of an exchange of which nothing is told nothing was sent, and it was a read")
{
    proxy_ending const none;
    CHECK(none.status == 0);
    CHECK_FALSE((none.was_sent || none.is_joined));
    CHECK(none.is_read);
    CHECK(none.form == dialect::unknown);
}
