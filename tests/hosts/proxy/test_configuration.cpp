// SPDX-License-Identifier: BSL-1.0
#include "configuration.hpp"

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using proxy::settings;
using proxy_tests::scratch_folder;

namespace {

using family = proxy::listener_settings::family;

/// A file that can be read, and a folder: what is in them is not looked at before the proxy starts.
std::string with_paths(std::string text)
{
    auto const replace = [&text](std::string_view name, std::string const& path) {
        for (auto at = text.find(name); at != text.npos; at = text.find(name, at + path.size()))
            text.replace(at, name.size(), path);
    };
    replace("FILE", AFTERWRITE_SOURCE_DIR "/CMakeLists.txt");
    replace("FOLDER", AFTERWRITE_SOURCE_DIR "/tests");
    return text;
}

std::string const file = with_paths("FILE");
std::string const folder = with_paths("FOLDER");

struct good {
    char const* text;
    bool (*holds)(settings const& read);
};

void check_all(std::initializer_list<good> rows)
{
    for (auto const& row : rows) {
        CAPTURE(row.text);
        auto const read = proxy::read_configuration(with_paths(row.text));
        CHECK(read.error().message.empty());
        REQUIRE(read.has_value());
        CHECK(row.holds(*read));
    }
}

struct bad {
    char const* text;
    std::size_t line;
    char const* message;
};

void check_all(std::initializer_list<bad> rows)
{
    for (auto const& row : rows) {
        CAPTURE(row.text);
        auto const read = proxy::read_configuration(with_paths(row.text));
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().message == with_paths(row.message));
        CHECK(read.error().line == row.line);
    }
}

} // namespace

TEST_CASE("nothing said is Vault Proxy's defaults")
{
    for (auto const* const text : {"", "{}", "# nothing\n", "vault {}", "api_proxy {}"}) {
        CAPTURE(text);
        auto const read = proxy::read_configuration(text);
        REQUIRE(read.has_value());
        CHECK(read->upstream.address == "https://127.0.0.1:8200");
        CHECK(read->upstream.timeout == 60s);
        CHECK_FALSE(read->upstream.tls_skip_verify);
        CHECK(read->upstream.keep_alive);
        CHECK(read->policy == afterwrite::proxy_policy{});
        CHECK(read->log.level == proxy::log_level::info);
        CHECK_FALSE(read->log.is_json);
        CHECK(read->limits.max_request_bytes == 32 << 20);
        CHECK(read->limits.header_timeout == 10s);
        CHECK(read->limits.body_timeout == 30s);
        CHECK(read->limits.idle_timeout == 5min);
        CHECK(read->listeners.empty());
    }
}

