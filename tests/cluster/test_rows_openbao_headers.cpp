// SPDX-License-Identifier: BSL-1.0
// OpenBao 2.7: headers that are refused, and those that are not.
#include "codec.hpp"
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view index_go = "OpenBao internal/http/index.go";
constexpr std::string_view listener = "OpenBao docs, configuration/listener";
constexpr std::string_view two_lines = R"({"errors":["expected at most one value for \"X-Vault-Index\""]})";
constexpr std::string_view unknown_value =
    R"({"errors":["unknown value for \"X-Vault-Inconsistent\" header"]})";
constexpr std::string_view unknown_second =
    R"({"errors":["unknown second value for \"X-Vault-Inconsistent\": )"
    R"(must either be \"fail\" or \"forward-active-node\""]})";
constexpr std::string_view three_values =
    R"({"errors":["expected at most two values for \"X-Vault-Inconsistent\""]})";
constexpr std::string_view fail_and_more =
    R"({"errors":["X-Vault-Inconsistent=fail cannot be used with more than one value"]})";
constexpr std::string_view forward_and_more =
    R"({"errors":["X-Vault-Inconsistent=forward-active-node cannot be used with more than one value"]})";
using line = std::pair<std::string, std::string>;
const line behind{"X-Vault-Index", "@11:0"};
const line fail{"X-Vault-Inconsistent", "fail"};
const line forward{"X-Vault-Inconsistent", "forward-active-node"};
const line wait{"X-Vault-Inconsistent", "await-state"};

void one_write(scene& s) { s.at_active("PUT", "kv/foo", R"({"v":1})"); }
request with(field_list fields) { return ask("GET", "kv/foo", std::move(fields)); }

request with_index(std::string_view text)
{
    return ask("GET", "kv/foo", {{"X-Vault-Index", base64_encode(text)}});
}

