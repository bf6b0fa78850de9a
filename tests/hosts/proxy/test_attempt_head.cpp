// SPDX-License-Identifier: BSL-1.0
#include "attempt_head.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace proxy;

namespace {

request_head client_head()
{
    request_head head;
    head.set("X-Vault-Token", "t");
    head.set("X-Vault-Index", "");
    return head;
}

std::string written(attempt_head const& head)
{
    std::string text;
    head.append_fields_to(text);
    return text;
}

void set(attempt_head& head, std::string_view name, std::vector<std::string_view> const& values)
{
    afterwrite::message_traits<attempt_head>::set(head, name, values);
}

} // namespace

TEST_CASE("as long as nothing is set, the client's fields go as they are")
{
    auto client = client_head();
    attempt_head const head(client);
    CHECK(written(head) == "X-Vault-Token: t\r\nX-Vault-Index: \r\n");
    CHECK(head.has("x-vault-token"));
    CHECK_FALSE(head.has("X-Vault-Forward"));
}

TEST_CASE("what is set stands behind the client's, takes the place of its own, and of what was set before")
{
    auto client = client_head();
    attempt_head head(client);
    set(head, "X-Vault-Index", {"one", "two"});
    set(head, "X-Vault-Forward", {"active-node"});
    CHECK(written(head) == "X-Vault-Token: t\r\nX-Vault-Index: one\r\nX-Vault-Index: two\r\n"
                           "X-Vault-Forward: active-node\r\n");
    std::vector<std::string> seen;
    head.for_each("X-Vault-Index", [&](std::string_view value) { seen.emplace_back(value); });
    CHECK(seen == std::vector<std::string>{"one", "two"});
    set(head, "X-Vault-Index", {"three"});
    head.remove("X-Vault-Forward");
    CHECK(written(head) == "X-Vault-Token: t\r\nX-Vault-Index: three\r\n");
    CHECK(head.has("X-Vault-Index"));
    CHECK_FALSE(head.has("X-Vault-Forward"));
}

TEST_CASE("there is room for all fields of an attempt")
{
    auto client = client_head();
    attempt_head head(client);
    set(head, "X-Vault-Index", std::vector<std::string_view>(afterwrite::max_attempt_lines - 3, "index"));
    set(head, "X-Vault-Inconsistent", {"await-state", "fail"});
    set(head, "X-Vault-Forward", {"active-node"});
    std::size_t lines = 0;
    for (char const c : written(head))
        lines += c == '\n' ? 1 : 0;
    CHECK(lines == afterwrite::max_attempt_lines + 1); // and the token
}
