// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/read_message.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/decision/step.hpp>
#include <afterwrite/policy/capabilities.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What an exchange heard last, and the steps that tell of it. News are told once.
struct heard {
    refusal last = refusal::none;
    cluster_news news{};
    std::optional<capability> missing{};
    bool was_unsent = false; ///< there was no connection, so nothing was executed
    bool is_unreachable =
        false; ///< the node, or what stands before it, did not answer, or said that it cannot
    reason why = reason::first_attempt; ///< of the attempt that was planned last

    /// Nothing was heard since; the refusal stands.
    void forget_news() noexcept
    {
        news = {};
        missing.reset();
    }

    [[nodiscard]] step final(action what, reason because, time_point now) const noexcept
    {
        return {what, now, route::any_node, because, last, news.has_changed, missing};
    }

    [[nodiscard]] step send(time_point due, route to, reason because) const noexcept
    {
        return {action::send_again, due, to, because, last, news.has_changed, missing};
    }
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
