// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "scripted_server.hpp"

#include <afterwrite/bytes/hmac_sha256.hpp>
#include <afterwrite/clock.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/wire/vault_index.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scripted {

using strings = std::vector<std::string>;

/// An index of the cluster "c".
inline std::string index_at(std::uint64_t local)
{
    afterwrite::wal_state const state{afterwrite::cluster_id("c"), {local, 0}};
    return afterwrite::encode_vault_index(state, afterwrite::hmac_key("key"));
}

/// A field's line.
inline std::string field(std::string_view name, std::string_view value)
{
    return std::string(name) + ": " + std::string(value) + "\r\n";
}

/// The values of all fields of that name, sorted.
template <class Message>
strings values(Message const& message, std::string_view name)
{
    strings found;
    afterwrite::message_traits<Message>::for_each(message, name,
                                                  [&](std::string_view value) { found.emplace_back(value); });
    std::sort(found.begin(), found.end());
    return found;
}

/// Waits take no time, and never go on for ever.
struct no_wait {
    int left = 50;
    bool operator()(afterwrite::time_point) { return left-- > 0; }
};

/// Bytes of every kind.
inline std::string any_bytes(std::size_t size)
{
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<char>(i * 2654435761U >> 13);
    return bytes;
}

} // namespace scripted
