// SPDX-License-Identifier: BSL-1.0
#include "nodes.hpp"

#include <afterwrite/wire/field_names.hpp>
#include <afterwrite/wire/vault_index.hpp>

#include <algorithm>
#include <array>

namespace replay {

namespace fields = afterwrite::field_names;

namespace {

constexpr std::array<std::string_view, node_count> addresses = {"http://n0:8200", "http://n1:8200",
                                                                "http://n2:8200"};

bool says(read_request const& request, std::string_view name, std::string_view value)
{
    bool is_said = false;
    request.for_each(name, [&](std::string_view each) { is_said = is_said || each == value; });
    return is_said;
}

} // namespace

std::string_view address_of(std::size_t node) { return addresses[node]; }

std::size_t node_at(std::string_view address)
{
    return static_cast<std::size_t>(std::find(addresses.begin(), addresses.end(), address) -
                                    addresses.begin());
}

time_point nodes::landing_of(std::string_view index, std::size_t node) const
{
    auto const decoded = afterwrite::decode_vault_index(index);
    if (!decoded)
        return time_point::max(); // it cannot be shown to have it, so it refuses
    if (decoded->cluster != cluster_name)
        return time_point::min(); // it has nothing to do with it
    auto const write = decoded->position.local - first_position;
    return write < all_.reads.size() ? all_.reads[write].landing[node] : time_point::max();
}

handled nodes::handle(std::size_t node, read_request const& request, time_point sent) const
{
    auto const arrival = sent + round_trip / 2;
    bool has_all = true;
    request.for_each(fields::index, [&](std::string_view index) {
        has_all = has_all && landing_of(index, node) <= arrival;
    });
    if (says(request, fields::forward, fields::active_node) ||
        (!has_all && says(request, fields::inconsistent, fields::forward_active_node)))
        return {.message = {.status = 200}, .took = round_trip + forward_hop, .by_active_node = true};
    if (has_all)
        return {.message = {.status = 200}};
    return {.message = {.status = 412, .body = R"({"errors":["required index state not present"]})"}};
}

} // namespace replay
