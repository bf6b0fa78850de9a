// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/refusal.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

using namespace afterwrite;

namespace {

constexpr std::string_view stale_words = R"({"errors":["required index state not present"]})";
constexpr std::string_view empty_errors = "{\"errors\":[]}\n";

// What a request says that decides how its answer is read.
constexpr answer_facts with_index{.carried_index = true, .token_may_carry_index = false};
constexpr answer_facts with_token{.carried_index = false, .token_may_carry_index = true};
constexpr answer_facts with_both{.carried_index = true, .token_may_carry_index = true};
constexpr answer_facts with_neither{.carried_index = false, .token_may_carry_index = false};

refusal meaning(answer_facts request, int status, std::string_view body, bool has_retry_after = false)
{
    request.status = status;
    request.body = body;
    request.has_retry_after = has_retry_after;
    return classify(request);
}

constexpr refusal all[] = {
    refusal::none,
    refusal::stale_index,
    refusal::stale_token,
    refusal::index_or_token,
    refusal::presumed_stale,
    refusal::quota,
    refusal::throttled,
    refusal::health_answer,
    refusal::agent_refusal,
    refusal::forwarding_not_allowed,
    refusal::index_not_understood,
    refusal::several_indices_refused,
    refusal::await_not_understood,
    refusal::no_active_node,
    refusal::server_error,
    refusal::other,
};

} // namespace

TEST_CASE("Vault 412, required index state not present: the index, or a token that demands one itself")
{
    CHECK(meaning(with_index, 412, stale_words) == refusal::stale_index);
    CHECK(meaning(with_token, 412, stale_words) == refusal::stale_token);
    CHECK(meaning(with_neither, 412, stale_words) == refusal::stale_token);
    CHECK(meaning(with_both, 412, stale_words) == refusal::index_or_token);
}

TEST_CASE("OpenBao 429 with no errors and Retry-After: the index")
{
    CHECK(meaning(with_index, 429, empty_errors, true) == refusal::stale_index);
    CHECK(meaning(with_index, 429, "{ \"errors\" : [ ] }", true) == refusal::stale_index);
    CHECK(meaning(with_index, 429, "{\"errors\":\r\n[\t]}", true) == refusal::stale_index);
}

TEST_CASE("OpenBao 412, SSCT token referenced a newer index: the token")
{
    for (auto const& request : {with_index, with_token, with_both, with_neither})
        CHECK(meaning(request, 412, "SSCT token referenced a newer index than present locally") ==
              refusal::stale_token);
}

TEST_CASE("400 and 500 about a token that has not arrived are no refusals of these kinds")
{
    constexpr std::string_view lease =
        "error performing token check: failed to persist lease entry: cannot write "
        "to readonly storage";
    CHECK(meaning(with_both, 400, lease) == refusal::none);
    CHECK(meaning(with_both, 500, lease) == refusal::server_error);
    CHECK(meaning(
              with_both, 500,
              "error performing token check: no lease entry found for token that ought to have one, possible "
              "eventual consistency issue") == refusal::server_error);
}

TEST_CASE("403 and 404 are answers, even right after a write")
{
    CHECK(meaning(with_both, 403, R"({"errors":["permission denied"]})") == refusal::none);
    CHECK(meaning(with_both, 404, empty_errors) == refusal::none);
    CHECK(meaning(with_both, 404, stale_words) == refusal::none);
}

TEST_CASE("400 of a KV upgrade and of a check-and-set are the caller's business")
{
    for (std::string_view const words :
         {"Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief "
          "period",
          "Waiting for the primary to upgrade from non-versioned to versioned data.",
          "check-and-set parameter did not match the current version"})
        CHECK(meaning(with_both, 400, words) == refusal::none);
}

TEST_CASE("an Agent's 412 about X-Vault-Request is permanent")
{
    CHECK(meaning(with_both, 412, "missing \"X-Vault-Request\" header") == refusal::agent_refusal);
    CHECK(meaning(with_neither, 412, R"({"errors":["missing \"X-Vault-Request\" header"]})") ==
          refusal::agent_refusal);
}

