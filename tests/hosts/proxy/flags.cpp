// SPDX-License-Identifier: BSL-1.0
#include "flags.hpp"

#include "configuration.hpp"
#include "words.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace proxy {

namespace {

using task = command_line::task;
using setter = complaint (*)(settings&, std::string_view);

/// Sets something, or says what the program is to do instead; if neither, its value is a file to read.
struct flag {
    std::string_view name;
    char const* variable;   ///< or null
    std::string_view value; ///< as help calls it; empty for a switch
    std::string_view help;
    setter set = nullptr;
    task what = task::serve;
};

complaint add_listener(settings& to, std::string_view word)
{
    return set_tcp_address(to.listeners.emplace_back().address, word);
}

complaint set_each_disabled(bool& to, std::string_view words)
{
    for (;;) {
        auto const word = words.substr(0, words.find(','));
        auto wrong = set_disabled(to, word);
        if (!wrong.empty() || word.size() == words.size())
            return wrong;
        words.remove_prefix(word.size() + 1);
    }
}

complaint set_without_idle(settings& to, std::string_view words)
{
    bool is_without = false;
    auto wrong = set_each_disabled(is_without, words);
    if (is_without)
        to.upstream.max_idle_connections = 0;
    return wrong;
}

complaint set_without_keep_alive(settings& to, std::string_view words)
{
    bool is_without = false;
    auto wrong = set_each_disabled(is_without, words);
    if (is_without)
        to.upstream.keep_alive = false;
    return wrong;
}

template <auto Member, auto Set>
complaint in_upstream(settings& to, std::string_view word)
{
    return Set(to.upstream.*Member, word);
}

template <auto Member, auto Set>
complaint in_log(settings& to, std::string_view word)
{
    return Set(to.log.*Member, word);
}

complaint set_policy_enforce(settings& to, std::string_view word)
{
    return set_enforce(to.policy.consistency.enforce, word);
}

complaint set_policy_when(settings& to, std::string_view word)
{
    return set_when(to.policy.consistency.when, word);
}

complaint set_policy_scope(settings& to, std::string_view word) { return set_scope(to.policy.scope, word); }

complaint set_policy_attempts(settings& to, std::string_view word)
{
    return set_max_retries(to.policy.consistency.limit.max_attempts, word);
}

using upstream = upstream_settings;

// clang-format off
constexpr std::array flags = {
    flag{"config", nullptr, "path", "a configuration file, or a folder of *.hcl and *.json; again for more"},
    flag{"listen", nullptr, "host:port", "listen here too, without TLS; port 0 lets the system choose",
         add_listener},
    flag{"enforce-consistency", nullptr, "never|always", "whether clients see their own writes",
         set_policy_enforce},
    flag{"when-inconsistent", nullptr, "word",
         "fail, retry, forward, await or retry_then_forward, where a node is behind",
         set_policy_when},
    flag{"consistency-scope", nullptr, "identity|global", "whose writes a client sees: its own, or all",
         set_policy_scope},
    flag{"address", "VAULT_ADDR", "url", "the cluster (default: https://127.0.0.1:8200)",
         in_upstream<&upstream::address, set_upstream>},
    flag{"ca-cert", "VAULT_CACERT", "file", "certificates of authorities that the cluster is verified by",
         in_upstream<&upstream::ca_cert, set_file>},
    flag{"ca-path", "VAULT_CAPATH", "folder", "a folder of such files",
         in_upstream<&upstream::ca_path, set_folder>},
    flag{"client-cert", "VAULT_CLIENT_CERT", "file", "the proxy's certificate for the cluster",
         in_upstream<&upstream::client_cert, set_file>},
    flag{"client-key", "VAULT_CLIENT_KEY", "file", "its key",
         in_upstream<&upstream::client_key, set_file>},
    flag{"tls-server-name", "VAULT_TLS_SERVER_NAME", "name", "the name in the cluster's certificate",
         in_upstream<&upstream::tls_server_name, set_text>},
    flag{"tls-skip-verify", "VAULT_SKIP_VERIFY", "", "do not verify the cluster's certificate",
         in_upstream<&upstream::tls_skip_verify, set_switch>},
    flag{"namespace", "VAULT_NAMESPACE", "path", "for requests that name none",
         in_upstream<&upstream::namespace_name, set_namespace>},
    flag{"log-level", "VAULT_LOG_LEVEL", "level", "trace, debug, info (the default), warn or error",
         in_log<&log_settings::level, set_level>},
    flag{"log-format", "VAULT_LOG_FORMAT", "standard|json", "",
         in_log<&log_settings::is_json, set_format>},
    flag{"log-file", "VAULT_LOG_FILE", "file", "append the log to this file, instead of standard error",
         in_log<&log_settings::file, set_text>},
    flag{"check", nullptr, "", "read the configuration, say that it is valid, and end", nullptr, task::check},
    flag{"version", nullptr, "", "say the version, and end", nullptr, task::version},
    flag{"help", nullptr, "", "this text", nullptr, task::help},
};

/// Variables without a flag.
constexpr std::array variables = {
    flag{{}, "VAULT_CLIENT_TIMEOUT", "", "seconds of a request with all its attempts (default: 60)",
         in_upstream<&upstream::timeout, set_duration>},
    flag{{}, "VAULT_MAX_RETRIES", "", "further attempts (default: as many as there is time for)",
         set_policy_attempts},
    flag{{}, "VAULT_PROXY_DISABLE_IDLE_CONNECTIONS", "", "proxying: keep no idle connections to the cluster",
         set_without_idle},
    flag{{}, "VAULT_PROXY_DISABLE_KEEP_ALIVES", "", "proxying: a connection to the cluster for each request",
         set_without_keep_alive},
};

using text_pair = std::pair<std::string_view, std::string_view>;

constexpr std::string_view no_rotation =
    "this proxy does not rotate its log; let logrotate do it, and send SIGHUP";
constexpr std::array refused = {
    text_pair{"exit-after-auth", "this proxy logs in nowhere, so it never ends after that; leave it out"},
    text_pair{"log-rotate-bytes", no_rotation},
    text_pair{"log-rotate-duration", no_rotation},
    text_pair{"log-rotate-max-files", no_rotation},
};

constexpr std::array aliases = {text_pair{"ns", "namespace"}, text_pair{"h", "help"}};
// clang-format on

template <class Pairs>
std::optional<std::string_view> find(Pairs const& pairs, std::string_view name)
{
    for (auto const& [key, value] : pairs)
        if (key == name)
            return value;
    return std::nullopt;
}

flag const* find_flag(std::string_view name)
{
    name = find(aliases, name).value_or(name);
    for (auto const& each : flags)
        if (each.name == name)
            return &each;
    return nullptr;
}

/// Arguments that are taken apart, and not yet applied.
struct arguments_read {
    struct setting {
        flag const* which;
        std::string value;
    };

