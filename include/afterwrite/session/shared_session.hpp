// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/lock.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/session/regression.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/session/session_options.hpp>
#include <afterwrite/version.hpp>

#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// A `session` for several threads that act for one caller. The lock is held while fields are read, never
/// while something is sent; a requirement is handed out as a value, so that others' answers cannot move it.
template <basic_lockable Lock>
class shared_session {
public:
    shared_session() = default;
    explicit shared_session(session_options const& options) : session_(options) {}

    /// See `session::record`. Any thread.
    template <response_message R>
    recorded record(R const& response, required_states const& carried, time_point now)
    {
        scoped_hold const held(lock_);
        return session_.record(response, carried, now);
    }

    /// See `session::record`. Any thread.
    recorded record(std::string_view index_field_value, time_point now)
    {
        scoped_hold const held(lock_);
        return session_.record(index_field_value, now);
    }

    /// See `session::record_lost`. Any thread.
    recorded record_lost(required_states const& carried, time_point now)
    {
        scoped_hold const held(lock_);
        return session_.record_lost(carried, now);
    }

    /// See `session::record_active_position`. Any thread.
    recorded record_active_position(std::string_view cluster, std::uint64_t local,
                                    required_states const& asked, time_point now)
    {
        scoped_hold const held(lock_);
        return session_.record_active_position(cluster, local, asked, now);
    }

    /// See `session::merge`. Any thread.
    recorded merge(required_states const& other, time_point now)
    {
        scoped_hold const held(lock_);
        return session_.merge(other, now);
    }

    /// See `session::required`. Any thread.
    [[nodiscard]] required_states required(cluster_view auto const& view) const
    {
        scoped_hold const held(lock_);
        return session_.required(view);
    }

    /// All that is required, as it is now. Any thread.
    [[nodiscard]] required_states required() const
    {
        scoped_hold const held(lock_);
        return session_.required();
    }

    /// See `session::last_regression`; a copy. Any thread.
    [[nodiscard]] regression last_regression() const
    {
        scoped_hold const held(lock_);
        return session_.last_regression();
    }

    /// See `session::accept_regression`. Any thread.
    void accept_regression(std::string_view cluster)
    {
        scoped_hold const held(lock_);
        session_.accept_regression(cluster);
    }

    /// See `session::forget`. Any thread.
    void forget(std::string_view cluster)
    {
        scoped_hold const held(lock_);
        session_.forget(cluster);
    }

    /// See `session::clear`. Any thread.
    void clear()
    {
        scoped_hold const held(lock_);
        session_.clear();
    }

    /// See `session::raised`. Any thread.
    [[nodiscard]] time_point raised() const
    {
        scoped_hold const held(lock_);
        return session_.raised();
    }

private:
    mutable Lock lock_;
    session session_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