const std::vector<row> headers = {
    {.fact = "two index lines are 400",
     .source = index_go,
     .node = 1,
     .asked = with({behind, behind}),
     .status = 400,
     .body = two_lines},
    {.fact = "… even empty ones",
     .source = index_go,
     .asked = with({{"X-Vault-Index", ""}, {"X-Vault-Index", ""}}),
     .status = 400,
     .body = two_lines},
    {.fact = "an empty index is none",
     .source = index_go,
     .before = one_write,
     .node = 1,
     .asked = with({{"X-Vault-Index", ""}}),
     .status = 404},
    {.fact = "no base64: 400",
     .source = "OpenBao 2.7.0, seen from outside",
     .node = 1,
     .asked = with({{"X-Vault-Index", "!"}}),
     .status = 400},
    {.fact = "no padding: 400",
     .source = "OpenBao 2.7.0, seen from outside",
     .asked = with({{"X-Vault-Index", "e30"}}),
     .status = 400},
    {.fact = "a JSON array: 400",
     .source = "OpenBao 2.7.0, seen from outside",
     .asked = with_index("[]"),
     .status = 400},
    {.fact = "a JSON string: 400",
     .source = "OpenBao 2.7.0, seen from outside",
     .asked = with_index("\"x\""),
     .status = 400},
    {.fact = "a member that is no string: 400",
     .source = "OpenBao 2.7.0, seen from outside",
     .asked = with_index(R"({"value":1})"),
     .status = 400},
    {.fact = "400 on sys/leader too, without a token",
     .source = "OpenBao 2.7.0, seen from outside",
     .asked = ask_as_nobody("GET", "sys/leader", {{"X-Vault-Index", "!"}}),
     .status = 400},
    {.fact = "JSON null passes",
     .source = "OpenBao 2.7.0, seen from outside",
     .before = one_write,
     .node = 1,
     .asked = with_index("null"),
     .status = 404},
    {.fact = "{} passes",
     .source = "OpenBao 2.7.0, seen from outside",
     .before = one_write,
     .node = 1,
     .asked = with_index("{}"),
     .status = 404},
    {.fact = "unknown members pass",
     .source = "Go encoding/json",
     .before = one_write,
     .node = 1,
     .asked = with_index(R"({"x":1})"),
     .status = 404},
    {.fact = "names of members match in any case",
     .source = "Go encoding/json",
     .tune = [](settings& s) { s.cluster_id = "c"; },
     .before = one_write,
     .node = 1,
     .asked = with_index(R"({"Cluster":"c","VALUE":"11"})"),
     .status = 429},
    {.fact = "Vault's index: base64 of no JSON, 400",
     .source = "OpenBao 2.7.0, seen from outside",
     .node = 1,
     .asked = with_index("v1:c:11:0:"),
     .status = 400},
    {.fact = "of members that match in any case the last one counts",
     .source = "Go encoding/json",
     .tune = [](settings& s) { s.cluster_id = "c"; },
     .before = one_write,
     .node = 1,
     .asked = with_index(R"({"cluster":"c","value":"5","VALUE":"11"})"),
     .status = 429},
    {.fact = "… in whatever order the names would be sorted",
     .source = "Go encoding/json",
     .tune = [](settings& s) { s.cluster_id = "c"; },
     .before = one_write,
     .node = 1,
     .asked = with_index(R"({"cluster":"c","VALUE":"11","value":"5"})"),
     .status = 404,
     .served_by = 1},
    {.fact = "of two members of one name the last one counts",
     .source = "Go encoding/json",
     .tune = [](settings& s) { s.cluster_id = "c"; },
     .before = one_write,
     .node = 1,
     .asked = with_index(R"({"cluster":"c","value":"5","value":"11"})"),
     .status = 429},
    {.fact = "null leaves what an earlier member said",
     .source = "Go encoding/json",
     .tune = [](settings& s) { s.cluster_id = "c"; },
     .before = one_write,
     .node = 1,
     .asked = with_index(R"({"cluster":"c","value":"11","Value":null})"),
     .status = 429},
    {.fact = "a member that is no string is 400, though a later one is",
     .source = "Go encoding/json",
     .asked = with_index(R"({"value":{"value":"1"},"value":"1"})"),
     .status = 400},
    {.fact = "another cluster's index is none",
     .source = index_go,
     .before = one_write,
     .node = 1,
     .asked = with({{"X-Vault-Index", "@foreign"}}),
     .status = 404,
     .served_by = 1},
    {.fact = "three values of X-Vault-Inconsistent",
     .source = index_go,
     .node = 1,
     .asked = with({wait, fail, fail}),
     .status = 400,
     .body = three_values},
    {.fact = "fail stands alone",
     .source = index_go,
     .node = 1,
     .asked = with({fail, forward}),
     .status = 400,
     .body = fail_and_more},
    {.fact = "forward-active-node stands alone",
     .source = index_go,
     .node = 1,
     .asked = with({forward, fail}),
     .status = 400,
     .body = forward_and_more},
    {.fact = "unknown second value",
     .source = index_go,
     .node = 1,
     .asked = with({wait, wait}),
     .status = 400,
     .body = unknown_second},
    {.fact = "unknown value",
     .source = index_go,
     .asked = with({{"X-Vault-Inconsistent", "x"}}),
     .status = 400,
     .body = unknown_value},
    {.fact = "the empty value is unknown",
     .source = index_go,
     .asked = with({{"X-Vault-Inconsistent", ""}}),
     .status = 400,
     .body = unknown_value},
    {.fact = "commas do not split",
     .source = "OpenBao 2.7.0, seen from outside",
     .asked = with({{"X-Vault-Inconsistent", "await-state, fail"}}),
     .status = 400,
     .body = unknown_value},
    {.fact = "a bad fallback in the configuration shows with a lone await-state",
     .source = listener,
     .tune = [](settings& s) { s.consistency_fallback_behavior = "x"; },
     .asked = with({wait}),
     .status = 400,
     .body = unknown_second},
    {.fact = "X-Vault-Forward is unknown here",
     .source = "OpenBao: not in the tree",
     .before = one_write,
     .node = 1,
     .asked = with({{"X-Vault-Forward", "active-node"}}),
     .status = 404,
     .served_by = 1},
    {.fact = "400 takes no use of a token",
     .source = "OpenBao 2.7.0, seen from outside",
     .before =
         [](scene& s) {
             s.at_active("POST", "auth/token/create", R"({"id":"few","policies":["root"],"num_uses":1})");
         },
     .asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", "few"}, {"X-Vault-Index", "!"}}),
     .status = 400,
     .log_end = 11},
};

} // namespace

TEST_CASE("OpenBao: headers that are refused, and those that are not")
{
    check_rows(dialect::openbao, headers);
}
