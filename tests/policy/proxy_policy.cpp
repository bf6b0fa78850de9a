// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/proxy_policy.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

using namespace afterwrite;

namespace {

/// What is said of a configuration that is refused, behind its line: "3: Unknown ...".
std::string error_of(std::string_view configuration)
{
    auto const policy = parse_proxy_policy(configuration);
    return policy ? "none" : std::to_string(policy.error().line) + ": " + policy.error().message;
}

std::string in_block(std::string_view block, std::string_view key, std::string_view word)
{
    return std::string(block).append(" { ").append(key).append(" = \"").append(word).append("\" }\n");
}

proxy_policy policy_of(std::string_view configuration)
{
    auto const policy = parse_proxy_policy(configuration);
    REQUIRE_MESSAGE(policy.has_value(), policy.error().message);
    return *policy;
}

constexpr std::string_view both_enforce =
    "enforce_consistency configured in both api_proxy and cache blocks. "
    "Please remove this configuration from the cache block.";
constexpr std::string_view both_when = "when_inconsistent configured in both api_proxy and cache blocks. "
                                       "Please remove this configuration from the cache block.";

} // namespace

TEST_CASE("a proxy that is told nothing enforces nothing, as Vault Agent")
{
    constexpr proxy_policy policy;
    CHECK(policy.consistency.enforce == enforce_consistency::never);
    CHECK(policy.consistency.when == when_inconsistent::fail);
    CHECK(policy.scope == proxy_scope::identity);
    for (std::string_view const text :
         {"", "# nothing\n", "{}", "api_proxy {}", "cache {}", "api_proxy {} cache {}",
          "api_proxy { enforce_consistency = \"\" when_inconsistent = \"\" }"})
        CHECK(policy_of(text) == policy);
}

TEST_CASE("Agent's words are read, and ours beside them, from either block")
{
    std::pair<std::string_view, when_inconsistent> const words[] = {
        {"fail", when_inconsistent::fail},
        {"retry", when_inconsistent::retry},
        {"forward", when_inconsistent::forward},
        {"await", when_inconsistent::await},
        {"retry_then_forward", when_inconsistent::retry_then_forward}};
    for (std::string_view const block : {"api_proxy", "cache"}) {
        for (auto const& [word, when] : words)
            CHECK(policy_of(in_block(block, "when_inconsistent", word)).consistency.when == when);
        CHECK(policy_of(in_block(block, "enforce_consistency", "always")).consistency.enforce ==
              enforce_consistency::always);
        CHECK(policy_of(in_block(block, "enforce_consistency", "never")) == proxy_policy());
        CHECK(policy_of(in_block(block, "consistency_scope", "global")).scope == proxy_scope::global);
        CHECK(policy_of(in_block(block, "consistency_scope", "identity")) == proxy_policy());
    }
}

TEST_CASE("only what is set differs from the defaults")
{
    auto policy = policy_of(R"(api_proxy {
        enforce_consistency = "always"
        when_inconsistent   = "forward"
        consistency_scope   = "global"
    })");
    CHECK(policy.scope == proxy_scope::global);
    CHECK(policy.consistency ==
          consistency_policy{.enforce = enforce_consistency::always, .when = when_inconsistent::forward});
}

TEST_CASE("a whole configuration is read, whatever else stands in it")
{
    auto const policy = policy_of(R"(# a comment { "
pid_file = "./pidfile"
vault {
  address = "https://vault:8200" // api_proxy { enforce_consistency = "x" }
  retry { num_retries = 5 }
}
auto_auth {
  method "kubernetes" { config = { role = "app" } }
  sink { type = "file" config = { path = "/a" } }
}
template {
  contents = "{{ with secret \"a\" }}{{ .Data }}{{ end }}"
}
template {
  contents = <<EOF
api_proxy { enforce_consistency = "x" }
EOF
}
/* cache { when_inconsistent = "x" } */
cache { persist "kubernetes" { path = "/b" keep_after_import = true } when_inconsistent = "retry" }
listener "tcp" { address = "127.0.0.1:8100", tls_disable = true }
env_template "A" { contents = "${b("c", {})}" error_on_missing_key = true }
exec { command = ["/bin/app", "-x"], restart_stop_signal = "SIGTERM" }
nested { api_proxy { enforce_consistency = "x" } }
api_proxy {
  use_auto_auth_token = "force"
  enforce_consistency = "always"
}
)");
    CHECK(policy.consistency.enforce == enforce_consistency::always);
    CHECK(policy.consistency.when == when_inconsistent::retry);
}

