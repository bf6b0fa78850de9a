// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/attempt_fields.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/test_message.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

constexpr stage stages[] = {stage::ask, stage::hold, stage::forward, stage::active, stage::lagging};

/// The same message in a stack that can send one field a name only.
struct single_field_message : test_message {};

/// The same message in a stack that cannot set a field to nothing.
struct strict_message : test_message {};

template <class Message = test_message>
Message prepared(required_states const& required, attempt_fields const& fields)
{
    Message message;
    set_attempt_fields(message, required, fields);
    return message;
}

texts inconsistent(dialect form, stage at)
{
    auto const required = form == dialect::openbao ? states({openbao("c", "1")}) : states({vault("c", 1, 0)});
    return prepared(required, {at, form}).values("X-Vault-Inconsistent");
}

} // namespace

template <>
struct afterwrite::message_traits<single_field_message> : message_traits<test_message> {
    static constexpr bool repeats_fields = false;
};

template <>
struct afterwrite::message_traits<strict_message> : message_traits<test_message> {
    static void set(test_message& m, std::string_view name, std::span<std::string_view const> values)
    {
        CHECK_FALSE(values.empty());
        message_traits<test_message>::set(m, name, values);
    }
};

TEST_CASE("Vault is asked with the index alone, and refuses without being told")
{
    CHECK(inconsistent(dialect::vault, stage::ask).empty());
    CHECK(inconsistent(dialect::vault, stage::lagging).empty());
    CHECK(inconsistent(dialect::vault, stage::active).empty());
    CHECK(inconsistent(dialect::vault, stage::forward) == texts{"forward-active-node"});
}

TEST_CASE("OpenBao is told what to do, the fallback in a field of its own")
{
    CHECK(inconsistent(dialect::openbao, stage::ask) == texts{"fail"});
    CHECK(inconsistent(dialect::openbao, stage::lagging) == texts{"fail"});
    CHECK(inconsistent(dialect::openbao, stage::hold) == texts{"await-state", "fail"});
    CHECK(inconsistent(dialect::openbao, stage::forward) == texts{"forward-active-node"});
    CHECK(inconsistent(dialect::openbao, stage::active) == texts{"forward-active-node"});
}

TEST_CASE(
    "without an index nothing is said of inconsistency: it would decide nothing, or allow a stale answer")
{
    for (auto const form : {dialect::unknown, dialect::vault, dialect::openbao})
        for (auto const at : stages)
            CHECK(prepared({}, {at, form}).fields.empty());
}

TEST_CASE("each state is sent in a field of its own, as it was received")
{
    auto const required = states({vault("c", 2, 0), vault("c", 0, 2)});
    CHECK(sorted(prepared(required, {stage::ask, dialect::vault}).values("X-Vault-Index")) ==
          texts_of(required));
    CHECK(prepared(required, {stage::ask, dialect::vault}).values("X-Vault-Index").size() == 2);
}

TEST_CASE("OpenBao takes one index: of several the newest is sent")
{
    auto const required = states({openbao("c", "abc"), openbao("c", "xyz")});
    for (auto const at : stages)
        CHECK(prepared(required, {at, dialect::openbao}).values("X-Vault-Index") ==
              texts{openbao("c", "xyz")});
}

TEST_CASE("a stack that cannot repeat a field sends what the active node may lack: the replicated part")
{
    auto const one = states({vault("c", 1, 0)});
    auto const two = states({vault("c", 2, 0), vault("c", 0, 2)});
    CHECK(prepared<single_field_message>(one, {stage::ask, dialect::vault}).values("X-Vault-Index").size() ==
          1);
    auto const message = prepared<single_field_message>(two, {stage::active, dialect::vault, true});
    CHECK(message.values("X-Vault-Index") == texts{vault("c", 0, 2)});
    CHECK(message.values("X-Vault-Forward") == texts{"active-node"});
}

TEST_CASE("the active node is asked for by a field where that is meant, with or without an index")
{
    CHECK(prepared({}, {stage::active, dialect::vault, true}).values("X-Vault-Forward") ==
          texts{"active-node"});
    CHECK(prepared(states({vault("c", 1, 0)}), {stage::active, dialect::vault, true})
              .values("X-Vault-Forward") == texts{"active-node"});
    CHECK(prepared({}, {stage::active, dialect::vault, false}).fields.empty());
    for (auto const at : {stage::ask, stage::hold, stage::forward, stage::lagging})
        CHECK(prepared({}, {at, dialect::vault, true}).fields.empty());
}

TEST_CASE("nothing of an earlier attempt stays, whoever wrote it, and nothing else is touched")
{
    for (auto const& required : {required_states(), states({vault("c", 1, 0)}), states({openbao("c", "1")})})
        for (auto const form : {dialect::vault, dialect::openbao})
            for (auto const at : stages) {
                auto message = get()
                                   .with("x-vault-index", "old")
                                   .with("X-VAULT-INDEX", "older")
                                   .with("x-vault-inconsistent", "await-state")
                                   .with("x-vault-forward", "active-node")
                                   .with("X-Vault-Token", "t");
                set_attempt_fields(message, required, {at, form});
                CHECK(message.values("X-Vault-Index") == texts_of(required));
                CHECK(message.values("X-Vault-Inconsistent") ==
                      prepared(required, {at, form}).values("X-Vault-Inconsistent"));
                CHECK(message.values("X-Vault-Forward").empty());
                CHECK(message.values("X-Vault-Token") == texts{"t"});
            }
}

TEST_CASE("the bound on an attempt's lines holds for all that a session can require")
{
    std::vector<std::string> indices;
    for (char cluster = 'a'; cluster < 'a' + required_states::max_clusters; ++cluster) {
        indices.push_back(vault(std::string(1, cluster), 2, 0));
        indices.push_back(vault(std::string(1, cluster), 0, 2));
    }
    auto const required = states(indices);
    CHECK(max_attempt_lines ==
          indices.size() + 2 + 1); // two that say what to do, and one for the active node
    for (auto const at : stages) {
        auto const message = prepared(required, {at, dialect::vault, true});
        CHECK(sorted(message.values("X-Vault-Index")) == sorted(indices));
        CHECK(message.fields.size() <= max_attempt_lines);
    }
}

TEST_CASE("an attempt of which nothing is said just asks, and may bring several indices")
{
    attempt_fields const plain;
    CHECK(plain.at == stage::ask);
    CHECK(plain.form == dialect::unknown);
    CHECK_FALSE(plain.by_field);
    CHECK(plain.takes_several);
}

TEST_CASE("what has no value is removed, and never set to nothing")
{
    for (auto const& required : {required_states(), states({vault("c", 1, 0)})})
        for (auto const at : stages)
            CHECK(prepared<strict_message>(required, {at, dialect::vault}).fields ==
                  prepared(required, {at, dialect::vault}).fields);
}
