// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cluster {

/// One value of a key, from `index` of the log on; no value is a deletion.
template <class Value>
struct version {
    std::uint64_t index = 0;
    std::optional<Value> value;
};

/// Keys with the few versions that some node may still see: a node at index i sees of each key the
/// latest version not after i. Versions that every node has left behind are dropped by the next write
/// to the key, so nothing is ever copied for a follower.
template <class Value>
class versioned_store {
public:
    // It moves and does not copy: `order_` looks at the keys of its own `slots_`.
    versioned_store() = default;
    versioned_store(versioned_store&&) = default;
    versioned_store& operator=(versioned_store&&) = default;

    /// Writes a version. `index` is not less than any before; `oldest` is where the last node stands.
    void put(std::string_view key, std::optional<Value> value, std::uint64_t index, std::uint64_t oldest)
    {
        auto found = slots_.find(key);
        if (found == slots_.end()) {
            found = slots_.emplace(std::string(key), slot{}).first;
            order_.insert(found->first);
        }
        auto& versions = found->second;
        const std::size_t before = versions.size();
        versions.push_back({index, std::move(value)});
        auto const first_after = after(versions, oldest);
        if (first_after - versions.begin() > 1) {
            versions.erase(versions.begin(), first_after - 1);
        }
        kept_ += versions.size();
        kept_ -= before;
    }

    /// What a node at `index` sees, a deletion included; null if it never saw the key.
    [[nodiscard]] version<Value> const* at(std::string_view key, std::uint64_t index) const
    {
        auto const found = slots_.find(key);
        if (found == slots_.end()) {
            return nullptr;
        }
        auto const next = after(found->second, index);
        return next == found->second.begin() ? nullptr : &*(next - 1);
    }

    /// The value that a node at `index` sees; null if there is none.
    [[nodiscard]] Value const* value_at(std::string_view key, std::uint64_t index) const
    {
        auto const* seen = at(key, index);
        return seen != nullptr && seen->value ? &*seen->value : nullptr;
    }

    /// Whether the key was written after `index`.
    [[nodiscard]] bool changed_after(std::string_view key, std::uint64_t index) const
    {
        auto const found = slots_.find(key);
        return found != slots_.end() && found->second.back().index > index;
    }

    /// Calls `f(rest of the key)` in order for each key with this prefix that a node at `index` sees.
    template <class F>
    void each(std::string_view prefix, std::uint64_t index, F&& f) const
    {
        for (auto key = order_.lower_bound(prefix); key != order_.end() && key->starts_with(prefix); ++key) {
            if (value_at(*key, index) != nullptr) {
                f(key->substr(prefix.size()));
            }
        }
    }

    /// A copy that holds what a node at `index` sees, and nothing from before or after; nor that for which
    /// `keeps(key, value)` is false.
    template <class F>
    [[nodiscard]] versioned_store as_of(std::uint64_t index, F&& keeps) const
    {
        versioned_store copy;
        for (auto const& key : order_) {
            auto const* seen = at(key, index);
            if (seen != nullptr && seen->value && keeps(key, *seen->value)) {
                copy.put(key, seen->value, seen->index, seen->index);
            }
        }
        return copy;
    }

    [[nodiscard]] versioned_store as_of(std::uint64_t index) const
    {
        return as_of(index, [](auto const&, auto const&) { return true; });
    }

    /// Number of versions of all keys.
    [[nodiscard]] std::size_t kept() const { return kept_; }

private:
    using slot = std::vector<version<Value>>;
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
    };

    template <class Slot>
    static auto after(Slot& versions, std::uint64_t index)
    {
        return std::upper_bound(versions.begin(), versions.end(), index,
                                [](std::uint64_t wanted, auto const& one) { return wanted < one.index; });
    }

    std::unordered_map<std::string, slot, hash, std::equal_to<>> slots_;
    std::set<std::string_view> order_; ///< views of the keys of `slots_`, whose nodes never move
    std::size_t kept_ = 0;
};

} // namespace cluster
