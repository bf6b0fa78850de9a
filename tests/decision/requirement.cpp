// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/requirement.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/test_message.hpp"
#include "support/tokens.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace support;

static_assert(std::is_trivially_copyable_v<requirement>);
static_assert(sizeof(requirement) < 512);

namespace {

/// A message of a stack that joins lines of one name.
struct joined_message {
    test_message held;
};

/// One that can be read in a constant expression, where nothing is allocated.
struct constant_message {
    std::string_view inconsistent, forward;
};

} // namespace

template <>
struct afterwrite::message_traits<joined_message> {
    static constexpr bool joins_fields = true;

    template <class Visit>
    static void for_each(joined_message const& m, std::string_view name, Visit&& visit)
    {
        std::string all;
        auto const values = m.held.values(name);
        for (auto const& value : values)
            all += (all.empty() ? "" : ", ") + value;
        if (!values.empty())
            visit(std::string_view(all));
    }
};

template <>
struct afterwrite::message_traits<constant_message> {
    template <class Visit>
    static constexpr void for_each(constant_message const& m, std::string_view name, Visit&& visit)
    {
        if (name == field_names::inconsistent)
            visit(m.inconsistent);
        if (name == field_names::forward)
            visit(m.forward);
    }
};

namespace {

requirement of(std::vector<std::pair<std::string_view, std::string>> const& fields)
{
    auto request = get();
    for (auto const& [name, value] : fields)
        request.with(name, value);
    return requirement_of(request);
}

requirement of_path(std::string_view path) { return requirement_of(get(path)); }

constexpr auto index_field = field_names::index;
constexpr auto inconsistent = field_names::inconsistent;

} // namespace

TEST_CASE("a request without any of the fields requires nothing")
{
    auto const asked = of({});
    CHECK(asked.index_lines == 0);
    CHECK(asked.vault == wal_state{});
    CHECK_FALSE(asked.has_unusable_line);
    CHECK(asked.reading == openbao_reading::absent);
    CHECK(asked.inconsistent_lines == 0);
    CHECK(asked.forward == forward_word::absent);
    CHECK_FALSE(asked.refuses_forwarding);
    CHECK_FALSE(asked.token);
    CHECK_FALSE(asked.is_login);
    CHECK_FALSE(asked.asks_node);
}

TEST_CASE("it is read without allocating anything")
{
    constexpr auto asked = requirement_of(constant_message{"await-state", "active-node"});
    static_assert(asked.inconsistent[0] == inconsistent_word::await_state);
    static_assert(asked.forward == forward_word::active_node);
    CHECK(asked.inconsistent_lines == 1);
}

TEST_CASE("lines of Vault are required together")
{
    auto const asked = of({{index_field, vault("c", 5, 1)}, {"x-vault-index", vault("c", 3, 9)}});
    CHECK(asked.index_lines == 2);
    CHECK(asked.vault.cluster == "c");
    CHECK(asked.vault.position == wal_position{5, 9});
    CHECK_FALSE(asked.has_unusable_line);
}

TEST_CASE("a line of Vault that no node could have is told, wherever it stands")
{
    auto const good = vault("c", 5, 1);
    for (auto const& bad : {std::string(), std::string("garbage"), vault("d", 1, 0), openbao("c", "1"),
                            good + ", " + good, std::string(300, 'A')}) {
        CAPTURE(bad);
        auto const asked = of({{index_field, good}, {index_field, bad}});
        CHECK(asked.has_unusable_line);
        CHECK(asked.vault == wal_state{cluster_id("c"), {5, 1}}); // of the lines that can be used
        CHECK(of({{index_field, bad}, {index_field, good}}).has_unusable_line);
    }
    CHECK(of({{index_field, std::string()}}).has_unusable_line);
    CHECK_FALSE(of({{index_field, vault("d", 1, 0)}}).has_unusable_line); // whose it is, only the node knows
}

