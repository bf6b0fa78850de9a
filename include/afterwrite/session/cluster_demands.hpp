// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <cstdint>
#include <new>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The demands of a few clusters: a list that allocates nothing and costs what is held, not the room for it.
class cluster_demands {
public:
    /// An address set belongs to one cluster, seldom to a pair that replicates; more are a change of address.
    static constexpr std::uint8_t max_clusters = 8;

    cluster_demands() noexcept {}
    cluster_demands(cluster_demands const& other) noexcept { copy(other); }
    cluster_demands& operator=(cluster_demands const& other) noexcept
    {
        if (this != &other)
            copy(other);
        return *this;
    }
    ~cluster_demands() = default;

    [[nodiscard]] std::uint8_t size() const noexcept { return count_; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

    /// `i` below `size()`.
    [[nodiscard]] cluster_demand& operator[](std::uint8_t i) noexcept { return held_[i]; }
    [[nodiscard]] cluster_demand const& operator[](std::uint8_t i) const noexcept { return held_[i]; }

    [[nodiscard]] cluster_demand* begin() noexcept { return held_; }
    [[nodiscard]] cluster_demand* end() noexcept { return held_ + count_; }
    [[nodiscard]] cluster_demand const* begin() const noexcept { return held_; }
    [[nodiscard]] cluster_demand const* end() const noexcept { return held_ + count_; }

    /// Null if there is none.
    [[nodiscard]] cluster_demand const* find(std::string_view cluster, dialect form) const noexcept
    {
        for (auto const& demand : *this)
            if (demand.form() == form && demand.cluster() == cluster)
                return &demand;
        return nullptr;
    }

    /// Null if there is none yet, and no room for one.
    [[nodiscard]] cluster_demand* find_or_add(cluster_id const& cluster, dialect form) noexcept
    {
        if (auto const* const demand = find(cluster, form))
            return const_cast<cluster_demand*>(demand);
        return count_ < max_clusters ? new (&held_[count_++]) cluster_demand(cluster, form) : nullptr;
    }

    /// Precondition: size() < max_clusters.
    void add(cluster_demand const& demand) noexcept { new (&held_[count_++]) cluster_demand(demand); }

    /// Whether one of them is, see `cluster_demand`.
    [[nodiscard]] bool fenced() const noexcept
    {
        bool is_fenced = false;
        for (auto const& demand : *this)
            is_fenced = is_fenced || demand.fenced();
        return is_fenced;
    }

    /// Whether one of them has.
    [[nodiscard]] bool has_regressed() const noexcept
    {
        bool has = false;
        for (auto const& demand : *this)
            has = has || demand.has_regressed();
        return has;
    }

    void erase(std::string_view cluster) noexcept
    {
        std::uint8_t left = 0;
        for (std::uint8_t i = 0; i < count_; ++i)
            if (held_[i].cluster() != cluster)
                held_[left++] = held_[i];
        count_ = left;
    }

private:
    void copy(cluster_demands const& other) noexcept
    {
        count_ = 0;
        for (auto const& demand : other)
            add(demand);
    }

    /// Only the first count_ exist: there is room for many, and nearly always one is used.
    union {
        cluster_demand held_[max_clusters];
    };
    std::uint8_t count_ = 0;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
