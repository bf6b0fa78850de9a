// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/field_names.hpp>
#include <afterwrite/wire/index_field.hpp>
#include <afterwrite/wire/newborn.hpp>
#include <afterwrite/wire/refusal.hpp>
#include <afterwrite/wire/retry_after.hpp>

#include <optional>
#include <string_view>

// What an exchange reads off the messages that it is shown, apart from what it decides.

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What a request tells that matters when its answer is read.
struct request_marks {
    bool asks_health = false;
    bool token_may_carry_index = false;
    bool may_give_birth = false; ///< see `find_newborn`
};

template <message M>
[[nodiscard]] request_marks read_request(M const& request)
{
    request_marks marks{.asks_health = is_health_path(path_of(request))};
    bool has_credential = false;
    auto const look = [&](std::string_view credential) { // "Bearer" may stand before the token
        has_credential = true;
        auto token = credential.substr(credential.find(' ') + 1);
        while (token.starts_with(' '))
            token.remove_prefix(1);
        marks.token_may_carry_index = marks.token_may_carry_index || may_carry_index(token);
    };
    message_traits<M>::for_each(request, field_names::token, look);
    if (!marks.token_may_carry_index)
        message_traits<M>::for_each(request, field_names::authorization, look);
    auto const path = path_of(request);
    marks.may_give_birth = !has_credential || path.empty() || is_birth_path(path);
    message_traits<M>::for_each(request, field_names::wrap_ttl,
                                [&marks](std::string_view) { marks.may_give_birth = true; });
    return marks;
}

/// What a server asks for in `Retry-After`; nothing if it asks for nothing that can be read.
template <response_message M>
[[nodiscard]] std::optional<duration> find_retry_after(M const& response)
{
    std::optional<duration> found;
    message_traits<M>::for_each(response, field_names::retry_after, [&found](std::string_view value) {
        if (auto const wait = read_retry_after(value); wait && !found)
            found = wait;
    });
    return found;
}

/// Teaches the view the active node's address if the answer is a redirect that keeps the method (307, 308;
/// RFC 9110, 15.4) and leads to a declared node. Whether it is.
template <response_message M>
[[nodiscard]] bool learn_active_node(replication_view& view, M const& response)
{
    int const status = message_traits<M>::status(response);
    if (status != 307 && status != 308)
        return false;
    bool is_known = false;
    message_traits<M>::for_each(response, field_names::location, [&](std::string_view location) {
        is_known = is_known || view.learn_active_address(location);
    });
    return is_known;
}

/// What an answer tells of its cluster.
struct cluster_news {
    bool has_index = false;   ///< it has an index that can be read
    bool is_foreign = false;  ///< it is none of the clusters that the request required something of
    bool has_changed = false; ///< another one answered at these addresses before
    bool is_behind = false;   ///< OpenBao: it shows less than was settled when the request was sent
};

/// Whether an OpenBao answer shows less than was settled when its request was sent: its node has not seen
/// what the request carried, whatever its check said.
[[nodiscard]] inline bool is_behind(decoded_index const& index, required_states const& carried) noexcept
{
    auto const* const demand = carried.find(index.cluster(), index.form);
    if (index.form != dialect::openbao || demand == nullptr || !demand->is_comparable(index.openbao))
        return false;
    auto const where = index.position();
    return where && demand->history().is_behind(*where);
}

/// Teaches the view which cluster answered; an error or a redirect may come from anybody, and teaches
/// nothing. An index that was carried, of the cluster that the view knows, tells nothing new and is not
/// decoded.
template <response_message M>
cluster_news learn_cluster(replication_view& view, M const& response, required_states const& carried)
{
    int const status = message_traits<M>::status(response);
    cluster_news news;
    if (status < 200 || status >= 300)
        return news;
    message_traits<M>::for_each(response, field_names::index, [&](std::string_view value) {
        for_each_index(value, [&](std::string_view index) {
            auto const* const known = carried.find(view.cluster(), view.form());
            if (known != nullptr && known->holds(index)) {
                news.has_index = true;
                return;
            }
            auto const decoded = decode_index(index);
            if (!decoded)
                return;
            news.has_index = true;
            auto const changes = view.cluster_changes();
            view.learn(decoded->form, decoded->cluster());
            news.has_changed = news.has_changed || view.cluster_changes() != changes;
            news.is_behind = news.is_behind || is_behind(*decoded, carried);
            news.is_foreign = news.is_foreign || (carried.clusters() > 0 &&
                                                  carried.find(decoded->cluster(), decoded->form) == nullptr);
        });
    });
    return news;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
