// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/refusal_answer.hpp>

#include <afterwrite/bytes/json.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>

using namespace afterwrite;
using namespace refusal_answers;

namespace {

constexpr refusal_answer all[] = {
    forward_disabled,    forward_inconsistent_disabled,
    vault_stale,         openbao_stale,
    openbao_stale_token, several_indices,
    unreadable_index,    several_inconsistent,
    fail_with_more,      forward_with_more,
    unknown_second,      unknown_first,
};

std::string_view value_of(refusal_answer const& answer, std::string_view name)
{
    for (auto const& field : answer.fields)
        if (field.name == name)
            return field.value;
    return {};
}

} // namespace

TEST_CASE("each is JSON with a list of errors, and no two are alike")
{
    std::set<std::string_view> bodies;
    for (auto const& answer : all) {
        CAPTURE(std::string(answer.body));
        json_reader json(answer.body);
        CHECK(json.skip_value());
        CHECK(json.at_end());
        CHECK(answer.body.starts_with("{\"errors\":["));
        CHECK(bodies.insert(answer.body).second);
        CHECK(answer.status >= 400);
        CHECK(answer == answer);
        CHECK(value_of(answer, "Content-Type") == "application/json");
        CHECK(value_of(answer, "Cache-Control") == "no-store");
    }
}

TEST_CASE("OpenBao's stale index alone says when to come again")
{
    for (auto const& answer : all)
        CHECK(value_of(answer, "Retry-After") == (answer == openbao_stale ? "1" : ""));
    CHECK(openbao_stale.status == 429);
}

TEST_CASE("a client of this library takes each for what it is")
{
    auto const read = [](refusal_answer const& answer, dialect form) {
        return classify({.status = answer.status,
                         .has_retry_after = !value_of(answer, "Retry-After").empty(),
                         .body = answer.body,
                         .carried_index = true,
                         .carried_form = form,
                         .token_may_carry_index = false});
    };
    CHECK(read(vault_stale, dialect::vault) == refusal::stale_index);
    CHECK(read(openbao_stale, dialect::openbao) == refusal::stale_index);
    CHECK(read(openbao_stale_token, dialect::openbao) == refusal::stale_token);
    CHECK(read(forward_disabled, dialect::vault) == refusal::forwarding_not_allowed);
    CHECK(read(forward_inconsistent_disabled, dialect::vault) == refusal::forwarding_not_allowed);
    CHECK(read(unreadable_index, dialect::openbao) == refusal::index_not_understood);
}

TEST_CASE("fields are equal if their names and values are; answers, if they have the same fields")
{
    answer_field const fields[] = {{"a", "1"}, {"a", "2"}, {"b", "1"}};
    CHECK(fields[0] == answer_field{"a", "1"});
    CHECK_FALSE(fields[0] == fields[1]);
    CHECK_FALSE(fields[0] == fields[2]);
    refusal_answer const one{.status = 400, .fields = {fields, 1}};
    CHECK(one == refusal_answer{.status = 400, .fields = {fields, 1}});
    CHECK_FALSE(one == refusal_answer{.status = 400, .fields = {fields, 2}});
    CHECK_FALSE(one == refusal_answer{.status = 400, .fields = {fields + 1, 1}});
}

TEST_CASE("what is stale has the status by which its server's clients tell it; all else is a bad request")
{
    CHECK(vault_stale.status == 412);
    CHECK(openbao_stale.status == 429);
    CHECK(openbao_stale_token.status == 412);
    for (auto const& answer : all)
        if (answer.status != 412 && answer.status != 429)
            CHECK(answer.status == 400);
}

TEST_CASE("nothing is refused at first")
{
    CHECK(refusal_answer().status == 0);
    CHECK(refusal_answer().body.empty());
    CHECK(refusal_answer().fields.empty());
}