    task what = task::serve;
    std::vector<std::string> files{};
    std::vector<setting> settings{};
    std::string wrong{};
};

bool take_argument(std::span<std::string const>& rest, arguments_read& into)
{
    auto const& argument = rest.front();
    rest = rest.subspan(1);
    auto const dashes = argument.starts_with("--") ? 2u : 1u;
    auto const equals = argument.find('=');
    bool const has_value = equals != argument.npos;
    auto const name = argument.substr(0, equals);
    auto const fail = [&into](std::string message) {
        into.wrong = std::move(message);
        return false;
    };
    if (!argument.starts_with('-') || name.size() == dashes)
        return fail(in_quotes(argument) + " is no flag; -help lists them");
    if (auto const why = find(refused, std::string_view(name).substr(dashes)))
        return fail(name + ": " + std::string(*why));
    auto const* const found = find_flag(std::string_view(name).substr(dashes));
    if (found == nullptr)
        return fail("there is no flag " + in_quotes(name) + "; -help lists them");
    auto value = has_value ? argument.substr(equals + 1) : std::string("true");
    if (!found->value.empty() && !has_value) {
        if (rest.empty())
            return fail(name + " needs a value: " + name + "=<" + std::string(found->value) + ">");
        value = rest.front();
        rest = rest.subspan(1);
    }
    if (found->what != task::serve) {
        if (has_value)
            return fail(name + " takes no value");
        into.what = found->what;
    } else if (found->set == nullptr) {
        into.files.push_back(std::move(value));
    } else {
        into.settings.push_back({found, std::move(value)});
    }
    return true;
}

/// What is wrong with what the environment says.
std::string add_environment(settings& to, environment const& variable)
{
    for (auto const& list : {std::span<flag const>(flags), std::span<flag const>(variables)})
        for (auto const& each : list) {
            char const* const value = each.variable != nullptr ? variable(each.variable) : nullptr;
            if (value == nullptr || *value == '\0')
                continue;
            if (auto const wrong = each.set(to, value); !wrong.empty())
                return std::string(each.variable) + ' ' + wrong;
        }
    return {};
}

} // namespace