TEST_CASE("the block vault")
{
    check_all({
        good{R"(vault { address = "http://10.0.0.1:8200" })",
             [](settings const& read) { return read.upstream.address == "http://10.0.0.1:8200"; }},
        good{R"(vault { address = "https://vault.example.com/" })",
             [](settings const& read) { return read.upstream.address == "https://vault.example.com"; }},
        good{R"(vault { address = "https://[::1]:8200" })",
             [](settings const& read) { return read.upstream.address == "https://[::1]:8200"; }},
        good{R"(vault { address = "unix:///run/vault.sock" })",
             [](settings const& read) { return read.upstream.address == "unix:///run/vault.sock"; }},
        good{R"(vault { ca_cert = "FILE" ca_path = "FOLDER" client_cert = "FILE" client_key = "FILE" })",
             [](settings const& read) {
                 auto const& to = read.upstream;
                 return to.ca_cert == file && to.ca_path == folder && to.client_cert == file &&
                        to.client_key == file;
             }},
        good{R"(vault { tls_server_name = "vault.internal" tls_skip_verify = true namespace = "team/a/" })",
             [](settings const& read) {
                 auto const& to = read.upstream;
                 return to.tls_server_name == "vault.internal" && to.tls_skip_verify &&
                        to.namespace_name == "team/a/";
             }},
        good{R"(vault { tls_skip_verify = "1" })",
             [](settings const& read) { return read.upstream.tls_skip_verify; }},
        good{R"(vault { tls_skip_verify = 0 })",
             [](settings const& read) { return !read.upstream.tls_skip_verify; }},
        good{"vault { retry { num_retries = 5 } }",
             [](settings const& read) { return read.policy.consistency.limit.max_attempts == 6; }},
        good{"vault { retry { num_retries = -1 } }",
             [](settings const& read) { return read.policy.consistency.limit.max_attempts == 1; }},
        good{R"(vault { retry { num_retries = "0" } })",
             [](settings const& read) { return read.policy.consistency.limit.max_attempts == 0; }},
        good{R"(vault { nodes = ["http://a:8200", "http://b:8200/",] })",
             [](settings const& read) {
                 return read.upstream.nodes == std::vector<std::string>{"http://a:8200", "http://b:8200"};
             }},
        good{R"(vault { nodes = "http://a:8200" })",
             [](settings const& read) { return read.upstream.nodes.size() == 1; }},
        good{R"(vault { timeout = "1m30s" connect_timeout = 2 max_idle_connections = 0 })",
             [](settings const& read) {
                 auto const& to = read.upstream;
                 return to.timeout == 90s && to.connect_timeout == 2s && to.max_idle_connections == 0;
             }},
        good{R"(VAULT { Address = "http://a:1" })",
             [](settings const& read) { return read.upstream.address == "http://a:1"; }},
    });
    check_all({
        bad{R"(vault { adress = "http://a" })", 1,
            "there is no setting \"adress\" in vault; there are address, ca_cert, ca_path, client_cert, "
            "client_key, tls_server_name, tls_skip_verify, namespace, retry, nodes, timeout, "
            "connect_timeout, max_idle_connections"},
        bad{"vault {\n  address = \"vault:8200\"\n}", 2,
            "address in vault takes an address such as \"https://vault.example.com:8200\" or "
            "\"unix:///PATH\", not \"vault:8200\""},
        bad{R"(vault { address = "http://a:99999" })", 1,
            "address in vault takes an address such as \"https://vault.example.com:8200\" or "
            "\"unix:///PATH\", not \"http://a:99999\""},
        bad{R"(vault { address = "unix://run" })", 1,
            "address in vault takes a whole path after unix://, not \"unix://run\""},
        bad{"vault {\n ca_cert = \"FILE\"\n\n ca_cert = \"FILE\" }", 4, "ca_cert in vault is set twice"},
        bad{"vault {}\nvault {}", 2, "there may be only one block vault"},
        bad{R"(vault { ca_cert = "/nowhere.pem" })", 1,
            "ca_cert in vault names \"/nowhere.pem\", and there is no such file"},
        bad{R"(vault { ca_cert = "FOLDER" })", 1,
            "ca_cert in vault names \"FOLDER\", and there is no such file"},
        bad{R"(vault { ca_path = "FILE" })", 1,
            "ca_path in vault names \"FILE\", and there is no such folder"},
        bad{R"(vault { ca_cert = true })", 1, "ca_cert in vault takes a value, not true"},
        bad{R"(vault { ca_cert = ["FILE"] })", 1, "ca_cert in vault takes a value, not a list"},
        bad{R"(vault { ca_cert { } })", 1, "ca_cert in vault takes a value, not a block"},
        bad{R"(vault = "http://a:1")", 1, "vault takes a block, not http://a:1"},
        bad{R"(vault { tls_skip_verify = "yes" })", 1,
            "tls_skip_verify in vault takes true or false, not \"yes\""},
        bad{R"(vault { tls_skip_verify = null })", 1,
            "tls_skip_verify in vault takes true or false, not \"null\""},
        bad{R"(vault { namespace = "a b" })", 1,
            "namespace in vault takes a namespace without blanks, not \"a b\""},
        bad{R"(vault { retry { num_retries = 1.5 } })", 1,
            "num_retries in retry in vault takes a whole number from -1 to 1000000, not \"1.5\""},
        bad{R"(vault { nodes = ["a"] })", 1,
            "nodes in vault takes addresses such as \"https://10.0.0.1:8200\", not \"a\""},
        bad{R"(vault { nodes = [{}] })", 1, "nodes in vault takes a list of texts, not a block"},
    });
    std::string many = "vault { nodes = [";
    for (int i = 0; i < 17; ++i)
        many += "\"http://node-" + std::to_string(i) + "\",";
    CHECK(proxy::read_configuration(many + "] }").error().message ==
          "nodes in vault takes no more than 16 addresses");
}

TEST_CASE("listeners")
{
    check_all({
        good{R"(listener "tcp" { tls_disable = true })",
             [](settings const& read) {
                 auto const& it = read.listeners.at(0);
                 return it.kind == family::tcp && it.address == "127.0.0.1:8200" && !it.tls &&
                        !it.require_request_header && !it.metrics_only && !it.enable_quit;
             }},
        good{R"(listener "tcp" { address = ":0" tls_disable = "true" require_request_header = true
                                 role = "metrics_only" pass_forwarded = true
                                 proxy_api { enable_quit = true } })",
             [](settings const& read) {
                 auto const& it = read.listeners.at(0);
                 return it.address == "0.0.0.0:0" && it.require_request_header && it.metrics_only &&
                        it.pass_forwarded && it.enable_quit && !read.enable_quit;
             }},
        good{R"(listener "tcp" { address = "[::1]:8100" tls_cert_file = "FILE" tls_key_file = "FILE" })",
             [](settings const& read) {
                 auto const& it = read.listeners.at(0);
                 return it.address == "[::1]:8100" && it.tls && it.tls->cert_file == file &&
                        it.tls->key_file == file && it.tls->client_ca_file.empty();
             }},
        good{R"(listener "tcp" { tls_cert_file = "FILE" tls_key_file = "FILE" tls_client_ca_file = "FILE"
                                 tls_require_and_verify_client_cert = true })",
             [](settings const& read) {
                 auto const& tls = read.listeners.at(0).tls;
                 return tls && tls->require_and_verify_client_cert && tls->client_ca_file == file;
             }},
        good{R"(listener "tcp" { tls_cert_file = "FILE" tls_key_file = "FILE" tls_client_ca_file = "FILE"
                                 tls_disable_client_certs = true })",
             [](settings const& read) { return read.listeners.at(0).tls->client_ca_file.empty(); }},
        good{R"(listener "tcp" { tls_cert_file = "FILE" tls_disable = true })",
             [](settings const& read) { return !read.listeners.at(0).tls; }},
        good{R"(listener "unix" { address = "/run/p.sock" tls_disable = true socket_mode = "0660"
                                  socket_user = 1000 socket_group = "vault" })",
             [](settings const& read) {
                 auto const& it = read.listeners.at(0);
                 return it.kind == family::unix_socket && it.address == "/run/p.sock" && !it.tls &&
                        it.socket_mode == "0660" && it.socket_user == "1000" && it.socket_group == "vault";
             }},
        good{"listener \"tcp\" { address = \"a:1\" tls_disable = 1 }\n"
             "listener \"unix\" { address = \"/a\" tls_disable = 1 }\n"
             "listener \"TCP\" { address = \"a:2\" tls_disable = 1 }",
             [](settings const& read) {
                 auto const& all = read.listeners;
                 return all.size() == 3 && all[0].address == "a:1" && all[1].address == "/a" &&
                        all[2].address == "a:2";
             }},
        good{R"(listener { type = "tcp" address = "a:1" tls_disable = true })",
             [](settings const& read) { return read.listeners.at(0).address == "a:1"; }},
        good{R"({"listener": {"tcp": {"address": "a:1", "tls_disable": true}}})",
             [](settings const& read) { return read.listeners.at(0).address == "a:1"; }},
        good{R"({"listener": [{"tcp": {"address": "a:1", "tls_disable": true}},
                              {"unix": {"address": "/a", "tls_disable": true}}]})",
             [](settings const& read) {
                 return read.listeners.size() == 2 && read.listeners[1].kind == family::unix_socket;
             }},
        good{R"({"listener": {"tcp": [{"address": "a:1", "tls_disable": true},
                                      {"address": "a:2", "tls_disable": true}]}})",
             [](settings const& read) {
                 return read.listeners.size() == 2 && read.listeners[1].address == "a:2";
             }},
        good{R"({"listener": [{"type": "tcp", "address": "a:1", "tls_disable": true}]})",
             [](settings const& read) { return read.listeners.size() == 1; }},
        good{"proxy_api { enable_quit = true }", [](settings const& read) { return read.enable_quit; }},
    });
    check_all({
        bad{"\nlistener \"tcp\" {}", 2,
            "a listener needs tls_cert_file and tls_key_file, or tls_disable = true"},
        bad{R"(listener "tcp" { tls_cert_file = "FILE" })", 1,
            "a listener needs tls_cert_file and tls_key_file, or tls_disable = true"},
        bad{R"(listener "tcp" { tls_cert_file = "/nowhere" tls_key_file = "FILE" })", 1,
            "tls_cert_file in listener \"tcp\" names \"/nowhere\", and there is no such file"},
        bad{R"(listener "tcp" { tls_cert_file = "FILE" tls_key_file = "FILE"
                                tls_require_and_verify_client_cert = true })",
            1, "tls_require_and_verify_client_cert needs tls_client_ca_file, to verify them by"},
        bad{R"(listener "tcp" { tls_cert_file = "FILE" tls_key_file = "FILE" tls_client_ca_file = "FILE"
                                tls_require_and_verify_client_cert = true tls_disable_client_certs = true })",
            1, "tls_require_and_verify_client_cert and tls_disable_client_certs exclude each other"},
        bad{R"(listener "tcp" { address = "8100" tls_disable = true })", 1,
            "address in listener \"tcp\" takes a host and a port, such as \"127.0.0.1:8200\", not \"8100\""},
        bad{R"(listener "tcp" { address = "http://a:1" tls_disable = true })", 1,
            "address in listener \"tcp\" takes a host and a port, such as \"127.0.0.1:8200\", not "
            "\"http://a:1\""},
        bad{R"(listener "tcp" { address = "::1:8100" tls_disable = true })", 1,
            "address in listener \"tcp\" takes a host and a port, such as \"127.0.0.1:8200\", not "
            "\"::1:8100\""},
        bad{R"(listener "unix" { tls_disable = true })", 1,
            "a listener \"unix\" needs an address, which is the path of its socket"},
        bad{R"(listener "unix" { address = "/a" tls_disable = true socket_mode = "rw" })", 1,
            "socket_mode in listener \"unix\" takes permissions such as \"0660\", not \"rw\""},
        bad{R"(listener "udp" {})", 1, "there is no setting \"udp\" in listener; there are tcp, unix"},
        bad{R"(listener { type = "udp" })", 1, "a listener is of the type \"tcp\" or \"unix\", not \"udp\""},
        bad{"listener {}", 1, "a listener is of the type \"tcp\" or \"unix\", not \"\""},
        bad{R"({"listener": {"tcp": [1]}})", 1, "tcp in listener takes a block, not 1"},
        bad{R"(listener "tcp" { tls_disable = true role = "admin" })", 1,
            "role in listener \"tcp\" takes default or metrics_only, not \"admin\""},
        bad{R"(listener "tcp" { tls_disable = true max_request_size = 1 })", 1,
            "max_request_size in listener \"tcp\": such limits hold for all listeners together; set it in a "
            "block limits"},
        bad{R"(listener "tcp" { tls_disable = true tls_min_version = "tls13" })", 1,
            "tls_min_version in listener \"tcp\": TLS versions and cipher suites are those of the OpenSSL "
            "library; leave it out, and set them in openssl.cnf"},
        bad{R"(listener "tcp" { tls_disable = true proxy_api { enable_quite = true } })", 1,
            "there is no setting \"enable_quite\" in proxy_api in listener \"tcp\"; there are enable_quit"},
    });
}

