// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/siphash.hpp>
#include <afterwrite/clock.hpp>
#include <afterwrite/lock.hpp>
#include <afterwrite/result.hpp>
#include <afterwrite/store/error.hpp>
#include <afterwrite/store/handle.hpp>
#include <afterwrite/store/layout.hpp>
#include <afterwrite/store/options.hpp>
#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The sessions of many callers, each known by a text (its token, say), in one block of memory that the
/// caller hands over: heap, mmap, a host's shared zone. It is never larger, and after `create` nothing is
/// allocated. Several processes may map the block, at whatever addresses.
///
/// An identity that finds no room takes the place of one that was not used for long. What that one required
/// is required of everybody from then on, for the fence time: the floor of its cluster. So a bound costs
/// latency, never the guarantee, and so does all else that goes wrong: a process that is killed leaves what
/// it changed as it was, or changed; what was damaged is found out by a checksum, and fences those whose
/// demand it may have been.
///
/// No identity is kept, but 40 bits of its keyed hash, where the rest of it has placed them. (Two identities
/// that agree in both share a session, and wait for each other's writes: of a million, one pair in 10^16.)
/// What the identities require is there to read for whoever can read the block; who can write to it can take
/// demands away.
///
/// Any thread, and with a `Lock` that works across processes, any process, all of whose clocks must agree.
/// Such a lock must be one that is handed on when its holder dies, like a robust mutex of POSIX threads.
/// Locks are constructed in the block by `create`, and never destroyed. What they throw is passed on, and
/// what was to be recorded then may be recorded in part.
template <basic_lockable Lock>
class session_store {
public:
    /// Where the block must begin, at a multiple of this.
    static constexpr std::size_t alignment = detail::store_layout::line;

    using handle = store_handle<Lock>;

    /// How many bytes a store for so many identities needs: about 104 each, and 100 KB for the clusters. It
    /// takes more than that before the first one is moved to the floor. At most 160 million.
    [[nodiscard]] static std::uint64_t size_for(std::uint64_t identities) noexcept
    {
        return detail::store_layout::for_identities(identities, sizeof(Lock)).size();
    }

    /// Makes an empty store in a block, of as many identities as there is room for. Nobody else may use the
    /// block meanwhile. `key`: random, and the same for all who use the block.
    [[nodiscard]] static result<session_store, store_error>
    create(std::span<std::byte> block, siphash_key const& key, store_options const& options = {})
    {
        if (auto const why = refuse(block))
            return unexpected(*why);
        auto const layout = layout_in(block.size());
        if (layout.size() > block.size())
            return unexpected(store_error::too_small);
        session_store made(block.data(), layout, key, options);
        auto const& memory = made.memory_;
        detail::publish_word(memory.head().magic, 0);
        for (std::size_t i = 0; i <= detail::store_layout::max_known_clusters; ++i)
            memory.cluster(i).clear();
        memory.cluster(detail::store_layout::unplaced).set(detail::cluster_state::used_by(dialect::unknown));
        for (std::uint64_t i = 0; i <= layout.stripes; ++i)
            new (memory.lock(i)) Lock();
        for (std::uint64_t i = 0; i < layout.buckets(); ++i)
            memory.bucket(i).clear();
        memory.head().fill(layout, block.size(), key);
        return made;
    }

    /// Takes part in a store that somebody has created in this block.
    [[nodiscard]] static result<session_store, store_error>
    attach(std::span<std::byte> block, siphash_key const& key, store_options const& options = {})
    {
        if (auto const why = refuse(block))
            return unexpected(*why);
        detail::store_memory const memory{block.data(), {}};
        auto const layout = memory.head().check(block.size(), sizeof(Lock), key);
        if (!layout)
            return unexpected(layout.error());
        return session_store(block.data(), *layout, key, options);
    }

    /// Of no block: only to be assigned to.
    session_store() noexcept = default;

    /// The session of an identity, as it is to be used for one request. It refers to this object, which must
    /// stay where it is meanwhile.
    [[nodiscard]] handle of(std::string_view identity, time_point now) const noexcept
    {
        return handle(memory_, key_, options_, siphash(key_, identity), now);
    }

    /// How many identities it has room for; a few more than that may fit.
    [[nodiscard]] std::uint64_t capacity() const noexcept
    {
        return memory_.layout.buckets() * detail::store_layout::identities_of_bucket;
    }

    [[nodiscard]] store_options const& options() const noexcept { return options_; }

private:
    session_store(std::byte* block, detail::store_layout const& layout, siphash_key const& key,
                  store_options const& options) noexcept
        : memory_{block, layout}, key_(key), options_(options)
    {}

    [[nodiscard]] static std::optional<store_error> refuse(std::span<std::byte> block) noexcept
    {
        static_assert(alignof(Lock) <= alignment);
        if (reinterpret_cast<std::uintptr_t>(block.data()) % alignment != 0)
            return store_error::misaligned;
        if (block.size() < size_for(1))
            return store_error::too_small;
        return std::nullopt;
    }

    /// The largest one that fits.
    [[nodiscard]] static detail::store_layout layout_in(std::uint64_t size) noexcept
    {
        auto const layout_of = [](std::uint64_t identities) {
            return detail::store_layout::for_identities(identities, sizeof(Lock));
        };
        std::uint64_t least = 1;
        std::uint64_t most = detail::store_layout::max_identities;
        while (least < most) {
            auto const middle = least + (most - least + 1) / 2;
            if (layout_of(middle).size() <= size)
                least = middle;
            else
                most = middle - 1;
        }
        return layout_of(least);
    }

    detail::store_memory memory_{};
    siphash_key key_{};
    store_options options_{};
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