TEST_CASE("so many lines are read, and one more is one too many")
{
    CHECK(requirement::max_index_lines == 2 * 16); // twice what a session sends
    auto request = get();
    for (std::size_t i = 0; i < requirement::max_index_lines; ++i)
        request.with(index_field, vault("c", i, 0));
    CHECK_FALSE(requirement_of(request).has_unusable_line);
    CHECK(requirement_of(request).vault.position.local == requirement::max_index_lines - 1);
    request.with(index_field, vault("c", 0, 0));
    CHECK(requirement_of(request).has_unusable_line);
    CHECK(requirement_of(request).index_lines == requirement::max_index_lines + 1);
}

TEST_CASE("beside the server a line counts only if it is signed")
{
    constexpr hmac_key other("another key");
    auto const request = get().with(index_field, vault("c", 5, 1)).with(field_names::token, vault_token(300));
    CHECK(requirement_of(request, test_key).vault.position == wal_position{5, 1});
    CHECK_FALSE(requirement_of(request, test_key).token); // which another key signed
    CHECK(requirement_of(request, other).has_unusable_line);
    CHECK(requirement_of(request, token_key).token);
    CHECK(requirement_of(request).token);
}

TEST_CASE("OpenBao reads its only line, and counts the others")
{
    auto const asked = of({{index_field, openbao("c", "12")}});
    CHECK(asked.reading == openbao_reading::readable);
    CHECK(asked.openbao.cluster == "c");
    CHECK(asked.openbao.value == "12");
    CHECK(of({{index_field, openbao("c", "12")}, {index_field, ""}}).index_lines == 2);
    auto const two = of({{index_field, openbao("c", "12")}, {index_field, openbao("c", "13")}});
    CHECK(two.index_lines == 2);
    CHECK(two.openbao.value == "12"); // though no server looks at it then
}

TEST_CASE("what OpenBao takes for no index, for an error, and what nobody here can judge")
{
    auto const reading = [](std::string const& line) { return of({{index_field, line}}).reading; };
    CHECK(reading("") == openbao_reading::absent);
    CHECK(reading(base64_encode("{}")) == openbao_reading::absent);
    CHECK(reading(base64_encode("null")) == openbao_reading::absent);
    CHECK(reading(base64_encode(R"({"cluster":"c"})")) == openbao_reading::absent);
    CHECK(reading(base64_encode(R"({"cluster":")" + std::string(65, 'c') + R"(","value":"1"})")) ==
          openbao_reading::absent);
    CHECK(reading("garbage") == openbao_reading::unreadable);
    CHECK(reading(base64_encode("[]")) == openbao_reading::unreadable);
    CHECK(reading(vault("c", 1, 0)) == openbao_reading::unreadable);
    CHECK(reading(openbao("c", "1") + "," + openbao("c", "1")) == openbao_reading::unreadable);
    CHECK(reading(openbao_past_bound("c")) == openbao_reading::past_bound);
    CHECK(reading(base64_encode(std::string(300, ' ') + R"({"cluster":"c","value":"1"})")) ==
          openbao_reading::past_bound);
}

TEST_CASE("the words of X-Vault-Inconsistent count as they are spelt, in their order")
{
    auto const asked = of({{inconsistent, "await-state"}, {inconsistent, "fail"}, {inconsistent, "x"}});
    CHECK(asked.inconsistent_lines == 3);
    CHECK(asked.forward == forward_word::absent);
    CHECK(asked.inconsistent[0] == inconsistent_word::await_state);
    CHECK(asked.inconsistent[1] == inconsistent_word::fail);
    CHECK(of({{inconsistent, "forward-active-node"}}).inconsistent[0] ==
          inconsistent_word::forward_active_node);
    CHECK(of({{inconsistent, "fail"}}).inconsistent[1] == inconsistent_word::none);
    for (auto const* const word : {"", "Fail", "await-state, fail", "forward", " "})
        CHECK(of({{inconsistent, word}}).inconsistent[0] == inconsistent_word::other);
}

