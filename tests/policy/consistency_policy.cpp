// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/consistency_policy.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

using namespace afterwrite;
using namespace std::chrono_literals;

TEST_CASE("the modes are configured in Vault's words")
{
    static_assert(to_string(enforce_consistency::never) == "never");
    static_assert(to_string(enforce_consistency::always) == "always");
    static_assert(to_string(when_inconsistent::fail) == "fail");
    static_assert(to_string(when_inconsistent::retry) == "retry");
    static_assert(to_string(when_inconsistent::await) == "await");
    static_assert(to_string(when_inconsistent::forward) == "forward");
    static_assert(to_string(when_inconsistent::retry_then_forward) == "retry_then_forward");
}

TEST_CASE("each word is read as what it is written from")
{
    for (auto const enforce : {enforce_consistency::never, enforce_consistency::always})
        CHECK(from_string<enforce_consistency>(to_string(enforce)) == enforce);
    for (auto const when : {when_inconsistent::fail, when_inconsistent::retry, when_inconsistent::await,
                            when_inconsistent::forward, when_inconsistent::retry_then_forward})
        CHECK(from_string<when_inconsistent>(to_string(when)) == when);
    static_assert(from_string<when_inconsistent>("retry") == when_inconsistent::retry);
}

TEST_CASE("a type has no words unless it is said which")
{
    enum class silent { nothing };
    static_assert(detail::words<silent> == 0);
}

TEST_CASE("any other word is nothing, rather than a default")
{
    for (std::string_view const word :
         {"", "Retry", "RETRY", " retry", "retry ", "always", "retry-then-forward"})
        CHECK_FALSE(from_string<when_inconsistent>(word).has_value());
    for (std::string_view const word : {"", "Never", "true", "retry"})
        CHECK_FALSE(from_string<enforce_consistency>(word).has_value());
}

TEST_CASE("the default keeps the promise without further ado")
{
    constexpr consistency_policy policy;
    CHECK(policy.enforce == enforce_consistency::always);
    CHECK(policy.when == when_inconsistent::retry_then_forward);
    CHECK(policy.limit == retry_limit());
    CHECK(policy.wait == backoff::learned());
    CHECK(policy.forward_after == consistency_policy::as_learned);
    CHECK(policy.stale_negatives == 0s);
}

TEST_CASE("the profiles differ in how long somebody may have to wait, and in nothing else")
{
    CHECK(consistency_policy::interactive().limit.timeout == 5s);
    CHECK(consistency_policy::standard().limit.timeout == 15s);
    CHECK(consistency_policy::patient().limit.timeout == 180s);
    CHECK(consistency_policy::standard() == consistency_policy());
    for (auto profile : {consistency_policy::interactive(), consistency_policy::patient()}) {
        CHECK(profile != consistency_policy());
        profile.limit = {};
        CHECK(profile == consistency_policy());
    }
}

TEST_CASE("as learned is no time that anybody could mean")
{
    static_assert(consistency_policy::as_learned < 0s);
    consistency_policy const at_once{.forward_after = 0s};
    CHECK(at_once != consistency_policy());
}

TEST_CASE("Vault's Go client gives up after two retries, or a minute")
{
    constexpr auto policy = consistency_policy::vault_go();
    CHECK(policy.enforce == enforce_consistency::always);
    CHECK(policy.when == when_inconsistent::retry);
    CHECK(policy.limit.max_attempts == 3);
    CHECK(policy.limit.timeout == 60s);
    CHECK(policy.wait == backoff::vault_go());
    CHECK(policy != consistency_policy());
}

TEST_CASE("a mode that is none is called as the safest one") // it tells the caller
{
    CHECK(to_string(static_cast<when_inconsistent>(99)) == "fail");
}

TEST_CASE("policies that differ anywhere are not equal")
{
    for (auto const& other :
         {consistency_policy{.enforce = enforce_consistency::never},
          consistency_policy{.when = when_inconsistent::retry},
          consistency_policy{.limit = {.max_attempts = 1}}, consistency_policy{.limit = {.timeout = 1s}},
          consistency_policy{.limit = {.max_repeats = 0}}, consistency_policy{.wait = backoff::vault_go()},
          consistency_policy{.repeat_wait = {.first = 1s}}, consistency_policy{.forward_after = 1s},
          consistency_policy{.stale_negatives = 1s}})
        CHECK_FALSE(other == consistency_policy());
}

TEST_CASE("after a failure it waits half a second, then longer, and never more than four")
{
    constexpr consistency_policy policy;
    CHECK(policy.repeat_wait.first == 500ms);
    for (std::uint32_t const retry : {4U, 5U, 100U}) {
        CHECK(policy.repeat_wait.delay(retry, UINT64_MAX) > 3900ms);
        CHECK(policy.repeat_wait.delay(retry, UINT64_MAX) <= 4s);
    }
}
