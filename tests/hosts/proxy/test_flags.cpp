// SPDX-License-Identifier: BSL-1.0
#include "flags.hpp"

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using afterwrite::enforce_consistency;
using afterwrite::proxy_scope;
using afterwrite::when_inconsistent;
using proxy_tests::scratch_folder;
using task = proxy::command_line::task;

namespace {

using variables = std::map<std::string, std::string>;

auto read(std::vector<std::string> const& arguments, variables const& set = {})
{
    return proxy::read_command_line(arguments, [&set](std::string const& name) {
        auto const found = set.find(name);
        return found != set.end() ? found->second.c_str() : nullptr;
    });
}

/// The settings of a proxy that listens somewhere.
proxy::settings chosen(std::vector<std::string> arguments, variables const& set = {})
{
    arguments.emplace_back("-listen=127.0.0.1:0");
    auto const line = read(arguments, set);
    CHECK(line.error().message.empty());
    CHECK(line->what == task::serve);
    return line->chosen;
}

std::string const readable = AFTERWRITE_SOURCE_DIR "/CMakeLists.txt";
std::string const folder = AFTERWRITE_SOURCE_DIR "/tests";

} // namespace

TEST_CASE("a flag is written with one dash or two, and its value after = or a blank")
{
    for (std::vector<std::string> const& arguments : {std::vector<std::string>{"-address=http://a:1"},
                                                      {"--address=http://a:1"},
                                                      {"-address", "http://a:1"},
                                                      {"--address", "http://a:1"}})
        CHECK(chosen(arguments).upstream.address == "http://a:1");
    CHECK(chosen({"-tls-skip-verify"}).upstream.tls_skip_verify);
    CHECK(chosen({"-tls-skip-verify=true"}).upstream.tls_skip_verify);
    CHECK_FALSE(chosen({"-tls-skip-verify=false"}).upstream.tls_skip_verify);
    CHECK(chosen({"-log-file", "-"}).log.file == "-");
    CHECK(chosen({"-namespace=a=b"}).upstream.namespace_name == "a=b");
}

TEST_CASE("each flag sets what it is named after")
{
    auto const all = chosen({"-ca-cert",
                             readable,
                             "-ca-path",
                             folder,
                             "-client-cert",
                             readable,
                             "-client-key",
                             readable,
                             "-tls-server-name",
                             "name",
                             "-ns",
                             "team",
                             "-log-level",
                             "error",
                             "-log-format",
                             "json",
                             "-log-file",
                             "/a.log",
                             "-listen",
                             ":8100",
                             "-enforce-consistency",
                             "always",
                             "-when-inconsistent",
                             "retry_then_forward",
                             "-consistency-scope",
                             "global"});
    CHECK(all.upstream.ca_cert == readable);
    CHECK(all.upstream.ca_path == folder);
    CHECK(all.upstream.client_cert == readable);
    CHECK(all.upstream.client_key == readable);
    CHECK(all.upstream.tls_server_name == "name");
    CHECK(all.upstream.namespace_name == "team");
    CHECK(all.log.level == proxy::log_level::error);
    CHECK(all.log.is_json);
    CHECK(all.log.file == "/a.log");
    CHECK(all.policy.consistency.enforce == enforce_consistency::always);
    CHECK(all.policy.consistency.when == when_inconsistent::retry_then_forward);
    CHECK(all.policy.scope == proxy_scope::global);
    REQUIRE(all.listeners.size() == 2);
    CHECK(all.listeners[0].address == "0.0.0.0:8100");
    CHECK_FALSE(all.listeners[0].tls);
    CHECK(all.listeners[1].address == "127.0.0.1:0");
}

