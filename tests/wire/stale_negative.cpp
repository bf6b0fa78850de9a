// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/stale_negative.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace afterwrite;

namespace {

constexpr std::string_view readonly =
    R"({"errors":["error performing token check: failed to persist lease entry: )"
    R"(cannot write to readonly storage"]})";
constexpr std::string_view no_lease =
    R"({"errors":["error performing token check: no lease entry found for token that ought to have one, )"
    R"(possible eventual consistency issue"]})";
constexpr std::string_view empty_errors = "{\"errors\":[]}\n";

} // namespace

static_assert(is_stale_negative(404, empty_errors));

TEST_CASE("what is not found, or not permitted, may be what has not arrived, whatever the words")
{
    for (std::string_view const body :
         {std::string_view(), empty_errors, std::string_view(R"({"errors":["permission denied"]})"), readonly,
          std::string_view("<html>404</html>"), std::string_view("\0\xff", 2)}) {
        CHECK(is_stale_negative(403, body));
        CHECK(is_stale_negative(404, body));
    }
}

TEST_CASE("400 and 500 only where they speak of a storage that a standby must not write to")
{
    CHECK(is_stale_negative(400, readonly));
    CHECK(is_stale_negative(500, readonly));
    for (int const status : {400, 500})
        for (std::string_view const body :
             {std::string_view(), empty_errors, std::string_view(R"({"errors":["internal error"]})"),
              std::string_view(R"({"errors":["Upgrading from non-versioned to versioned data."]})")})
            CHECK_FALSE(is_stale_negative(status, body));
}

TEST_CASE("500 also where a token's lease is missing")
{
    CHECK(is_stale_negative(500, no_lease));
    CHECK_FALSE(is_stale_negative(400, no_lease));
}

TEST_CASE("no other status is a no of this kind")
{
    for (int const status :
         {-1, 0, 200, 204, 307, 401, 402, 405, 410, 412, 429, 473, 501, 502, 503, 504, 599})
        for (auto const body : {readonly, no_lease, empty_errors})
            CHECK_FALSE(is_stale_negative(status, body));
}

TEST_CASE("the first 4 KiB of a body are looked at, and not a byte more")
{
    constexpr std::string_view words = "cannot write to readonly storage";
    std::string body(max_inspected_body - words.size(), ' ');
    body += words;
    CHECK(is_stale_negative(500, body));
    CHECK_FALSE(is_stale_negative(500, ' ' + body));
    CHECK_FALSE(is_stale_negative(400, std::string(10'000'000, ' ') + body));
}

TEST_CASE("every cut of an answer is safe to look at, and says no until its words are whole")
{
    auto const whole = no_lease.find(", possible");
    for (std::size_t size = 0; size <= no_lease.size(); ++size)
        CHECK(is_stale_negative(500, no_lease.substr(0, size)) == (size >= whole));
}
