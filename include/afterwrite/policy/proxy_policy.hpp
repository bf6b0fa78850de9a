// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/ascii_case.hpp>
#include <afterwrite/bytes/hcl.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/result.hpp>
#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Whose writes a request through a proxy must show.
enum class proxy_scope : std::uint8_t {
    identity, ///< those of its own token: a write by one caller delays no other
    global,   ///< those of all callers of the proxy, as with Vault Agent and Vault Proxy
};

[[nodiscard]] constexpr std::string_view to_string(proxy_scope scope) noexcept
{
    return scope == proxy_scope::identity ? "identity" : "global";
}

namespace detail {

template <>
inline constexpr int words<proxy_scope> = 2;

} // namespace detail

/// How a proxy makes its clients' requests consistent: configuration alone, a plain value. The defaults are
/// those of Vault Agent and Vault Proxy, but for the scope: a proxy that is told nothing enforces nothing.
struct proxy_policy {
    consistency_policy consistency{.enforce = enforce_consistency::never, .when = when_inconsistent::fail};
    proxy_scope scope = proxy_scope::identity;

    friend constexpr bool operator==(proxy_policy const&, proxy_policy const&) noexcept = default;
};

/// Why a configuration was refused.
struct proxy_policy_error {
    /// For people; as Vault Agent words it where Agent refuses it too.
    std::string message{};

    /// Where it was noticed, the first line being 1; 0 if that is no one place.
    std::size_t line = 0;

    friend bool operator==(proxy_policy_error const&, proxy_policy_error const&) = default;
};

namespace detail {

/// What stands in one block of a proxy's configuration, as far as it is ours. Refers to the configuration.
struct proxy_block {
    struct setting {
        std::string_view value{}; ///< empty: not set, or set to nothing, which is the same to Agent
        std::size_t line = 0;     ///< 0: not set
    };

    std::string_view name;
    setting enforce_consistency{};
    setting when_inconsistent{};
    setting consistency_scope{};
    bool is_there = false;

    [[nodiscard]] constexpr setting* find(std::string_view key) noexcept
    {
        return equal_ignoring_case(key, "enforce_consistency") ? &enforce_consistency
               : equal_ignoring_case(key, "when_inconsistent") ? &when_inconsistent
               : equal_ignoring_case(key, "consistency_scope") ? &consistency_scope
                                                               : nullptr;
    }
};

/// In quotes. What a configuration holds goes to a terminal or a log: nothing but visible ASCII as it is.
[[nodiscard]] inline std::string quoted(std::string_view text)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string safe = "\"";
    for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        if (byte >= ' ' && byte <= '~')
            safe += c;
        else
            safe.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
    return safe + "\"";
}

/// Finds the blocks `api_proxy` and `cache` in a configuration.
class proxy_blocks {
public:
    explicit proxy_blocks(std::string_view text) noexcept : reader_(text) {}

    /// Whether it could be read; else `why` says what is wrong.
    [[nodiscard]] bool read()
    {
        auto token = reader_.next();
        bool const is_json = token == hcl_token::open;
        if (is_json)
            token = reader_.next();
        auto const end = is_json ? hcl_token::close : hcl_token::end;
        for (; token != end; token = reader_.next()) {
            if (token == hcl_token::comma)
                continue;
            auto const key = reader_.value();
            if (!take_key(token))
                return false;
            if (auto* const block = find(key); block != nullptr ? !read_blocks(*block, token) : !skip(token))
                return false;
        }
        return !is_json || reader_.next() == hcl_token::end || fail("nothing may follow the last }");
    }

    proxy_block api_proxy{.name = "api_proxy"};
    proxy_block cache{.name = "cache"};
    proxy_policy_error why{};

private:
    [[nodiscard]] proxy_block* find(std::string_view key) noexcept
    {
        return equal_ignoring_case(key, api_proxy.name) ? &api_proxy
               : equal_ignoring_case(key, cache.name)   ? &cache
                                                        : nullptr;
    }

    [[nodiscard]] bool fail(std::string message)
    {
        why = {std::move(message), reader_.line()};
        return false;
    }

    [[nodiscard]] bool skip(hcl_token first)
    {
        return reader_.skip_value(first) || fail("the configuration is neither HCL nor JSON");
    }