TEST_CASE("each variable sets what it is named after")
{
    auto const all = chosen({}, {{"VAULT_ADDR", "http://a:1"},
                                 {"VAULT_CACERT", readable},
                                 {"VAULT_CAPATH", folder},
                                 {"VAULT_CLIENT_CERT", readable},
                                 {"VAULT_CLIENT_KEY", readable},
                                 {"VAULT_SKIP_VERIFY", "true"},
                                 {"VAULT_TLS_SERVER_NAME", "name"},
                                 {"VAULT_NAMESPACE", "team"},
                                 {"VAULT_CLIENT_TIMEOUT", "90"},
                                 {"VAULT_MAX_RETRIES", "0"},
                                 {"VAULT_LOG_LEVEL", "debug"},
                                 {"VAULT_LOG_FORMAT", "json"},
                                 {"VAULT_LOG_FILE", "/a.log"},
                                 {"VAULT_PROXY_DISABLE_IDLE_CONNECTIONS", "auto-auth,proxying"},
                                 {"VAULT_PROXY_DISABLE_KEEP_ALIVES", "caching"}});
    CHECK(all.upstream.address == "http://a:1");
    CHECK(all.upstream.ca_cert == readable);
    CHECK(all.upstream.ca_path == folder);
    CHECK(all.upstream.client_cert == readable);
    CHECK(all.upstream.client_key == readable);
    CHECK(all.upstream.tls_skip_verify);
    CHECK(all.upstream.tls_server_name == "name");
    CHECK(all.upstream.namespace_name == "team");
    CHECK(all.upstream.timeout == 90s);
    CHECK(all.upstream.max_idle_connections == 0);
    CHECK_FALSE(all.upstream.keep_alive);
    CHECK(all.policy.consistency.limit.max_attempts == 1);
    CHECK(all.log.level == proxy::log_level::debug);
    CHECK(all.log.is_json);
    CHECK(all.log.file == "/a.log");
    CHECK_FALSE(chosen({}, {{"VAULT_SKIP_VERIFY", "false"}}).upstream.tls_skip_verify);
    CHECK(chosen({}, {{"VAULT_ADDR", ""}}).upstream.address == "https://127.0.0.1:8200");
    CHECK(chosen({}, {{"VAULT_TOKEN", "a token"}, {"VAULT_AGENT_ADDR", "http://x"}}).upstream.address ==
          "https://127.0.0.1:8200");
}

TEST_CASE("a flag goes before the environment, and that before the files")
{
    scratch_folder const place;
    auto const first = place.write("1.hcl", R"(vault { address = "http://file:1" retry { num_retries = 9 } }
                                               log_level = "error" workers = 5
                                               listener "tcp" { address = "a:1" tls_disable = true })");
    auto const second = place.write("2.hcl", R"(log_level = "warn" max_identities = 6)");
    std::vector<std::string> arguments = {"-config", first, "-config=" + second};
    CHECK(chosen(arguments).upstream.address == "http://file:1");
    CHECK(chosen(arguments).log.level == proxy::log_level::warn);
    CHECK(chosen(arguments).workers == 5);
    CHECK(chosen(arguments).max_identities == 6);
    CHECK(chosen(arguments).listeners.size() == 2);
    variables const set = {{"VAULT_ADDR", "http://variable:1"}, {"VAULT_MAX_RETRIES", "1"}};
    CHECK(chosen(arguments, set).upstream.address == "http://variable:1");
    CHECK(chosen(arguments, set).policy.consistency.limit.max_attempts == 2);
    arguments.insert(arguments.begin(), "-address=http://flag:1");
    CHECK(chosen(arguments, set).upstream.address == "http://flag:1");
    CHECK(chosen({"-config=" + place / ""}).max_identities == 6);
}

TEST_CASE("what is asked for instead of a proxy")
{
    CHECK(read({"-help"})->what == task::help);
    CHECK(read({"-h"})->what == task::help);
    CHECK(read({"-address=nonsense", "--help"})->what == task::help);
    CHECK(read({"-version"})->what == task::version);
    CHECK(read({"-check", "-listen=a:1"})->what == task::check);
    CHECK(read({"-check"}).error().status == 1);
}