TEST_CASE("JSON and the other spellings of HCL are read alike")
{
    for (std::string_view const text :
         {R"({"api_proxy": {"enforce_consistency": "always"}, "listener": [{"tcp": {"tls_disable": true}}]})",
          R"({"listener": null, "api_proxy": [{"enforce_consistency": "always"}]})",
          R"(api_proxy = { enforce_consistency = "always" })",
          R"("api_proxy" { "enforce_consistency" = "always" })",
          R"(API_Proxy { Enforce_Consistency = "always" })",
          R"(api_proxy "a" { enforce_consistency="always", })"})
        CHECK(policy_of(text).consistency.enforce == enforce_consistency::always);
}

TEST_CASE("another word is refused, as Agent words it")
{
    CHECK(error_of("\n" + in_block("api_proxy", "enforce_consistency", "Always")) ==
          "2: Unknown api_proxy setting for enforce_consistency: \"Always\"");
    CHECK(error_of(in_block("api_proxy", "when_inconsistent", "forward-active-node")) ==
          "1: Unknown api_proxy setting for when_inconsistent: \"forward-active-node\"");
    CHECK(error_of(in_block("cache", "enforce_consistency", "true")) ==
          "1: Unknown cache setting for enforce_consistency: \"true\"");
    CHECK(error_of(in_block("cache", "when_inconsistent", "always")) ==
          "1: Unknown cache setting for when_inconsistent: \"always\"");
    CHECK(error_of(in_block("api_proxy", "consistency_scope", "token")) ==
          "1: Unknown api_proxy setting for consistency_scope: \"token\"");
    CHECK(error_of(in_block("cache", "when_inconsistent", "wait ~1s")) ==
          "1: Unknown cache setting for when_inconsistent: \"wait ~1s\"");
    CHECK(error_of("api_proxy { enforce_consistency = 12 }") ==
          "1: Unknown api_proxy setting for enforce_consistency: \"12\"");
    CHECK(error_of(in_block("api_proxy", "when_inconsistent", "\x1b[2J\xc3\xa9\\\"")) ==
          "1: Unknown api_proxy setting for when_inconsistent: \"\\x1b[2J\\xc3\\xa9\\\"\"");
}

TEST_CASE("of several errors the one is told that Agent tells")
{
    auto const unknown = [](auto block, auto key) { return in_block(block, key, "x"); };
    CHECK(error_of("api_proxy { when_inconsistent = \"x\" enforce_consistency = \"y\" }") ==
          "1: Unknown api_proxy setting for enforce_consistency: \"y\"");
    CHECK(error_of(unknown("cache", "enforce_consistency") + unknown("api_proxy", "when_inconsistent")) ==
          "2: Unknown api_proxy setting for when_inconsistent: \"x\"");
}

