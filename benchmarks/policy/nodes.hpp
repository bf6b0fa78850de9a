// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "messages.hpp"
#include "scenario.hpp"

#include <cstddef>
#include <string_view>

namespace replay {

/// What became of a request.
struct handled {
    answer message;
    duration took = round_trip; ///< from its being sent to its answer
    bool by_active_node = false;
};

/// The standbys of a Vault cluster. They know their own state, and of a request what its fields say; not who
/// sent it, nor which read it is.
class nodes {
public:
    /// Of nothing but the writes of `all` is ever asked. It must outlive this.
    explicit nodes(scenario const& all) : all_(all) {}

    /// What a node makes of a request that is sent to it at this time. A node that lacks what an index of the
    /// request says refuses, or lets the active node answer if it is asked to, which has everything.
    [[nodiscard]] handled handle(std::size_t node, read_request const& request, time_point sent) const;

private:
    [[nodiscard]] time_point landing_of(std::string_view index, std::size_t node) const;

    scenario const& all_;
};

/// The address of a node, as it is declared; and the node at an address, or `node_count` if there is none.
[[nodiscard]] std::string_view address_of(std::size_t node);
[[nodiscard]] std::size_t node_at(std::string_view address);

} // namespace replay
