// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "client.hpp"
#include "options.hpp"
#include "policies.hpp"
#include "progress.hpp"
#include "tally.hpp"
#include "target.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace probe {

/// All clients, each in a thread of its own while there is something to do.
class workload {
public:
    workload(target& cluster, options const& chosen);

    /// Measures one policy: all reads, or fewer if a signal asks to stop.
    [[nodiscard]] measurement measure(named_policy const& policy, progress_bar& bar);

    /// Removes what was written. Returns how many keys could not be removed.
    [[nodiscard]] std::size_t remove_keys();

private:
    /// Calls f(client, number) of each in a thread, and meanwhile(); returns when all have ended.
    void in_threads(std::function<void(client&, std::size_t)> const& f,
                    std::function<void()> const& meanwhile);

    target& cluster_;
    std::uint32_t reads_;
    std::vector<std::unique_ptr<client>> clients_;
};

} // namespace probe
