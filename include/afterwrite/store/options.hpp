// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/session/session_options.hpp>
#include <afterwrite/version.hpp>

#include <chrono>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// How a `session_store` keeps what it is told: a plain value, that each process has of its own. Where they
/// differ, the shortest fence time ends a floor for all.
struct store_options {
    /// As of a session. The fence time is also how long a floor stands after something joined it.
    session_options sessions{};

    /// Who has not been heard of for so long makes room before others do. At most 18 hours.
    duration idle = std::chrono::minutes(15);

    friend constexpr bool operator==(store_options const&, store_options const&) noexcept = default;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