afterwrite::result<command_line, command_line_error> read_command_line(std::span<std::string const> arguments,
                                                                       environment const& variable)
{
    auto const fail = [](std::string message, int status) {
        return afterwrite::unexpected(command_line_error{std::move(message), status});
    };
    arguments_read read;
    while (!arguments.empty())
        if (!take_argument(arguments, read))
            return fail(std::move(read.wrong), 2);
    command_line line{.what = read.what};
    if (line.what == task::help || line.what == task::version)
        return line;
    for (auto const& path : read.files) {
        auto chosen = read_configuration_files(path, std::move(line.chosen));
        if (!chosen)
            return fail(chosen.error(), 1);
        line.chosen = *std::move(chosen);
    }
    if (auto wrong = add_environment(line.chosen, variable); !wrong.empty())
        return fail(std::move(wrong), 2);
    for (auto const& [which, value] : read.settings)
        if (auto const wrong = which->set(line.chosen, value); !wrong.empty())
            return fail('-' + std::string(which->name) + ' ' + wrong, 2);
    if (auto wrong = what_is_missing(line.chosen); !wrong.empty())
        return fail(std::move(wrong), 1);
    return line;
}

std::string help()
{
    std::string text = "usage: afterwrite.proxy [flags]\n\n"
                       "A proxy for HashiCorp Vault and OpenBao, through which each client sees what it has "
                       "written. It is\nconfigured like Vault Proxy, by the same files, flags and "
                       "environment variables; a flag goes before\nthe environment, and that before a "
                       "file.\n\n";
    auto const add = [&text](std::string start, std::string_view what) {
        start.resize(std::max<std::size_t>(start.size() + 2, 40), ' ');
        text.append("  ").append(start).append(what) += '\n';
    };
    for (auto const& each : flags) {
        auto start = '-' + std::string(each.name);
        if (!each.value.empty())
            start.append("=<").append(each.value).append(">");
        std::string what(each.help);
        if (each.variable != nullptr)
            what.append(what.empty() ? "" : " ").append("(").append(each.variable).append(")");
        add(start, what);
    }
    text += "\nAlso in the environment:\n";
    for (auto const& each : variables)
        add(each.variable, each.help);
    text += "\nCallers are told apart by their tokens. A request without one, as with OpenBao's inline "
            "authentication,\nbelongs to nobody, and may not show what its caller wrote; with "
            "-consistency-scope=global it does.\nWhat clients say of whom they speak for, X-Forwarded-For, "
            "Forwarded, X-Real-IP and certificates in\nfields, is not handed on, but from a listener with "
            "pass_forwarded = true. About half as many clients\ncan be connected as the process may have "
            "files open (ulimit -n).\n";
    return text + "\nSIGTERM and SIGINT end it after the requests under way, a second one at once; SIGHUP "
                  "reads certificates\nanew, and opens the log file anew.\n\n"
                  "Exit status: 0 after such an end; 1 if it could not start, or a request was cut off; 2 if "
                  "flags or the\nenvironment are wrong.\n";
}

} // namespace proxy
