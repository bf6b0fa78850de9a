// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/session/session_options.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What an answer is to a session, whatever it is to the caller.
enum class answer_kind : std::uint8_t {
    nothing, ///< says nothing of states
    indices, ///< its index fields, if it has any, are to be recorded: servers send them with nothing but 2xx
    lost,    ///< no answer of the server's: what it was may have been executed
    active_lacks, ///< the active node lacks what was carried, of its own log, or what the token demands
    active_lost,  ///< the active node lacks what was carried: it has answered the same without
    unreadable,   ///< the server cannot read a text of neither dialect that was carried
};

/// `carried` is what the answered attempt had required.
template <response_message R>
[[nodiscard]] answer_kind kind_of(R const& response, required_states const& carried)
{
    int const status = message_traits<R>::status(response);
    auto const& sent = carried.sent_as();
    if (sent.is_probe)
        return answer_kind::nothing;
    if (status < 100)
        return answer_kind::lost;
    if (sent.index_was_refused && status < 500 && status != 412 && status != 429)
        return answer_kind::active_lost;
    if (status >= 200 && status < 300)
        return answer_kind::indices;
    auto const why = classify({.status = status,
                               .body = body_of(response),
                               .carried_index = carried.size() > 0,
                               .carried_form = carried.form()});
    if (why == refusal::server_error)
        return answer_kind::lost;
    bool const is_stale_for_sure = why == refusal::stale_index || why == refusal::index_or_token;
    if (is_stale_for_sure && status == 412 && sent.may_show_loss)
        return answer_kind::active_lacks;
    if (why == refusal::index_not_understood && carried.form() == dialect::unknown)
        return answer_kind::unreadable;
    return answer_kind::nothing;
}

/// Whether an index that was answered is to be required: an OpenBao read's need not be, unless it is what
/// takes a fence away.
[[nodiscard]] inline bool is_required(std::string_view index_field_value, required_states const& carried,
                                      session_options const& options) noexcept
{
    return options.monotonic_reads || !carried.sent_as().is_read || carried.fenced() ||
           dialect_of(index_field_value) != dialect::openbao;
}

/// Whether something may have been written where no answer came, and has to be seen.
[[nodiscard]] inline bool is_loss(required_states const& carried, session_options const& options) noexcept
{
    return options.fence_lost_writes && !carried.sent_as().is_read;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
