// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/policy/declared_nodes.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <chrono>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What one exchange sees of when the state lands that it waits for: when each attempt was sent, and which of
/// them were refused. See `replication_lag`, which learns from it.
class lag_sample {
public:
    /// An attempt is sent.
    void send(time_point now) noexcept { sent_ = now; }

    /// It was refused by this node, and the refusal came now.
    void refused(node_number by, time_point now) noexcept
    {
        sent_ = std::max(sent_, time_point{}); // nobody said that it was sent
        if (!has_begun()) {
            begun_ = now;
            origin_ = by;
        }
        auto const after = std::max(duration::zero(), sent_ - begun_);
        (by == origin_ ? origin_refused_ : refused_) = after;
        last_ = by;
    }

    /// It was answered by this node itself.
    void landed(node_number at, replication_view& view) const noexcept
    {
        if (!has_begun())
            return;
        auto const after = std::max<duration>(sent_ - begun_, finest);
        auto const before = refused_by(at);
        view.nodes()[at].lag.landed(before, after);
        view.lag().landed(before, after);
        if (at != origin_)
            outlasted(origin_, view);
    }

    /// This node is not waited for any longer.
    void outlasted(node_number by, replication_view& view) const noexcept
    {
        view.nodes()[by].lag.outlasted(refused_by(by));
        view.lag().outlasted(refused_by(by));
    }

    [[nodiscard]] bool has_begun() const noexcept { return begun_ != time_point::max(); }

    /// When the first refusal came; the end of time if none did.
    [[nodiscard]] time_point begun() const noexcept { return begun_; }

private:
    /// A shorter stretch is none.
    static constexpr duration finest = std::chrono::microseconds(250);

    /// When the last attempt was sent that this node refused, from the first refusal on; 0 if it is not
    /// known.
    [[nodiscard]] duration refused_by(node_number node) const noexcept
    {
        if (node == origin_)
            return origin_refused_;
        return node == last_ ? refused_ : duration::zero();
    }

    time_point begun_ = time_point::max();
    time_point sent_ = time_point::min(); ///< the last attempt, or when it was due
    duration origin_refused_{};           ///< by the first node that refused
    duration refused_{};                  ///< by the last one, if that is another
    node_number origin_ = anywhere;
    node_number last_ = anywhere;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
