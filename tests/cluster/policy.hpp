// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// What a policy may allow at a path; bits, so that several policies add up.
enum capability : unsigned {
    may_create = 1,
    may_read = 2,
    may_update = 4,
    may_delete = 8,
    may_list = 16,
    may_patch = 32,
    may_sudo = 64,
    denied = 128,
};

/// `path "…" { capabilities = […] }`; the path may end in `*` and have `+` for one segment.
struct policy_rule {
    std::string path;
    unsigned capabilities = 0;
};

/// A policy as it was written, and its rules.
struct policy {
    std::string text;
    std::vector<policy_rule> rules;
};

/// A policy, or what is wrong with its text.
struct policy_result {
    std::optional<policy> value;
    std::string error;
};

/// Reads the HCL form `path "kv/*" { capabilities = ["read", "list"] }` (comments with # or //) and its
/// JSON form {"path":{"kv/*":{"capabilities":["read"]}}} (Vault docs, concepts/policies).
[[nodiscard]] policy_result parse_policy(std::string_view text);

/// What the policies together allow at the path: the most specific rule counts, equal paths of several
/// policies add up, and `deny` takes all away.
[[nodiscard]] unsigned capabilities_at(std::vector<policy const*> const& policies, std::string_view path);

} // namespace cluster
