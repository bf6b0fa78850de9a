// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/decision/refusal_answer.hpp>
#include <afterwrite/decision/step.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What a proxy says itself where it has no answer to hand on. (Vault Agent says 500 for each of these, and
/// for a node that stays behind as well.)
namespace proxy_answers {

/// The exchange broke, or could not begin.
inline constexpr auto no_answer =
    detail::refused(502, R"({"errors":["no answer came from the server; a write may have been executed"]})");

/// A write was answered, but maybe not by a node that had what was required; it may have been executed.
inline constexpr auto unproven_write = detail::refused(
    502, R"({"errors":["an answer came from a node that may lack what is required; a write may have been )"
         R"(executed"]})");

/// Only the active node's answer would do, and no way leads to it. Nothing was executed.
inline constexpr auto not_offered =
    detail::refused(503, R"({"errors":["only the active node may answer this, and no way to it is known"]})");

/// The cluster was restored, and nobody has accepted that yet. Nothing was sent.
inline constexpr auto regressed = detail::refused(
    503, R"({"errors":["the cluster follows another history than what is required: writes may be lost"]})");

/// The proxy ended the wait itself.
inline constexpr auto cancelled =
    detail::refused(503, R"({"errors":["the request was cancelled before it was answered"]})");

/// There was no time left to begin.
inline constexpr auto no_time =
    detail::refused(504, R"({"errors":["no time was left to send the request to the server"]})");

} // namespace proxy_answers

/// What is known of an exchange that has ended, besides how.
struct proxy_ending {
    int status = 0;         ///< of the answer that is at hand: to the last attempt; 0 if there is none
    bool was_sent = false;  ///< an attempt was made
    bool is_joined = false; ///< it stayed unsent behind another read when it ended, see `reason::joined`
    bool is_read = true;    ///< `request_facts::safe`
    dialect form = dialect::unknown;
};

/// What the client gets at the end of its exchange: nothing (status 0) if that is the answer at hand, as it
/// is; else these words instead. So a node's refusal reaches the client as the refusal that it is, for it to
/// wait as well; and an answer that nothing is proven of never does.
[[nodiscard]] constexpr refusal_answer answer_instead(step const& last, proxy_ending const& end) noexcept
{
    if (last.what != action::give_up)
        return {};
    if (last.why == reason::not_offered)
        return proxy_answers::not_offered;
    if (last.why == reason::regressed)
        return proxy_answers::regressed;
    bool const is_success = end.status > 0 && end.status < 300; // which shows less than it had to
    if (last.why == reason::unproven || is_success || (end.status == 0 && end.is_joined)) {
        if (!end.is_read)
            return proxy_answers::unproven_write;
        return end.form == dialect::openbao ? refusal_answers::openbao_stale : refusal_answers::vault_stale;
    }
    if (end.status != 0)
        return {};
    if (last.why == reason::cancelled)
        return proxy_answers::cancelled;
    return end.was_sent || last.why != reason::deadline_passed ? proxy_answers::no_answer
                                                               : proxy_answers::no_time;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
