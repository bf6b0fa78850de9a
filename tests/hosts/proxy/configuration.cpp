// SPDX-License-Identifier: BSL-1.0
#include "configuration.hpp"

#include "words.hpp"

#include <afterwrite/bytes/ascii_case.hpp>
#include <afterwrite/policy/declared_nodes.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace proxy {

namespace {

using afterwrite::equal_ignoring_case;

struct refusal {
    std::string_view key;
    std::string_view sentence;
};

constexpr std::string_view no_login = "this proxy logs in nowhere and keeps no token; leave it out, and let "
                                      "clients bring tokens of their own";
constexpr std::string_view no_templates = "this proxy renders no templates; run Vault Agent for them";
constexpr std::string_view no_cache = "this proxy caches no tokens, leases or secrets, it hands each request "
                                      "on; leave it out";
constexpr std::string_view no_rotation = "this proxy does not rotate its log; let logrotate do it, and send "
                                         "SIGHUP, upon which log_file is opened anew";
constexpr std::string_view default_tls = "TLS versions and cipher suites are those of the OpenSSL library; "
                                         "leave it out, and set them in openssl.cnf";
constexpr std::string_view no_forwarding = "this proxy does not read X-Forwarded-For; leave it out";
constexpr std::string_view for_all = "such limits hold for all listeners together; set it in a block limits";

constexpr std::array refused_on_top = {
    refusal{"auto_auth", no_login},
    refusal{"exit_after_auth", no_login},
    refusal{"template", no_templates},
    refusal{"template_config", no_templates},
    refusal{"exec", no_templates},
    refusal{"env_template", no_templates},
    refusal{"telemetry", "metrics are at /proxy/v1/metrics without being asked for, and are sent nowhere; "
                         "leave it out"},
    refusal{"log_rotate_bytes", no_rotation},
    refusal{"log_rotate_duration", no_rotation},
    refusal{"log_rotate_max_files", no_rotation},
};

constexpr std::array refused_in_listener = {
    refusal{"tls_min_version", default_tls},
    refusal{"tls_max_version", default_tls},
    refusal{"tls_cipher_suites", default_tls},
    refusal{"tls_prefer_server_cipher_suites", default_tls},
    refusal{"max_request_size", for_all},
    refusal{"max_request_duration", "say timeout in vault"},
    refusal{"http_read_header_timeout", "say header_timeout in limits"},
    refusal{"http_read_timeout", "say body_timeout in limits"},
    refusal{"http_idle_timeout", "say idle_timeout in limits"},
    refusal{"x_forwarded_for_authorized_addrs", no_forwarding},
    refusal{"proxy_protocol_behavior", "this proxy does not read the PROXY protocol; leave it out"},
    refusal{"agent_api", "this is a proxy; say proxy_api"},
};

constexpr std::array refused_in_api_proxy = {
    refusal{"use_auto_auth_token", no_login},
    refusal{"prepend_configured_namespace", "this proxy adds its namespace only to requests that name none; "
                                            "leave it out"},
};

constexpr std::array refused_in_cache = {
    refusal{"persist", no_cache},
    refusal{"cache_static_secrets", no_cache},
    refusal{"disable_caching_dynamic_secrets", no_cache},
    refusal{"static_secret_token_capability_refresh_interval", no_cache},
    refusal{"static_secret_token_capability_refresh_behavior", no_cache},
    refusal{"use_auto_auth_token", no_login},
};

void refuse_all(block& from, auto const& refusals)
{
    for (auto const& [key, sentence] : refusals)
        from.refuse(key, sentence);
}

void read_vault(block& from, settings& to)
{
    auto& upstream = to.upstream = {};
    to.policy.consistency.limit = {};
    from.take("address", upstream.address, set_upstream);
    from.take("ca_cert", upstream.ca_cert, set_file);
    from.take("ca_path", upstream.ca_path, set_folder);
    from.take("client_cert", upstream.client_cert, set_file);
    from.take("client_key", upstream.client_key, set_file);
    from.take("tls_server_name", upstream.tls_server_name, set_text);
    from.take("tls_skip_verify", upstream.tls_skip_verify, set_switch);
    from.take("namespace", upstream.namespace_name, set_namespace);
    from.take_block("retry", [&](block& retry) {
        retry.take("num_retries", to.policy.consistency.limit.max_attempts, set_num_retries);
    });
    from.take_each("nodes", [&](std::string const& word) -> complaint {
        if (upstream.nodes.size() == afterwrite::declared_nodes::max_nodes)
            return "takes no more than " + std::to_string(upstream.nodes.size()) + " addresses";
        return set_node(upstream.nodes.emplace_back(), word);
    });
    from.take("timeout", upstream.timeout, set_duration);
    from.take("connect_timeout", upstream.connect_timeout, set_duration);
    from.take("max_idle_connections", upstream.max_idle_connections, set_count_or_none);
}

void read_proxy_api(block& from, bool& enable_quit)
{
    from.take_block("proxy_api", [&](block& api) { api.take("enable_quit", enable_quit, set_switch); });
}

void read_listener_tls(block& from, listener_settings& to, std::size_t line)
{
    bool is_disabled = false;
    bool ignores_clients = false;
    listener_tls tls;
    from.take("tls_disable", is_disabled, set_switch);
    from.take("tls_cert_file", tls.cert_file, set_file);
    from.take("tls_key_file", tls.key_file, set_file);
    from.take("tls_client_ca_file", tls.client_ca_file, set_file);
    from.take("tls_require_and_verify_client_cert", tls.require_and_verify_client_cert, set_switch);
    from.take("tls_disable_client_certs", ignores_clients, set_switch);
    if (is_disabled)
        return;
    if (tls.cert_file.empty() || tls.key_file.empty())
        from.fail("a listener needs tls_cert_file and tls_key_file, or tls_disable = true", line);
    if (tls.require_and_verify_client_cert && ignores_clients)
        from.fail("tls_require_and_verify_client_cert and tls_disable_client_certs exclude each other", line);
    if (tls.require_and_verify_client_cert && tls.client_ca_file.empty())
        from.fail("tls_require_and_verify_client_cert needs tls_client_ca_file, to verify them by", line);
    if (ignores_clients)
        tls.client_ca_file.clear();
    to.tls = std::move(tls);
}

/// `type` is empty if it is to stand in the block.
void read_listener(document const& from, std::string type, settings& to, configuration_error& why)
{
    block listener(from, type.empty() ? "listener" : "listener " + in_quotes(type), why);
    listener.take("type", type, set_text);
    auto& chosen = to.listeners.emplace_back();
    if (equal_ignoring_case(type, "unix")) {
        chosen.kind = listener_settings::family::unix_socket;
        chosen.address.clear();
        listener.take("address", chosen.address, set_text);
        listener.take("socket_mode", chosen.socket_mode, set_mode);
        listener.take("socket_user", chosen.socket_user, set_text);
        listener.take("socket_group", chosen.socket_group, set_text);
        if (chosen.address.empty())
            listener.fail("a listener \"unix\" needs an address, which is the path of its socket", from.line);
    } else if (equal_ignoring_case(type, "tcp")) {
        listener.take("address", chosen.address, set_tcp_address);
    } else {
        return listener.fail("a listener is of the type \"tcp\" or \"unix\", not " + in_quotes(type),
                             from.line);
    }
    read_listener_tls(listener, chosen, from.line);
    listener.take("require_request_header", chosen.require_request_header, set_switch);
    listener.take("role", chosen.metrics_only, set_role);
    listener.take("pass_forwarded", chosen.pass_forwarded, set_switch);
    read_proxy_api(listener, chosen.enable_quit);
    refuse_all(listener, refused_in_listener);
    listener.finish();
}

/// With a label, or in JSON some of them, there is nothing but further blocks.
void read_listeners(document const& from, settings& to, configuration_error& why)
{
    bool const has_label =
        !from.children.empty() && std::none_of(from.children.begin(), from.children.end(),
                                               [](auto const& each) { return each.is_scalar(); });
    if (!has_label)
        return read_listener(from, {}, to, why);
    block labels(from, "listener", why);
    for (auto const* const type : {"tcp", "unix"})
        labels.take_blocks(type, [&](document const& each) { read_listener(each, type, to, why); });
    labels.finish();
}

void read_limits(block& from, client_limits& limits)
{
    limits = {};
    from.take("max_connections", limits.max_connections, set_count);
    from.take("max_header_size", limits.max_header_bytes, set_header_size);
    from.take("max_request_size", limits.max_request_bytes, set_size);
    from.take("max_replay_size", limits.max_replay_bytes, set_size);
    from.take("min_body_rate", limits.min_body_rate, set_size);
    from.take("header_timeout", limits.header_timeout, set_duration);
    from.take("body_timeout", limits.body_timeout, set_duration);
    from.take("idle_timeout", limits.idle_timeout, set_duration);
}

/// The words themselves are read by `parse_proxy_policy`; here only the rest is looked at. Whether a word is
/// there.
bool has_policy(block& from)
{
    bool is_there = false;
    for (auto const* const key : {"enforce_consistency", "when_inconsistent", "consistency_scope"})
        is_there = from.skip(key) || is_there;
    return is_there;
}

void read_policy(block& top, std::string_view text, settings& to, configuration_error& why)
{
    bool is_there = false;
    top.take_block("api_proxy", [&](block& from) {
        is_there = has_policy(from) || is_there;
        refuse_all(from, refused_in_api_proxy);
    });
    top.take_block("cache", [&](block& from) {
        refuse_all(from, refused_in_cache);
        if (!has_policy(from))
            from.fail("cache: " + std::string(no_cache), from.line());
        is_there = true;
    });
    if (!is_there || !why.message.empty())
        return;
    auto const policy = afterwrite::parse_proxy_policy(text);
    if (!policy)
        return top.fail(policy.error().message, policy.error().line);
    to.policy.consistency.enforce = policy->consistency.enforce;
    to.policy.consistency.when = policy->consistency.when;
    to.policy.scope = policy->scope;
}

void read_connections(block& top, upstream_settings& to)
{
    bool is_without_idle = false;
    bool is_without_keep_alive = false;
    top.take_each("disable_idle_connections",
                  [&](std::string const& word) { return set_disabled(is_without_idle, word); });
    top.take_each("disable_keep_alives",
                  [&](std::string const& word) { return set_disabled(is_without_keep_alive, word); });
    if (is_without_idle)
        to.max_idle_connections = 0;
    if (is_without_keep_alive)
        to.keep_alive = false;
}

void read_all(document const& from, std::string_view text, settings& to, configuration_error& why)
{
    block top(from, {}, why);
    top.take_block("vault", [&](block& vault) { read_vault(vault, to); });
    top.take_blocks("listener", [&](document const& each) { read_listeners(each, to, why); });
    read_policy(top, text, to, why);
    top.take_block("limits", [&](block& limits) { read_limits(limits, to.limits); });
    read_connections(top, to.upstream);
    read_proxy_api(top, to.enable_quit);
    top.take("pid_file", to.pid_file, set_text);
    top.take("log_level", to.log.level, set_level);
    top.take("log_format", to.log.is_json, set_format);
    top.take("log_file", to.log.file, set_text);
    top.take("workers", to.workers, set_workers);
    top.take("max_identities", to.max_identities, set_identities);
    top.take("shutdown_grace", to.shutdown_grace, set_grace);
    bool locks_memory = false; // which Vault Proxy takes, and passes over too
    top.take("disable_mlock", locks_memory, set_switch);
    refuse_all(top, refused_on_top);
    top.finish();
}

/// False, and a sentence, if it cannot be read.
bool read_file(std::string const& path, std::string& text, std::string& wrong)
{
    std::ifstream file(path, std::ios::binary);
    if (!file.is_open()) {
        wrong = path + ": it cannot be read: " + std::strerror(errno);
        return false;
    }
    text.assign(std::istreambuf_iterator<char>(file), {});
    return true;
}

/// The files that a path means; its own if it is no folder.
std::vector<std::string> files_of(std::string const& path, std::error_code& error)
{
    namespace fs = std::filesystem;
    if (!fs::is_directory(path, error))
        return {path};
    std::vector<std::string> files;
    for (fs::directory_iterator each(path, error), end; !error && each != end; each.increment(error)) {
        auto const name = each->path().filename().string();
        bool const is_editors =
            name.starts_with(".#"); // what editors leave: #x.hcl# and x.hcl~ end otherwise
        if ((name.ends_with(".hcl") || name.ends_with(".json")) && !is_editors && !each->is_directory(error))
            files.push_back(each->path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace

afterwrite::result<settings, configuration_error> read_configuration(std::string_view text, settings so_far)
{
    auto const read = read_document(text);
    if (!read)
        return afterwrite::unexpected(read.error());
    configuration_error why;
    read_all(*read, text, so_far, why);
    if (!why.message.empty())
        return afterwrite::unexpected(std::move(why));
    return so_far;
}

afterwrite::result<settings, std::string> read_configuration_files(std::string const& path, settings so_far)
{
    using afterwrite::unexpected;
    std::error_code error;
    auto const files = files_of(path, error);
    if (error)
        return unexpected(path + ": it cannot be read: " + error.message());
    if (files.empty())
        return unexpected(path + ": this folder has no file whose name ends in .hcl or .json");
    for (auto const& file : files) {
        std::string text;
        std::string wrong;
        if (!read_file(file, text, wrong))
            return unexpected(std::move(wrong));
        auto read = read_configuration(text, std::move(so_far));
        if (!read) {
            auto const& [message, line] = read.error();
            return unexpected(file + (line != 0 ? ":" + std::to_string(line) : "") + ": " + message);
        }
        so_far = *std::move(read);
    }
    return so_far;
}

std::string what_is_missing(settings const& chosen)
{
    if (chosen.listeners.empty())
        return "there is no listener, so api_proxy would have nothing to do: add a block listener \"tcp\" to "
               "the configuration, or -listen=127.0.0.1:8100";
    if (chosen.upstream.client_cert.empty() != chosen.upstream.client_key.empty())
        return "client_cert and client_key need each other: set both, or none";
    return {};
}

} // namespace proxy
