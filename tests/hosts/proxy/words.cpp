// SPDX-License-Identifier: BSL-1.0
#include "words.hpp"

#include <afterwrite/bytes/ascii_case.hpp>
#include <afterwrite/policy/declared_nodes.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

namespace proxy {

namespace {

using afterwrite::equal_ignoring_case;

constexpr std::string_view digits = "0123456789";

complaint takes(std::string_view what, std::string_view word)
{
    return std::string("takes ").append(what).append(", not ") + in_quotes(word);
}

bool is_visible(std::string_view text)
{
    for (char const c : text)
        if (c <= ' ' || c > '~')
            return false;
    return true;
}

template <class Number>
std::optional<Number> number_of(std::string_view word)
{
    Number number{};
    auto const* const end = word.data() + word.size();
    auto const read = std::from_chars(word.data(), end, number);
    if (word.empty() || read.ec != std::errc{} || read.ptr != end)
        return std::nullopt;
    return number;
}

template <class Number>
complaint set_number(Number& to, std::string_view word, Number least, Number most)
{
    auto const number = number_of<Number>(word);
    if (!number || *number < least || *number > most)
        return takes("a whole number from " + std::to_string(least) + " to " + std::to_string(most), word);
    to = *number;
    return {};
}

/// The product, unless it is too large.
std::optional<std::uint64_t> times(std::uint64_t a, std::uint64_t b, std::uint64_t most)
{
    if (b != 0 && a > most / b)
        return std::nullopt;
    return a * b;
}

struct unit {
    std::string_view name;
    std::uint64_t size;
};

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::array durations = {
    unit{"ns", 1},     unit{"us", 1'000},      unit{"ms", 1'000'000},
    unit{"s", second}, unit{"m", 60 * second}, unit{"h", 3600 * second},
};
constexpr std::array sizes = {
    unit{"", 1},
    unit{"kb", 1000},
    unit{"kib", 1024},
    unit{"mb", 1000 * 1000},
    unit{"mib", 1024 * 1024},
    unit{"gb", 1'000'000'000},
    unit{"gib", 1 << 30},
    unit{"tb", 1'000'000'000'000},
    unit{"tib", std::uint64_t(1) << 40},
};

template <class Units, class Same>
std::optional<std::uint64_t> find_unit(Units const& units, std::string_view name, Same same)
{
    for (auto const& each : units)
        if (same(each.name, name))
            return each.size;
    return std::nullopt;
}

constexpr std::uint64_t year = 8760 * 3600 * second;
constexpr auto longest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

/// Takes one number with its unit from the front: nanoseconds.
std::optional<std::uint64_t> take_duration(std::string_view& rest)
{
    auto const whole_size = std::min(rest.find_first_not_of(digits), rest.size());
    auto const whole = number_of<std::uint64_t>(rest.substr(0, whole_size));
    rest.remove_prefix(whole_size);
    std::string_view fraction;
    if (rest.starts_with('.')) {
        fraction = rest.substr(1, std::min(rest.find_first_not_of(digits, 1), rest.size()) - 1);
        rest.remove_prefix(1 + fraction.size());
    }
    auto const name = rest.substr(0, rest.find_first_of("0123456789."));
    rest.remove_prefix(name.size());
    auto size = find_unit(durations, name, std::equal_to<>());
    if (!whole || !size)
        return std::nullopt;
    auto sum = times(*whole, *size, longest);
    for (char const c : fraction) {
        *size /= 10;
        if (sum)
            *sum += static_cast<std::uint64_t>(c - '0') * *size;
    }
    return sum;
}

std::optional<std::uint64_t> duration_of(std::string_view word)
{
    if (auto const seconds = number_of<std::uint64_t>(word))
        return times(*seconds, second, longest);
    if (word.ends_with('d')) {
        auto const days = number_of<std::uint64_t>(word.substr(0, word.size() - 1));
        return days ? times(*days, 24 * 3600 * second, longest) : std::nullopt;
    }
    if (word.empty())
        return std::nullopt;
    std::uint64_t sum = 0;
    while (!word.empty()) {
        auto const part = take_duration(word);
        if (!part || *part > longest - sum)
            return std::nullopt;
        sum += *part;
    }
    return sum;
}

complaint set_time(std::chrono::nanoseconds& to, std::string_view word, std::uint64_t least)
{
    auto const time = duration_of(word);
    if (!time || *time < least)
        return takes("a duration such as \"30s\" or \"1m30s\"", word);
    if (*time > year) // so that it can be added to any point in time
        return takes("a duration of no more than 8760h", word);
    to = std::chrono::nanoseconds(*time);
    return {};
}

/// `HOST:PORT`, with an IPv6 address in brackets. Without a port only if that `may_lack`.
bool is_host_and_port(std::string_view text, bool may_lack_port)
{
    auto const host_end = text.starts_with('[') ? text.find(']') : text.find(':');
    auto const host = text.substr(0, host_end);
    auto rest = text.substr(std::min(host.size(), text.size()));
    if (rest.starts_with(']'))
        rest.remove_prefix(1);
    if (host.empty() || host == "[" || (host.starts_with('[') && host_end == text.npos) ||
        !is_visible(text) || host.find_first_of("/?#@{}") != host.npos)
        return false;
    if (rest.empty())
        return may_lack_port;
    return rest.starts_with(':') && number_of<std::uint16_t>(rest.substr(1)).has_value();
}

complaint set_url(std::string& to, std::string_view word, std::string_view examples)
{
    auto url = word;
    while (url.ends_with('/'))
        url.remove_suffix(1);
    auto const origin = afterwrite::declared_nodes::origin_of(url);
    if (origin.empty() || origin != url || !afterwrite::node_address::fits(url) ||
        !is_host_and_port(url.substr(url.find("//") + 2), true))
        return takes(examples, word);
    to = url;
    return {};
}

template <class Enum>
complaint set_word(Enum& to, std::string_view word)
{
    if (auto const value = afterwrite::from_string<Enum>(word)) {
        to = *value;
        return {};
    }
    std::string all;
    for (int i = 0; i < afterwrite::detail::words<Enum>; ++i)
        all += (i == 0 ? "" : ", ") + std::string(to_string(static_cast<Enum>(i)));
    return takes("one of " + all, word);
}

/// What is wrong with a path that is to be `what`.
complaint set_path(std::string& to, std::string_view word, bool is_folder)
{
    std::string path;
    if (auto wrong = set_text(path, word); !wrong.empty())
        return wrong;
    struct ::stat found {};
    std::string const what = is_folder ? "a folder" : "a file";
    if (::stat(path.c_str(), &found) != 0 || (S_ISDIR(found.st_mode) != 0) != is_folder)
        return "names " + in_quotes(word) + ", and there is no such " + what.substr(2);
    if (::access(path.c_str(), is_folder ? R_OK | X_OK : R_OK) != 0)
        return "names " + in_quotes(word) + ", " + what + " that the proxy may not read";
    to = path;
    return {};
}

} // namespace

std::string in_quotes(std::string_view text) { return afterwrite::detail::quoted(text); }

complaint set_text(std::string& to, std::string_view word)
{
    for (char const c : word)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
            return takes("a text of one line", word);
    to = word;
    return {};
}

complaint set_file(std::string& to, std::string_view word) { return set_path(to, word, false); }

complaint set_folder(std::string& to, std::string_view word) { return set_path(to, word, true); }

complaint set_switch(bool& to, std::string_view word)
{
    constexpr std::array<std::string_view, 6> yes = {"1", "t", "T", "true", "True", "TRUE"};
    constexpr std::array<std::string_view, 6> no = {"0", "f", "F", "false", "False", "FALSE"};
    bool const is_yes = std::find(yes.begin(), yes.end(), word) != yes.end();
    if (!is_yes && std::find(no.begin(), no.end(), word) == no.end())
        return takes("true or false", word);
    to = is_yes;
    return {};
}

complaint set_duration(std::chrono::nanoseconds& to, std::string_view word) { return set_time(to, word, 1); }

complaint set_grace(std::chrono::nanoseconds& to, std::string_view word) { return set_time(to, word, 0); }

complaint set_size(std::uint64_t& to, std::string_view word)
{
    auto rest = word;
    while (rest.starts_with(' '))
        rest.remove_prefix(1);
    while (rest.ends_with(' '))
        rest.remove_suffix(1);
    auto const count_size = std::min(rest.find_first_not_of(digits), rest.size());
    auto const count = number_of<std::uint64_t>(rest.substr(0, count_size));
    rest.remove_prefix(count_size);
    if (rest.starts_with(' '))
        rest.remove_prefix(1);
    auto const factor = find_unit(sizes, rest, equal_ignoring_case);
    auto const size = count && factor ? times(*count, *factor, longest) : std::nullopt;
    if (!size || *size == 0)
        return takes("a number of bytes, such as 65536 or \"64kib\"", word);
    to = *size;
    return {};
}

complaint set_header_size(std::size_t& to, std::string_view word)
{
    std::uint64_t size = 0;
    if (auto wrong = set_size(size, word); !wrong.empty())
        return wrong;
    if (size > client_limits{}.max_header_bytes)
        return takes("no more than 64kib, the longest head that can be read", word);
    to = size;
    return {};
}

complaint set_identities(std::size_t& to, std::string_view word)
{
    return set_number<std::size_t>(to, word, 1, 10'000'000);
}

complaint set_count(std::size_t& to, std::string_view word)
{
    return set_number<std::size_t>(to, word, 1, 1'000'000'000);
}

complaint set_count_or_none(std::size_t& to, std::string_view word)
{
    return set_number<std::size_t>(to, word, 0, 1'000'000'000);
}

complaint set_workers(std::size_t& to, std::string_view word)
{
    return set_number<std::size_t>(to, word, 1, 256);
}

complaint set_num_retries(std::uint32_t& to, std::string_view word)
{
    std::int32_t retries = 0;
    auto wrong = set_number(retries, word, -1, 1'000'000);
    if (wrong.empty())
        to = retries == 0 ? 0 : static_cast<std::uint32_t>(retries == -1 ? 1 : retries + 1);
    return wrong;
}

complaint set_max_retries(std::uint32_t& to, std::string_view word)
{
    std::int32_t retries = 0;
    auto wrong = set_number(retries, word, 0, 1'000'000);
    if (wrong.empty())
        to = static_cast<std::uint32_t>(retries + 1);
    return wrong;
}

complaint set_upstream(std::string& to, std::string_view word)
{
    constexpr std::string_view unix_scheme = "unix://";
    if (!word.starts_with(unix_scheme))
        return set_url(to, word, "an address such as \"https://vault.example.com:8200\" or \"unix:///PATH\"");
    auto const path = word.substr(unix_scheme.size());
    if (path.size() < 2 || !path.starts_with('/'))
        return takes("a whole path after unix://", word);
    return set_text(to, word);
}

complaint set_node(std::string& to, std::string_view word)
{
    return set_url(to, word, "addresses such as \"https://10.0.0.1:8200\"");
}

complaint set_tcp_address(std::string& to, std::string_view word)
{
    auto const address = (word.starts_with(':') ? "0.0.0.0" : "") + std::string(word);
    if (!is_host_and_port(address, false))
        return takes("a host and a port, such as \"127.0.0.1:8200\"", word);
    to = address;
    return {};
}

complaint set_namespace(std::string& to, std::string_view word)
{
    if (!is_visible(word))
        return takes("a namespace without blanks", word);
    to = word;
    return {};
}

complaint set_mode(std::string& to, std::string_view word)
{
    if (word.empty() || word.size() > 4 || word.find_first_not_of("01234567") != word.npos)
        return takes("permissions such as \"0660\"", word);
    to = word;
    return {};
}

complaint set_level(log_level& to, std::string_view word)
{
    struct name {
        std::string_view text;
        log_level level;
    };
    for (auto const& [text, level] :
         {name{"trace", log_level::trace}, name{"debug", log_level::debug}, name{"info", log_level::info},
          name{"notice", log_level::info}, name{"warn", log_level::warn}, name{"warning", log_level::warn},
          name{"error", log_level::error}, name{"err", log_level::error}})
        if (equal_ignoring_case(text, word)) {
            to = level;
            return {};
        }
    return takes("trace, debug, info, warn or error", word);
}

complaint set_format(bool& to, std::string_view word)
{
    bool const is_json = equal_ignoring_case(word, "json");
    if (!is_json && !equal_ignoring_case(word, "standard"))
        return takes("standard or json", word);
    to = is_json;
    return {};
}

complaint set_role(bool& to, std::string_view word)
{
    if (word != "default" && word != "metrics_only")
        return takes("default or metrics_only", word);
    to = word == "metrics_only";
    return {};
}

complaint set_enforce(afterwrite::enforce_consistency& to, std::string_view word)
{
    return set_word(to, word);
}

complaint set_when(afterwrite::when_inconsistent& to, std::string_view word) { return set_word(to, word); }

complaint set_scope(afterwrite::proxy_scope& to, std::string_view word) { return set_word(to, word); }

complaint set_disabled(bool& to, std::string_view word)
{
    if (word == "proxying" || word == "caching")
        to = true;
    else if (!word.empty() && word != "auto-auth")
        return takes("proxying", word);
    return {};
}

} // namespace proxy
