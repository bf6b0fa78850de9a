// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "policies.hpp"
#include "tally.hpp"
#include "target.hpp"

#include <afterwrite/adapters/curl.hpp>
#include <afterwrite/policy/shared_replication_view.hpp>
#include <afterwrite/session/session.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace probe {

/// What all clients have learned of the cluster.
using shared_view = afterwrite::shared_replication_view<std::mutex>;

/// One caller: it writes a value of its own keys and reads it back, again and again. One thread.
class client {
public:
    /// `number` tells the clients of a run apart; `seed` decides on keys, values and nodes.
    client(target const& cluster, std::size_t number, std::uint64_t seed, bool is_pinned);

    /// Begins a policy: nothing is required any more, and keys and nodes come in the same order as before.
    void begin();

    /// One write, and the read that follows it. Counts what came of them.
    void write_and_read(named_policy const& policy, shared_view& view, tally& into);

    /// Removes all keys that were written, whatever was asked to stop. Returns how many could not be removed.
    [[nodiscard]] std::size_t remove_keys();

private:
    /// A place in the order of the seed: which key, through which nodes.
    struct draw {
        std::size_t key;
        std::size_t writer;
        std::size_t reader;
    };

    [[nodiscard]] draw next_draw();
    [[nodiscard]] std::string path_of(std::size_t key) const;
    [[nodiscard]] bool write(draw const& which, std::string_view body, shared_view& view, tally& into);
    void read(draw const& which, std::string_view value, named_policy const& policy, shared_view& view,
              tally& into);

    target const& cluster_;
    std::size_t number_;
    std::uint64_t seed_;
    bool is_pinned_;
    std::mt19937_64 random_;
    std::uint64_t writes_ = 0;
    std::vector<bool> written_; ///< by key
    afterwrite::session session_;
    std::vector<std::unique_ptr<afterwrite::curl_transport>> writers_; ///< by node
    std::vector<std::unique_ptr<afterwrite::curl_transport>>
        readers_; ///< by node; empty if pinned: the writers read
};

} // namespace probe
