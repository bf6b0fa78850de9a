// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/session/attempt_facts.hpp>
#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/session/lineage.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/session/regression.hpp>
#include <afterwrite/session/session_options.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/index_field.hpp>

#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION {

class required_states;

/// How an index came.
struct arrival {
    required_states const* carried = nullptr; ///< what the answered attempt had required; null: nothing
    time_point now = time_point::min();       ///< if unknown, nothing is learned of the history
    on_regression on = on_regression::reset_and_forward;
    regression* report = nullptr; ///< where to put the regression that this index gives away
};

namespace detail {

[[nodiscard]] inline lineage::witness witness_of(attempt_facts const& sent) noexcept
{
    if (sent.asked_active_node)
        return lineage::witness::active;
    return sent.was_checked && !sent.is_read ? lineage::witness::checked : lineage::witness::none;
}

/// What an answer's verdict makes of a demand. Whether the answer's index is to be recorded.
inline bool follow(lineage::verdict verdict, cluster_demand& demand, arrival const& how,
                   recorded& total) noexcept
{
    switch (verdict) {
    case lineage::verdict::consistent: return true;
    case lineage::verdict::outdated:
        ++total.outdated;
        demand.fence(); // its write may be of this history all the same: a retry is sent with what was
        return false;   // required at the beginning
    case lineage::verdict::suspected:
        ++total.suspected;
        demand.fence(); // it is recorded too: if it was a false alarm, its write has to be seen
        return true;
    case lineage::verdict::confirmed: break;
    }
    ++total.regressed;
    if (how.report != nullptr)
        *how.report = {demand, {}, how.now};
    demand.begin_epoch(how.now);
    if (how.on != on_regression::reset)
        demand.fence();
    demand.set_regressed(how.on == on_regression::fail);
    if (how.report != nullptr)
        how.report->found = demand;
    return true;
}

/// What is known of the request that an answer belongs to.
struct evidence {
    cluster_demand const* was_carried; ///< of the answer's cluster; null: nothing
    attempt_facts const& sent;
    time_point sent_at;

    [[nodiscard]] lineage::verdict judge(lineage& history, wal_position const& where,
                                         time_point now) const noexcept
    {
        if (was_carried != nullptr)
            return history.judge(was_carried->history(), where, witness_of(sent), now);
        return history.is_before_epoch(sent_at) ? lineage::verdict::outdated : lineage::verdict::consistent;
    }
};

/// Where an index stands in the history that is followed. An exchanged storage counts otherwise: what was
/// settled says nothing any more.
inline std::optional<wal_position> position_in(cluster_demand& demand, decoded_index const& index) noexcept
{
    bool const is_comparable = index.form == dialect::vault || demand.is_comparable(index.openbao);
    if (!is_comparable)
        demand.history().unsettle();
    return is_comparable ? index.position() : std::nullopt;
}

/// Vault answers an index to what has written, and that is newer than all before; but what its primary has
/// written, an index of a secondary may lack. OpenBao answers one to all: only the active node's says that
/// much.
[[nodiscard]] inline bool is_newer_than_losses(decoded_index const& index, attempt_facts const& sent) noexcept
{
    return index.form == dialect::vault ? index.vault.position.replicated == 0 : sent.asked_active_node;
}

} // namespace detail

} // namespace afterwrite::inline AFTERWRITE_VERSION