TEST_CASE("another 412, as a plugin's own, is not staleness")
{
    CHECK(meaning(with_both, 412, R"({"errors":["precondition failed"]})") == refusal::other);
    CHECK(meaning(with_index, 412, "<html>412 Precondition Failed</html>") == refusal::other);
    CHECK(meaning(with_neither, 412, "x") == refusal::other);
    CHECK(meaning(with_both, 412, R"({"errors":["missing parameter"]})") == refusal::other);
    CHECK(meaning(with_both, 412, R"({"errors":["X-Vault-Request was sent"]})") == refusal::other);
}

TEST_CASE("429 is a quota where it says so, and of a carried OpenBao index stale where it has no words")
{
    constexpr std::string_view rate = R"({"errors":["request path \"kv/foo\": rate limit quota exceeded"]})";
    CHECK(meaning(with_index, 429, rate, true) == refusal::quota);
    CHECK(meaning(with_index, 429, rate) == refusal::quota);
    CHECK(meaning(with_index, 429, R"({"errors":["lease count quota exceeded"]})", true) == refusal::quota);
    CHECK(meaning(with_index, 429, empty_errors, true) == refusal::stale_index);
    CHECK(meaning(with_index, 429, empty_errors, false) == refusal::stale_index);
}

TEST_CASE("a 429 that says nothing more may be a proxy's or a plugin's, after it was executed")
{
    CHECK(meaning(with_neither, 429, empty_errors, true) == refusal::throttled);
    CHECK(meaning(with_index, 429, "{\"errors\":[1]}", true) == refusal::throttled);
    CHECK(meaning(with_index, 429, "{\"errors\":[", true) == refusal::throttled);
    CHECK(meaning(with_index, 429, "{\"errors\"", true) == refusal::throttled);
    CHECK(meaning(with_index, 429, "{}", true) == refusal::throttled);
    CHECK(meaning(with_index, 429, R"({"data":[]})", true) == refusal::throttled);
}

TEST_CASE("Vault never says by a 429 that it is behind")
{
    for (std::string_view const body : {std::string_view(), empty_errors})
        CHECK(classify({.status = 429,
                        .has_retry_after = true,
                        .body = body,
                        .carried_index = true,
                        .carried_form = dialect::vault}) == refusal::throttled);
}

TEST_CASE("without a body at hand a refusal of a request with an index is presumed stale, and no more")
{
    CHECK(meaning(with_index, 412, "") == refusal::presumed_stale);
    CHECK(meaning(with_both, 412, "") == refusal::presumed_stale);
    CHECK(meaning(with_index, 429, "", true) == refusal::presumed_stale);
    CHECK(meaning(with_index, 429, "", false) == refusal::throttled);
    CHECK(meaning(with_token, 412, "") == refusal::other);
    CHECK(meaning(with_token, 429, "", true) == refusal::throttled);
}

TEST_CASE("sys/health tells a role by its status, which refuses nothing")
{
    auto health = with_both;
    health.asked_health = true;
    for (int const status : {412, 429, 472, 473, 501, 503, 500, 400})
        CHECK(meaning(health, status, stale_words, true) == refusal::health_answer);
    CHECK(meaning(health, 200, "") == refusal::none);
    CHECK(meaning(health, 299, "") == refusal::none);
    CHECK(meaning(health, 399, "") == refusal::none);
}

TEST_CASE("400 about forwarding is the server's configuration, for either field")
{
    for (std::string_view const field : {"X-Vault-Forward", "X-Vault-Inconsistent=forward-active-node"}) {
        auto const words = std::string("{\"errors\":[\"forwarding via header ") + std::string(field) +
                           " disabled in configuration\"]}";
        CHECK(meaning(with_index, 400, words) == refusal::forwarding_not_allowed);
        CHECK(meaning(with_neither, 400, words) == refusal::forwarding_not_allowed);
    }
    CHECK(meaning(with_index, 400, "forwarding via header") == refusal::none);
    CHECK(meaning(with_index, 400, "disabled in configuration") == refusal::none);
}