TEST_CASE("wrong arguments and variables have a sentence and a status")
{
    struct row {
        std::vector<std::string> arguments;
        variables set;
        int status;
        std::string message;
    };
    scratch_folder const place;
    auto const file = place.write("a.hcl", "\nworkers = none");
    for (auto const& each : {
             row{{},
                 {},
                 1,
                 "there is no listener, so api_proxy would have nothing to do: add a block listener "
                 "\"tcp\" to the configuration, or -listen=127.0.0.1:8100"},
             row{{"-nonsense"}, {}, 2, "there is no flag \"-nonsense\"; -help lists them"},
             row{{"--nonsense=1"}, {}, 2, "there is no flag \"--nonsense\"; -help lists them"},
             row{{"-a\n"}, {}, 2, "there is no flag \"-a\\x0a\"; -help lists them"},
             row{{"config.hcl"}, {}, 2, "\"config.hcl\" is no flag; -help lists them"},
             row{{""}, {}, 2, "\"\" is no flag; -help lists them"},
             row{{"-"}, {}, 2, "\"-\" is no flag; -help lists them"},
             row{{"--"}, {}, 2, "\"--\" is no flag; -help lists them"},
             row{{"-="}, {}, 2, "\"-=\" is no flag; -help lists them"},
             row{{"-config"}, {}, 2, "-config needs a value: -config=<path>"},
             row{{"-help=yes"}, {}, 2, "-help takes no value"},
             row{{"-exit-after-auth"},
                 {},
                 2,
                 "-exit-after-auth: this proxy logs in nowhere, so it never ends after that; leave it out"},
             row{{"--log-rotate-bytes=5"},
                 {},
                 2,
                 "--log-rotate-bytes: this proxy does not rotate its log; let logrotate do it, and send "
                 "SIGHUP"},
             row{{"-address=vault"},
                 {},
                 2,
                 "-address takes an address such as \"https://vault.example.com:8200\" or \"unix:///PATH\", "
                 "not \"vault\""},
             row{{"-listen=8100"},
                 {},
                 2,
                 "-listen takes a host and a port, such as \"127.0.0.1:8200\", not \"8100\""},
             row{{"-ca-cert=/nowhere"}, {}, 2, "-ca-cert names \"/nowhere\", and there is no such file"},
             row{{"-enforce-consistency=yes"},
                 {},
                 2,
                 "-enforce-consistency takes one of never, always, not \"yes\""},
             row{{"-when-inconsistent="},
                 {},
                 2,
                 "-when-inconsistent takes one of fail, retry, await, forward, retry_then_forward, not \"\""},
             row{{"-consistency-scope=token"},
                 {},
                 2,
                 "-consistency-scope takes one of identity, global, not \"token\""},
             row{{"-tls-skip-verify=maybe"}, {}, 2, "-tls-skip-verify takes true or false, not \"maybe\""},
             row{{},
                 {{"VAULT_SKIP_VERIFY", "maybe"}},
                 2,
                 "VAULT_SKIP_VERIFY takes true or false, not \"maybe\""},
             row{{},
                 {{"VAULT_CLIENT_TIMEOUT", "soon"}},
                 2,
                 "VAULT_CLIENT_TIMEOUT takes a duration such as \"30s\" or \"1m30s\", not \"soon\""},
             row{{"-listen=a:1"},
                 {{"VAULT_PROXY_DISABLE_KEEP_ALIVES", "proxying,x"}},
                 2,
                 "VAULT_PROXY_DISABLE_KEEP_ALIVES takes proxying, not \"x\""},
             row{{"-config=/nowhere"}, {}, 1, "/nowhere: it cannot be read: No such file or directory"},
             row{{"-config", file}, {}, 1, file + ":2: a text must stand in quotes: \"none\""},
             row{{"-listen=a:1", "-client-cert", readable},
                 {},
                 1,
                 "client_cert and client_key need each other: set both, or none"},
         }) {
        CAPTURE(each.message);
        auto const line = read(each.arguments, each.set);
        REQUIRE_FALSE(line.has_value());
        CHECK(line.error().message == each.message);
        CHECK(line.error().status == each.status);
    }
}

TEST_CASE("help names each flag and variable, in lines that fit a terminal")
{
    auto const text = proxy::help();
    for (auto const* const name : {"-config=",
                                   "-listen=",
                                   "-enforce-consistency=",
                                   "-when-inconsistent=",
                                   "-consistency-scope=",
                                   "-address=",
                                   "-ca-cert=",
                                   "-ca-path=",
                                   "-client-cert=",
                                   "-client-key=",
                                   "-tls-server-name=",
                                   "-tls-skip-verify ",
                                   "-namespace=",
                                   "-log-level=",
                                   "-log-format=",
                                   "-log-file=",
                                   "-check ",
                                   "-version ",
                                   "-help ",
                                   "VAULT_ADDR",
                                   "VAULT_CACERT",
                                   "VAULT_CAPATH",
                                   "VAULT_CLIENT_CERT",
                                   "VAULT_CLIENT_KEY",
                                   "VAULT_SKIP_VERIFY",
                                   "VAULT_TLS_SERVER_NAME",
                                   "VAULT_NAMESPACE",
                                   "VAULT_CLIENT_TIMEOUT",
                                   "VAULT_MAX_RETRIES",
                                   "VAULT_LOG_LEVEL",
                                   "VAULT_LOG_FORMAT",
                                   "VAULT_LOG_FILE",
                                   "VAULT_PROXY_DISABLE_IDLE_CONNECTIONS",
                                   "VAULT_PROXY_DISABLE_KEEP_ALIVES",
                                   "inline",
                                   "pass_forwarded",
                                   "ulimit"}) {
        CAPTURE(name);
        CHECK(text.find(name) != text.npos);
    }
    for (std::size_t from = 0; from < text.size(); from = text.find('\n', from) + 1)
        CHECK(text.find('\n', from) - from <= 120);
}