TEST_CASE("api_proxy, and the same words in cache, as with Vault Agent")
{
    using afterwrite::enforce_consistency;
    using afterwrite::proxy_scope;
    using afterwrite::when_inconsistent;
    check_all({
        good{R"(api_proxy { enforce_consistency = "always" when_inconsistent = "forward" })",
             [](settings const& read) {
                 return read.policy.consistency.enforce == enforce_consistency::always &&
                        read.policy.consistency.when == when_inconsistent::forward &&
                        read.policy.scope == proxy_scope::identity;
             }},
        good{R"(api_proxy { consistency_scope = "global" use_auto_auth_token = false })",
             [](settings const& read) { return read.policy.scope == proxy_scope::global; }},
        good{R"(cache { enforce_consistency = "always" })",
             [](settings const& read) {
                 return read.policy.consistency.enforce == enforce_consistency::always;
             }},
        good{
            R"({"api_proxy": [{"enforce_consistency": "always"}], "vault": {"retry": [{"num_retries": 2}]}})",
            [](settings const& read) {
                return read.policy.consistency.enforce == enforce_consistency::always &&
                       read.policy.consistency.limit.max_attempts == 3;
            }},
    });
    check_all({
        bad{"api_proxy {\n enforce_consistancy = \"always\"\n}", 2,
            "there is no setting \"enforce_consistancy\" in api_proxy; there are enforce_consistency, "
            "when_inconsistent, consistency_scope"},
        bad{R"(api_proxy { enforce_consistency = "sometimes" })", 1,
            "Unknown api_proxy setting for enforce_consistency: \"sometimes\""},
        bad{R"(api_proxy { when_inconsistent = true })", 1,
            "when_inconsistent in api_proxy is no text in quotes"},
        bad{R"(api_proxy { use_auto_auth_token = "force" })", 1,
            "use_auto_auth_token in api_proxy: this proxy logs in nowhere and keeps no token; leave it out, "
            "and "
            "let clients bring tokens of their own"},
        bad{"api_proxy {}\napi_proxy {}", 2, "there may be only one block api_proxy"},
        bad{"\ncache {}", 2,
            "cache: this proxy caches no tokens, leases or secrets, it hands each request on; leave it out"},
        bad{R"(cache { persist "kubernetes" { path = "/a" } })", 1,
            "persist in cache: this proxy caches no tokens, leases or secrets, it hands each request on; "
            "leave "
            "it out"},
        bad{"api_proxy { when_inconsistent = \"retry\" }\ncache { when_inconsistent = \"retry\" }", 2,
            "when_inconsistent configured in both api_proxy and cache blocks. Please remove this "
            "configuration "
            "from the cache block."},
    });
}