TEST_CASE("of the other fields the first line counts, and an empty one is absent")
{
    constexpr auto forward = field_names::forward;
    CHECK(of({{forward, "active-node"}}).forward == forward_word::active_node);
    CHECK(of({{forward, "Active-Node"}}).forward == forward_word::other);
    CHECK(of({{forward, ""}, {forward, "active-node"}}).forward == forward_word::absent);
    CHECK(of({{forward, "x"}, {forward, "active-node"}}).forward == forward_word::other);
    CHECK(of({{"X-Vault-No-Request-Forwarding", "false"}}).refuses_forwarding);
    CHECK_FALSE(of({{"X-Vault-No-Request-Forwarding", ""}}).refuses_forwarding);
}

TEST_CASE("the token is the first of its field, or else the first bearer")
{
    constexpr auto field = field_names::token;
    constexpr auto authorization = field_names::authorization;
    auto const local = [](requirement const& asked) {
        return asked.token ? std::string(asked.token->local_index.view()) : "none";
    };
    CHECK(local(of({{field, vault_token(1)}, {field, vault_token(2)}})) == "1");
    CHECK(local(of({{field, vault_token(1)}, {authorization, "Bearer " + vault_token(2)}})) == "1");
    CHECK(local(of({{authorization, "Bearer " + vault_token(2)}, {field, vault_token(1)}})) == "1");
    CHECK(local(of({{field, ""}, {authorization, "Bearer  " + vault_token(2)}})) == "2");
    CHECK(local(of({{field, ""}, {authorization, "Bearer   " + vault_token(2)}})) == "2");
    CHECK(local(of({{authorization, "Basic eA=="},
                    {authorization, "Bearer " + vault_token(2)},
                    {authorization, "Bearer " + vault_token(3)}})) == "2");
    CHECK(local(of({{authorization, vault_token(2)}})) == "none");
    CHECK(local(of({{field, "root"}, {authorization, "Bearer " + vault_token(2)}})) == "none");
    CHECK(of({{field, openbao_token("7")}}).token->form == dialect::openbao);
}

TEST_CASE("a login is told by its path")
{
    for (auto const* const path : {"/v1/auth/userpass/login/anna", "/v1/auth/jwt/login", "/v1/auth/j/login",
                                   "/v1/ns1/auth/a/b/login/x?y=z", "/gateway/v1/auth/jwt/login"})
        CHECK(of_path(path).is_login);
    for (auto const* const path :
         {"/v1/auth/userpass/users/anna", "/v1/kv/login", "/v1/kv/x?y=/auth/jwt/login", "/v1/xauth/jwt/login",
          "/v1/auth/jwt/loginx", "/auth/jwt/login", "/v1/auth/login", "/v1/auth//login", ""})
        CHECK_FALSE(of_path(path).is_login);
}

TEST_CASE("paths that tell of the node alone are told apart")
{
    for (auto const* const path : {"/v1/sys/health?standbyok=true", "/v1/sys/leader", "/v1/sys/seal-status"})
        CHECK(of_path(path).asks_node);
    for (auto const* const path : {"/v1/sys/healthy", "/v1/kv/sys/health", "/v1/kv?/v1/sys/health", "/"})
        CHECK_FALSE(of_path(path).asks_node);
}

TEST_CASE("lines that a stack has joined are taken apart")
{
    joined_message const joined{get()
                                    .with(index_field, vault("c", 5, 1))
                                    .with(index_field, vault("c", 3, 9))
                                    .with(inconsistent, "await-state")
                                    .with(inconsistent, "fail")};
    auto const asked = requirement_of(joined);
    CHECK(asked.index_lines == 2);
    CHECK(asked.vault.position == wal_position{5, 9});
    CHECK_FALSE(asked.has_unusable_line);
    CHECK(asked.inconsistent_lines == 2);
    CHECK(asked.inconsistent[1] == inconsistent_word::fail);
}
