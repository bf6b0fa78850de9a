// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/base64.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/wire/openbao_index.hpp>
#include <afterwrite/wire/vault_index.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace support {

inline constexpr afterwrite::hmac_key test_key("0f0e0d0c-0b0a-0908-0706-050403020100");

inline std::string vault(std::string_view cluster, std::uint64_t local, std::uint64_t replicated,
                         afterwrite::hmac_key const& key = test_key)
{
    return afterwrite::encode_vault_index({afterwrite::cluster_id(cluster), {local, replicated}}, key);
}

inline std::string openbao(std::string_view cluster, std::string_view value)
{
    using value_text = afterwrite::inline_string<afterwrite::opaque_index::max_value_size>;
    return afterwrite::encode_openbao_index({afterwrite::cluster_id(cluster), value_text(value)});
}

/// What is sent for these states, in an order that compares.
inline std::vector<std::string> texts_of(afterwrite::required_states const& required)
{
    std::vector<std::string> found;
    required.for_each([&](std::string_view text) { found.emplace_back(text); });
    std::sort(found.begin(), found.end());
    return found;
}

inline std::vector<std::string> sorted(std::vector<std::string> unsorted)
{
    std::sort(unsorted.begin(), unsorted.end());
    return unsorted;
}

inline afterwrite::required_states states(std::vector<std::string> const& recorded)
{
    afterwrite::required_states required;
    for (auto const& index : recorded)
        required.record(index);
    return required;
}

/// The same as carried by a request that asked the active node.
inline afterwrite::required_states at_active_node(afterwrite::required_states carried)
{
    carried.set_sent_as({.asked_active_node = true});
    return carried;
}

/// An OpenBao index of this cluster whose value is longer than our bound.
inline std::string openbao_past_bound(std::string_view cluster)
{
    return afterwrite::base64_encode(std::string("{\"cluster\":\"") + std::string(cluster) +
                                     "\",\"value\":\"" +
                                     std::string(afterwrite::opaque_index::max_value_size + 1, '1') + "\"}");
}

} // namespace support