    /// `token` is the key, and becomes the first of its value: labels, and an equals sign, lie between.
    [[nodiscard]] bool take_key(hcl_token& token)
    {
        auto const is_name = [&token] { return token == hcl_token::word || token == hcl_token::text; };
        if (!is_name())
            return skip(hcl_token::broken);
        do
            token = reader_.next();
        while (is_name());
        if (token != hcl_token::equals)
            return token == hcl_token::open || skip(hcl_token::broken);
        token = reader_.next();
        return true;
    }

    /// In JSON a block may stand in a list.
    [[nodiscard]] bool read_blocks(proxy_block& block, hcl_token token)
    {
        if (token != hcl_token::open_list)
            return read_block(block, token);
        for (token = reader_.next(); token != hcl_token::close_list; token = reader_.next())
            if (token != hcl_token::comma && !read_block(block, token))
                return false;
        return true;
    }

    [[nodiscard]] bool read_block(proxy_block& block, hcl_token token)
    {
        if (token != hcl_token::open)
            return fail(std::string("could not parse \"").append(block.name).append("\" as an object"));
        if (block.is_there)
            return fail(std::string("one and only one \"").append(block.name).append("\" block is required"));
        block.is_there = true;
        for (token = reader_.next(); token != hcl_token::close; token = reader_.next()) {
            if (token == hcl_token::comma)
                continue;
            auto const key = reader_.value();
            if (!take_key(token))
                return false;
            if (auto* const setting = block.find(key);
                setting != nullptr ? !read_setting(*setting, key, block.name, token) : !skip(token))
                return false;
        }
        return true;
    }

    [[nodiscard]] bool read_setting(proxy_block::setting& setting, std::string_view key,
                                    std::string_view block, hcl_token token)
    {
        auto const place = std::string(key).append(" in ").append(block);
        if (setting.line != 0)
            return fail(place + " is set twice");
        if (token != hcl_token::text && token != hcl_token::number)
            return fail(place + " is no text in quotes");
        setting = {reader_.value(), reader_.line()};
        return true;
    }

    hcl_reader reader_;
};

/// Applies one setting of one block. What is the default counts as not set, as with Agent: so a block may
/// spell it out beside another one that sets something. Whether it could be applied.
template <class Enum>
[[nodiscard]] bool apply_setting(Enum& value, std::string_view key, proxy_block::setting const& setting,
                                 std::string_view block, proxy_policy_error& why)
{
    auto const word = from_string<Enum>(setting.value);
    if (!word && !setting.value.empty()) {
        why = {std::string("Unknown ").append(block).append(" setting for ").append(key) + ": " +
                   quoted(setting.value),
               setting.line};
        return false;
    }
    if (!word || *word == Enum{})
        return true;
    if (value != Enum{}) {
        why = {std::string(key) + " configured in both api_proxy and cache blocks. Please remove this "
                                  "configuration from the cache block.",
               setting.line};
        return false;
    }
    value = *word;
    return true;
}

} // namespace detail

/// Reads a policy from the configuration of Vault Agent or Vault Proxy, HCL or JSON: of the blocks
/// `api_proxy` and, as Agent still takes them there, `cache`,
///
///     enforce_consistency = "never" | "always"
///     when_inconsistent   = "fail" | "retry" | "forward" | "await" | "retry_then_forward"
///     consistency_scope   = "identity" | "global"
///
/// The first of each is the default; `await`, `retry_then_forward` and the scope are ours. All else in it is
/// somebody else's business and is passed over, other keys of these blocks too. Errors: a word that is none
/// of these; both blocks set the same thing; a block or a key that is there twice, or is of the wrong type;
/// no HCL. (Agent takes the last of two keys. Vault Proxy does not look for these words in `cache`.)
///
/// Allocates, for errors alone. Sources: Vault command/agent.go, command/proxy.go, command/agent/config.
[[nodiscard]] inline result<proxy_policy, proxy_policy_error>
parse_proxy_policy(std::string_view configuration)
{
    detail::proxy_blocks blocks(configuration);
    if (!blocks.read())
        return unexpected(std::move(blocks.why));
    proxy_policy policy;
    for (auto const* const block : {&blocks.api_proxy, &blocks.cache}) {
        bool const is_applied = detail::apply_setting(policy.consistency.enforce, "enforce_consistency",
                                                      block->enforce_consistency, block->name, blocks.why) &&
                                detail::apply_setting(policy.consistency.when, "when_inconsistent",
                                                      block->when_inconsistent, block->name, blocks.why) &&
                                detail::apply_setting(policy.scope, "consistency_scope",
                                                      block->consistency_scope, block->name, blocks.why);
        if (!is_applied)
            return unexpected(std::move(blocks.why));
    }
    return policy;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