TEST_CASE("what stands on top")
{
    check_all({
        good{R"(pid_file = "./pid" log_level = "WARN" log_format = "JSON" log_file = "/var/log/p.log")",
             [](settings const& read) {
                 return read.pid_file == "./pid" && read.log.level == proxy::log_level::warn &&
                        read.log.is_json && read.log.file == "/var/log/p.log";
             }},
        good{R"(disable_idle_connections = ["auto-auth", "proxying"])",
             [](settings const& read) {
                 return read.upstream.max_idle_connections == 0 && read.upstream.keep_alive;
             }},
        good{R"(disable_keep_alives = ["caching"])",
             [](settings const& read) { return !read.upstream.keep_alive; }},
        good{R"(disable_keep_alives = ["auto-auth", ""])",
             [](settings const& read) { return read.upstream.keep_alive; }},
        good{R"(workers = 4 max_identities = "1000" shutdown_grace = "0s" disable_mlock = true)",
             [](settings const& read) {
                 return read.workers == 4 && read.max_identities == 1000 && read.shutdown_grace == 0s;
             }},
        good{R"(limits { max_connections = 10 max_header_size = "16kib" max_request_size = "1 GB"
                         max_replay_size = 100 header_timeout = 1 body_timeout = "1.5s"
                         idle_timeout = "1d" min_body_rate = "1kib" })",
             [](settings const& read) {
                 auto const& it = read.limits;
                 return it.max_connections == 10 && it.max_header_bytes == 16384 &&
                        it.max_request_bytes == 1'000'000'000 && it.max_replay_bytes == 100 &&
                        it.header_timeout == 1s && it.body_timeout == 1500ms && it.idle_timeout == 24h &&
                        it.min_body_rate == 1024;
             }},
        good{"exit_after_auth = false", [](settings const& read) { return read.listeners.empty(); }},
    });
    check_all({
        bad{"auto_auth { method { type = \"approle\" } }", 1,
            "auto_auth: this proxy logs in nowhere and keeps no token; leave it out, and let clients bring "
            "tokens of their own"},
        bad{"\ntemplate {}", 2, "template: this proxy renders no templates; run Vault Agent for them"},
        bad{"template_config {}", 1,
            "template_config: this proxy renders no templates; run Vault Agent for them"},
        bad{"env_template \"A\" {}", 1,
            "env_template: this proxy renders no templates; run Vault Agent for them"},
        bad{"exec {}", 1, "exec: this proxy renders no templates; run Vault Agent for them"},
        bad{"exit_after_auth = true", 1,
            "exit_after_auth: this proxy logs in nowhere and keeps no token; leave it out, and let clients "
            "bring tokens of their own"},
        bad{"telemetry {}", 1,
            "telemetry: metrics are at /proxy/v1/metrics without being asked for, and are sent nowhere; "
            "leave "
            "it out"},
        bad{"log_rotate_bytes = 1", 1,
            "log_rotate_bytes: this proxy does not rotate its log; let logrotate do it, and send SIGHUP, "
            "upon "
            "which log_file is opened anew"},
        bad{"workers = 0", 1, "workers takes a whole number from 1 to 256, not \"0\""},
        bad{"log_level = \"loud\"", 1, "log_level takes trace, debug, info, warn or error, not \"loud\""},
        bad{"log_format = \"xml\"", 1, "log_format takes standard or json, not \"xml\""},
        bad{"pid_file = \"a\\nb\"", 1, "pid_file takes a text of one line, not \"a\\x0ab\""},
        bad{"disable_keep_alives = [\"listening\"]", 1,
            "disable_keep_alives takes proxying, not \"listening\""},
        bad{"limits { header_timeout = 0 }", 1,
            "header_timeout in limits takes a duration such as \"30s\" or \"1m30s\", not \"0\""},
        bad{"limits { max_header_size = \"64 q\" }", 1,
            "max_header_size in limits takes a number of bytes, such as 65536 or \"64kib\", not \"64 q\""},
        bad{"limits { max_header_size = \"1mb\" }", 1,
            "max_header_size in limits takes no more than 64kib, the longest head that can be read, not "
            "\"1mb\""},
        bad{"vault { timeout = \"2562047h\" }", 1,
            "timeout in vault takes a duration of no more than 8760h, not \"2562047h\""},
        bad{"max_identities = 1000000000", 1,
            "max_identities takes a whole number from 1 to 10000000, not \"1000000000\""},
        bad{"shutdown_grace = \"soon\"", 1,
            "shutdown_grace takes a duration such as \"30s\" or \"1m30s\", not \"soon\""},
    });
    CHECK(
        proxy::read_configuration("enforce_consistency = \"always\"")
            .error()
            .message.starts_with("there is no setting \"enforce_consistency\"; there are vault, listener, "));
}
