// SPDX-License-Identifier: BSL-1.0
#include "policy.hpp"

#include <nlohmann/json.hpp>

#include <cctype>
#include <utility>

namespace cluster {

namespace {

unsigned capability_named(std::string_view name)
{
    constexpr std::pair<std::string_view, unsigned> known[] = {
        {"create", may_create}, {"read", may_read},   {"update", may_update}, {"delete", may_delete},
        {"list", may_list},     {"patch", may_patch}, {"sudo", may_sudo},     {"deny", denied}};
    for (auto const& [word, bit] : known) {
        if (word == name) {
            return bit;
        }
    }
    return 0;
}

/// The few words of HCL that a policy is made of.
class reader {
public:
    explicit reader(std::string_view text) : rest_(text) {}

    bool done()
    {
        skip();
        return rest_.empty();
    }

    bool take(std::string_view word)
    {
        skip();
        if (!rest_.starts_with(word)) {
            return false;
        }
        rest_.remove_prefix(word.size());
        return true;
    }

    std::optional<std::string> quoted()
    {
        if (!take("\"")) {
            return std::nullopt;
        }
        auto const end = rest_.find('"');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        std::string found(rest_.substr(0, end));
        rest_.remove_prefix(end + 1);
        return found;
    }

private:
    void skip()
    {
        while (!rest_.empty()) {
            if (std::isspace(static_cast<unsigned char>(rest_.front())) != 0) {
                rest_.remove_prefix(1);
            } else if (rest_.front() == '#' || rest_.starts_with("//")) {
                auto const line = rest_.find('\n');
                rest_.remove_prefix(line == std::string_view::npos ? rest_.size() : line);
            } else {
                return;
            }
        }
    }

    std::string_view rest_;
};

std::optional<unsigned> read_capabilities(reader& text)
{
    if (!text.take("capabilities") || !text.take("=") || !text.take("[")) {
        return std::nullopt;
    }
    unsigned bits = 0;
    while (!text.take("]")) {
        auto const name = text.quoted();
        if (!name || capability_named(*name) == 0) {
            return std::nullopt;
        }
        bits |= capability_named(*name);
        (void)text.take(",");
    }
    return bits;
}

std::optional<std::vector<policy_rule>> read_hcl(std::string_view text)
{
    std::vector<policy_rule> rules;
    reader words(text);
    while (!words.done()) {
        if (!words.take("path")) {
            return std::nullopt;
        }
        auto path = words.quoted();
        if (!path || !words.take("{")) {
            return std::nullopt;
        }
        auto const bits = read_capabilities(words);
        if (!bits || !words.take("}")) {
            return std::nullopt;
        }
        rules.push_back({std::move(*path), *bits});
    }
    return rules;
}

std::optional<std::vector<policy_rule>> read_json(nlohmann::json const& json)
{
    std::vector<policy_rule> rules;
    if (!json.contains("path") || !json["path"].is_object()) {
        return std::nullopt;
    }
    for (auto const& [path, rule] : json["path"].items()) {
        if (!rule.is_object() || !rule.contains("capabilities") || !rule["capabilities"].is_array()) {
            return std::nullopt;
        }
        unsigned bits = 0;
        for (auto const& name : rule["capabilities"]) {
            unsigned const bit = name.is_string() ? capability_named(name.get<std::string>()) : 0U;
            if (bit == 0) {
                return std::nullopt;
            }
            bits |= bit;
        }
        rules.push_back({path, bits});
    }
    return rules;
}

bool segments_match(std::string_view pattern, std::string_view path, bool prefix)
{
    while (!pattern.empty()) {
        if (pattern.front() == '+') {
            auto const slash = path.find('/');
            path.remove_prefix(slash == std::string_view::npos ? path.size() : slash);
        } else {
            if (path.empty() || path.front() != pattern.front()) {
                return false;
            }
            path.remove_prefix(1);
        }
        pattern.remove_prefix(1);
    }
    return prefix || path.empty();
}

bool matches(std::string_view pattern, std::string_view path)
{
    bool const prefix = pattern.ends_with('*');
    return segments_match(prefix ? pattern.substr(0, pattern.size() - 1) : pattern, path, prefix);
}

/// Exact beats prefix, no `+` beats `+`, longer beats shorter.
std::size_t precision(std::string_view pattern)
{
    bool const exact = !pattern.ends_with('*');
    bool const plain = pattern.find('+') == std::string_view::npos;
    return (exact ? 1U << 30U : 0U) + (plain ? 1U << 29U : 0U) + pattern.size();
}

} // namespace

policy_result parse_policy(std::string_view text)
{
    auto const json = nlohmann::json::parse(text, nullptr, false);
    auto rules = json.is_object() ? read_json(json) : read_hcl(text);
    if (!rules) {
        return {std::nullopt, "failed to parse policy"};
    }
    return {policy{std::string(text), std::move(*rules)}, {}};
}

unsigned capabilities_at(std::vector<policy const*> const& policies, std::string_view path)
{
    std::size_t best = 0;
    unsigned found = 0;
    for (policy const* each : policies) {
        for (auto const& rule : each->rules) {
            if (!matches(rule.path, path) || precision(rule.path) < best) {
                continue;
            }
            found = precision(rule.path) > best ? rule.capabilities : found | rule.capabilities;
            best = precision(rule.path);
        }
    }
    return (found & denied) != 0 ? 0 : found;
}

} // namespace cluster
