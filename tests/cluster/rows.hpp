// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "model.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cluster {

/// A cluster for one row: nodes 0 (active), 1 and 2 (standbys that serve reads), 3 (plain standby).
/// The log stands at 10, and what is written lands an hour later: followers stay behind until told.
struct scene {
    explicit scene(settings const& chosen) : emulated(chosen) {}

    model emulated;
    nanoseconds now{0};
    std::string token; ///< made by `make_token`

    /// A request at the active node with the root token; its answer.
    response at_active(std::string_view method, std::string_view path, std::string_view body = {});

    /// A token for everything in the mount `kv`, made by the active node.
    void make_token();

    /// Everything written lands everywhere.
    void land() { emulated.drop_lag(now); }

    /// Replaces `@L:R` by the index text of that position, `@N/L:R` by that of cluster N, `@foreign`,
    /// `@forged` by other indices, `@token` by the token.
    [[nodiscard]] std::string expand(std::string_view text) const;
};

/// One fact: this request at this node in this situation gets this answer.
struct row {
    std::string_view fact{};
    std::string_view source{};
    void (*tune)(settings&) = nullptr; ///< settings other than the usual ones
    void (*before)(scene&) = nullptr;  ///< what happened before
    std::size_t node = 0;
    request asked{}; ///< `expand` is applied to its header values
    int status = 0;
    std::optional<std::string_view> body{}; ///< JSON is compared as such, less its request_id
    field_list has{};                       ///< `expand` is applied to the values
    std::vector<std::string_view> lacks{};
    std::optional<std::size_t> served_by{};
    std::optional<std::uint64_t> log_end{};  ///< where the log stands afterwards
    std::optional<position> secondary_end{}; ///< where the log of cluster 1 stands afterwards
};

/// The settings of a row before `tune`.
[[nodiscard]] settings usual_settings(dialect speaks);

/// Gives the cluster of a row a performance secondary: nodes 4 (active), 5 and 6 (performance standbys), 7
/// (plain standby), its log at 100. What the primary writes is there an hour later, and another hour later at
/// its standbys. The mount `secret` and the auth mount `own` are local to each.
void add_secondary(settings& set);

/// A request with the root token, and further header lines.
[[nodiscard]] request ask(std::string_view method, std::string_view path, field_list more = {},
                          std::string_view body = {});

/// The same without a token.
[[nodiscard]] request ask_as_nobody(std::string_view method, std::string_view path, field_list more = {},
                                    std::string_view body = {});

/// Plays each row in a fresh cluster and checks the answer, with doctest.
void check_rows(dialect speaks, std::vector<row> const& rows);

} // namespace cluster