TEST_CASE("what both blocks set is refused, unless one of them only spells the default out")
{
    auto const both = [](std::string_view key, std::string_view ours, std::string_view theirs) {
        return in_block("api_proxy", key, ours) + in_block("cache", key, theirs);
    };
    CHECK(error_of(both("enforce_consistency", "always", "always")) == "2: " + std::string(both_enforce));
    for (std::string_view const ours : {"retry", "forward", "await", "retry_then_forward"})
        for (std::string_view const theirs : {"retry", "forward", "await", "retry_then_forward"})
            CHECK(error_of(both("when_inconsistent", ours, theirs)) == "2: " + std::string(both_when));
    CHECK(error_of(both("consistency_scope", "global", "global")) ==
          "2: consistency_scope configured in both api_proxy and cache blocks. Please remove this "
          "configuration from the cache block.");

    auto const enforced = [&](std::string_view ours, std::string_view theirs) {
        return policy_of(both("enforce_consistency", ours, theirs)).consistency.enforce;
    };
    CHECK(enforced("always", "never") == enforce_consistency::always);
    CHECK(enforced("never", "always") == enforce_consistency::always);
    CHECK(policy_of(both("when_inconsistent", "fail", "retry")).consistency.when == when_inconsistent::retry);
    CHECK(policy_of(in_block("api_proxy", "enforce_consistency", "always") +
                    in_block("cache", "when_inconsistent", "retry"))
              .consistency.when == when_inconsistent::retry);
}

TEST_CASE("a block or a word that is there twice is refused")
{
    CHECK(error_of("api_proxy {}\napi_proxy {}") == "2: one and only one \"api_proxy\" block is required");
    CHECK(error_of("cache {}\nvault {}\ncache {}") == "3: one and only one \"cache\" block is required");
    CHECK(error_of(R"({"cache": [{}, {}]})") == "1: one and only one \"cache\" block is required");
    CHECK(error_of("cache {\nwhen_inconsistent = \"retry\"\nwhen_inconsistent = \"\"\n}") ==
          "3: when_inconsistent in cache is set twice");
}

TEST_CASE("what has the wrong type is refused")
{
    CHECK(error_of("api_proxy = true") == "1: could not parse \"api_proxy\" as an object");
    CHECK(error_of(R"({"cache": [1]})") == "1: could not parse \"cache\" as an object");
    for (std::string_view const value : {"true", "[\"always\"]", "{}"})
        CHECK(error_of("api_proxy { enforce_consistency = " + std::string(value) + " }") ==
              "1: enforce_consistency in api_proxy is no text in quotes");
    CHECK(error_of("api_proxy { when_inconsistent {} }") ==
          "1: when_inconsistent in api_proxy is no text in quotes");
}

TEST_CASE("what is no HCL is refused, however it ends")
{
    constexpr std::string_view whole =
        "a = [1, {b = 2}]\napi_proxy { enforce_consistency = \"always\" c {} }";
    CHECK(error_of(whole) == "none");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        auto const cut = parse_proxy_policy(whole.substr(0, size));
        CHECK((!cut || *cut == proxy_policy()));
    }
    for (std::string_view const text : {"api_proxy",
                                        "api_proxy {",
                                        "api_proxy }",
                                        "}",
                                        "= a",
                                        "a b",
                                        "a = ",
                                        "a = =",
                                        "api_proxy { a }",
                                        "api_proxy { a = }",
                                        "api_proxy { a = \"b }",
                                        "api_proxy { enforce_consistency",
                                        "[",
                                        "api_proxy = [",
                                        "@",
                                        "{\"a\": 1",
                                        "{",
                                        "a = 'b'",
                                        "api_proxy { = }",
                                        "12 = a"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_proxy_policy(text).has_value());
    }
    CHECK(error_of("a = 1\n\n@") == "3: the configuration is neither HCL nor JSON");
    CHECK(error_of("{} a") == "1: nothing may follow the last }");
}

TEST_CASE("the words of the scope are its names")
{
    CHECK(from_string<proxy_scope>("identity") == proxy_scope::identity);
    CHECK(from_string<proxy_scope>("global") == proxy_scope::global);
    CHECK_FALSE(from_string<proxy_scope>("Global").has_value());
}

TEST_CASE("configurations that differ in what is enforced, or for whom, are not equal")
{
    CHECK(proxy_policy() == proxy_policy());
    CHECK_FALSE(proxy_policy() == proxy_policy{.scope = proxy_scope::global});
    CHECK_FALSE(proxy_policy() == proxy_policy{.consistency = {}});
}

TEST_CASE("an error of no one place has no line") { CHECK(proxy_policy_error().line == 0); }