TEST_CASE("400 about X-Vault-Index is an index that the server cannot read, if one was sent")
{
    for (std::string_view const words : {R"(expected at most one value for "X-Vault-Index")",
                                         R"(failed to decode "X-Vault-Index": illegal base64 data)"}) {
        CHECK(meaning(with_index, 400, words) == refusal::index_not_understood);
        CHECK(meaning(with_token, 400, words) == refusal::none);
    }
    CHECK(meaning(with_index, 400, R"(unknown value for "X-Vault-Inconsistent" header)") == refusal::none);
    CHECK(meaning(with_index, 400, "") == refusal::none);
}

TEST_CASE("400 about a second index is a server that takes one, if several were sent")
{
    constexpr std::string_view plain = R"(expected at most one value for "X-Vault-Index")";
    constexpr std::string_view in_json = R"({"errors":["expected at most one value for \"X-Vault-Index\""]})";
    auto with_several = with_index;
    with_several.carried_several = true;
    for (auto const words : {plain, in_json}) {
        CHECK(meaning(with_several, 400, words) == refusal::several_indices_refused);
        CHECK(meaning(with_index, 400, words) == refusal::index_not_understood);
        CHECK(meaning(with_neither, 400, words) == refusal::none);
        CHECK(meaning(with_several, 429, words) == refusal::throttled);
    }
    CHECK(meaning(with_several, 400, R"(failed to decode "X-Vault-Index": illegal base64 data)") ==
          refusal::index_not_understood);
    CHECK(meaning(with_several, 400, R"(expected at most one value for "version")") == refusal::none);
}

TEST_CASE("400 about X-Vault-Inconsistent is a server that does not know await-state, if that was sent")
{
    auto awaiting = with_index;
    awaiting.asked_to_await = true;
    for (std::string_view const words :
         {R"(unknown value for "X-Vault-Inconsistent" header)",
          R"({"errors":["unknown value for \"X-Vault-Inconsistent\" header"]})",
          R"(unknown second value for "X-Vault-Inconsistent": must either be "fail" or )"
          R"("forward-active-node")"}) {
        CHECK(meaning(awaiting, 400, words) == refusal::await_not_understood);
        CHECK(meaning(with_index, 400, words) == refusal::none);
        CHECK(meaning(awaiting, 500, words) == refusal::server_error);
    }
    CHECK(meaning(awaiting, 400, R"(unknown value for "ttl")") == refusal::none);
    CHECK(meaning(awaiting, 400, "X-Vault-Inconsistent") == refusal::none);
    CHECK(meaning(awaiting, 400, "") == refusal::none);
    CHECK(
        meaning(awaiting, 400,
                "forwarding via header X-Vault-Inconsistent=forward-active-node disabled in configuration") ==
        refusal::forwarding_not_allowed);
}

TEST_CASE("503 and 500 without an active node pass; other 5xx may have executed; 501 never will")
{
    for (std::string_view const words :
         {"local node not active but active cluster node not found", "node is not active", "no active node",
          "Vault is sealed", "OpenBao is sealed"})
        for (int const status : {500, 502, 503, 504})
            CHECK(meaning(with_index, status, words) == refusal::no_active_node);
    for (int const status : {500, 502, 503, 504, 599})
        CHECK(meaning(with_index, status, "internal error") == refusal::server_error);
    CHECK(meaning(with_index, 501, "Vault is sealed") == refusal::none);
}

TEST_CASE("what no server answers is no refusal")
{
    for (int const status :
         {-1, 0, 1, 99, 100, 200, 204, 302, 307, 308, 399, 401, 404, 411, 413, 428, 430, 499, 600, 1412})
        CHECK(meaning(with_both, status, stale_words, true) == refusal::none);
}

