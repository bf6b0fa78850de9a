// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/session/session_options.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/best_effort.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/field_names.hpp>
#include <afterwrite/wire/index_field.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <cstdint>
#include <optional>
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

/// Whether what a request carries is a text of neither dialect. Of a known one there may be a fence besides.
[[nodiscard]] inline bool carries_unknown_form(required_states const& carried) noexcept
{
    for (std::uint8_t i = 0; i < carried.clusters(); ++i)
        if (carried[i].size() > 0)
            return false;
    return !carried.unplaced().text().empty();
}

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
    if (why == refusal::index_not_understood && carries_unknown_form(carried))
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

namespace detail {

/// Whether an answer tells of success, and not of a node's health.
template <response_message R>
[[nodiscard]] bool is_success(R const& response, required_states const& carried)
{
    int const status = message_traits<R>::status(response);
    return status >= 200 && status < 300 && !carried.sent_as().is_probe;
}

} // namespace detail

/// Whether something was written of which no later request can carry an index: a write or a login was
/// answered with success, and `indices` is what became of those that the answer had. Where one of them is
/// past a bound, or of an older epoch, a fence stands for it.
template <response_message R>
[[nodiscard]] bool is_unindexed_write(R const& response, required_states const& carried,
                                      recorded const& indices)
{
    bool const has_trace =
        indices.kept + indices.superseded + indices.held + indices.unkept + indices.outdated > 0;
    bool const may_write = !carried.sent_as().is_read || carried.sent_as().may_give_birth;
    return may_write && !has_trace && detail::is_success(response, carried);
}

/// A cluster, or of which dialect it is if that is all that is known.
struct cluster_place {
    cluster_id cluster{};
    dialect form = dialect::unknown;
};

/// The cluster of a node that has not applied yet what it answers for, if it warns of that: see
/// `has_best_effort_warning`. Since such a node may serve the next read, a fence has to stand there, whatever
/// the request was and whether or not an index came. It is the index's cluster, or else where the request
/// went.
template <response_message R>
[[nodiscard]] std::optional<cluster_place> find_unapplied(R const& response, required_states const& carried)
{
    if (!detail::is_success(response, carried) || !has_best_effort_warning(body_of(response)))
        return std::nullopt;
    cluster_place where{carried.sent_as().cluster, carried.sent_as().form};
    message_traits<R>::for_each(response, field_names::index, [&where](std::string_view value) {
        for_each_index(value, [&where](std::string_view index) {
            if (auto const decoded = decode_index(index))
                where = {decoded->cluster(), decoded->form};
        });
    });
    return where;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
