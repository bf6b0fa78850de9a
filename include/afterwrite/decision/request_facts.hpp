// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/version.hpp>

#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Which node a request goes to.
enum class route : std::uint8_t {
    any_node,    ///< whichever the transport likes
    active_node, ///< the active node, at `replication_view::active_address`
    best_node,   ///< the declared node that most likely has what is required; the transport must be able to
                 ///< send to an address
};

[[nodiscard]] constexpr std::string_view to_string(route to) noexcept
{
    switch (to) {
    case route::any_node: return "any_node";
    case route::active_node: return "active_node";
    case route::best_node: return "best_node";
    }
    return "any_node";
}

/// What only the caller knows of a request. The defaults are those of a request that may have been executed
/// when its answer is lost, and must not be executed twice.
struct request_facts {
    /// It only reads (RFC 9110, 9.2.1): may be sent again even if it is not certain that it was refused.
    bool safe = false;

    /// To execute it twice does no harm: may be sent again when its outcome is unknown. A PUT to Vault is not
    /// idempotent as such: `PUT transit/keys/k/rotate` is a second rotation.
    bool idempotent = false;

    /// Its body can be sent a second time. Without it nothing is ever sent again.
    bool replayable_body = true;

    /// The transport can send to the address that a `step` asks for, not only to the one it is bound to.
    bool addressable = false;

    /// `active_node`: let the active node answer this request, whatever it costs. `best_node`: choose among
    /// the nodes that the view was told of.
    route to = route::any_node;

    /// No attempt begins after this; the policy's timeout may end it earlier.
    time_point deadline = time_point::max();

    /// What the method says. GET, HEAD, LIST, SCAN and OPTIONS read, and so may be repeated; nothing else
    /// may. (A GET of a dynamic secret makes a lease: a repetition leaves one more, which expires.)
    [[nodiscard]] static constexpr request_facts of_method(std::string_view method) noexcept
    {
        for (std::string_view const reading : {"GET", "HEAD", "LIST", "SCAN", "OPTIONS"})
            if (method == reading)
                return {.safe = true, .idempotent = true};
        return {};
    }
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