TEST_CASE("the first 4 KiB of a body are looked at, and not a byte more")
{
    std::string body(10'000'000, ' ');
    body += stale_words;
    CHECK(meaning(with_index, 412, body) == refusal::other);
    CHECK(meaning(with_index, 503, body + "Vault is sealed") == refusal::server_error);

    constexpr std::string_view words = "required index state not present";
    std::string at_the_end(4096 - words.size(), ' ');
    at_the_end += words;
    CHECK(meaning(with_index, 412, at_the_end) == refusal::stale_index);
    CHECK(meaning(with_index, 412, ' ' + at_the_end) == refusal::other);
}

TEST_CASE("words that a body holds are not taken for another status's")
{
    CHECK(meaning(with_index, 429, stale_words, true) == refusal::throttled);
    CHECK(meaning(with_index, 400, stale_words) == refusal::none);
    CHECK(meaning(with_index, 412, empty_errors, true) == refusal::other);
    CHECK(meaning(with_index, 200, "Vault is sealed") == refusal::none);
}

TEST_CASE("these mean that a node is behind")
{
    std::set<refusal> const stale = {refusal::stale_index, refusal::stale_token, refusal::index_or_token,
                                     refusal::presumed_stale};
    for (auto const kind : all)
        CHECK(is_stale(kind) == stale.contains(kind));
}

TEST_CASE("each meaning has a sentence of its own")
{
    std::set<std::string_view> sentences;
    for (auto const kind : all) {
        auto const sentence = to_string(kind);
        CHECK(sentence.ends_with('.'));
        CHECK(sentences.insert(sentence).second);
    }
}

TEST_CASE("a service token of Vault 1.10 or later may demand a state, others cannot")
{
    std::string const random(91, 'x');
    CHECK(may_carry_index("hvs." + random));
    CHECK_FALSE(may_carry_index("hvs.CAESIJshort"));
    CHECK_FALSE(may_carry_index("hvb." + random));
    CHECK_FALSE(may_carry_index("hvr." + random));
    CHECK_FALSE(may_carry_index("s." + random));
    CHECK_FALSE(may_carry_index("hvs"));
    CHECK_FALSE(may_carry_index(""));
}

TEST_CASE("sys/health is recognised wherever a proxy puts the API")
{
    for (std::string_view const path : {"/v1/sys/health", "/v1/sys/health/", "/v1/sys/health?standbyok=true",
                                        "/vault/v1/sys/health", "http://127.0.0.1:8200/v1/sys/health"})
        CHECK(is_health_path(path));
}

TEST_CASE("a secret that is called sys/health is a secret")
{
    // Else a stale answer to it would be taken for a node that tells its role.
    for (std::string_view const path :
         {"/v1/kv/sys/health", "/v1/secret/data/sys/health", "/v1/sys/healthy", "/v1/sys/health/x", "/v1/sys",
          "", "/v1/kv/a?b=/v1/sys/health", "?", "/v1/kv/v1/sys/health"})
        CHECK_FALSE(is_health_path(path));
}

TEST_CASE("what is no meaning has a sentence that claims nothing")
{
    CHECK(to_string(static_cast<refusal>(99)) == "The server refused.");
}

TEST_CASE("what is not known of a request and its answer: the token may demand a state, all else is not so")
{
    CHECK(answer_facts().status == 0);
    CHECK(classify({}) == refusal::none);
    CHECK(classify({.status = 412, .body = stale_words, .carried_index = true}) == refusal::index_or_token);
    CHECK(classify({.status = 412, .body = stale_words}) == refusal::stale_token);
    CHECK(classify({.status = 429, .carried_index = true}) == refusal::throttled);
    CHECK(classify({.status = 429, .body = empty_errors}) == refusal::throttled);
    CHECK(classify({.status = 503}) == refusal::server_error);
}

TEST_CASE("a token that is no longer than one without a state can carry none")
{
    CHECK_FALSE(may_carry_index("hvs." + std::string(30, 'x')));
    CHECK(may_carry_index("hvs." + std::string(31, 'x')));
    CHECK_FALSE(may_carry_index("hvs"));
    CHECK_FALSE(may_carry_index("xvs." + std::string(91, 'x')));
}
