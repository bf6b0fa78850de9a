// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/base64.hpp>
#include <afterwrite/bytes/hmac_sha256.hpp>
#include <afterwrite/session/portable_session.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/wire/decode_error.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Sessions to be written as texts, and whether what came of it requires the same.
namespace support {

using afterwrite::cluster_id;
using afterwrite::dialect;
using afterwrite::hmac_key;
using afterwrite::required_states;
using afterwrite::session;

inline constexpr hmac_key key("a key of the caller's");
inline constexpr hmac_key other_key("another one");

inline session session_of(required_states const& required)
{
    session made;
    made.merge(required, at(0s));
    return made;
}

inline session session_of(std::vector<std::string> const& recorded) { return session_of(states(recorded)); }

inline std::string exported(session const& from)
{
    auto const text = afterwrite::export_session(from);
    REQUIRE(text.has_value());
    return *text;
}

inline std::string exported(session const& from, hmac_key const& with)
{
    auto const text = afterwrite::export_session(from, with);
    REQUIRE(text.has_value());
    return *text;
}

/// What is sent, and behind which fences.
inline bool requires_the_same(required_states const& a, required_states const& b)
{
    if (texts_of(a) != texts_of(b) || a.clusters() != b.clusters() ||
        a.unplaced().has_strays() != b.unplaced().has_strays() ||
        a.unplaced().is_crowded() != b.unplaced().is_crowded())
        return false;
    std::size_t alike = 0;
    for (std::uint8_t i = 0; i < a.clusters(); ++i)
        for (std::uint8_t j = 0; j < b.clusters(); ++j)
            if (a[i].cluster() == b[j].cluster() && a[i].form() == b[j].form() &&
                a[i].fenced() == b[j].fenced())
                ++alike;
    return alike == a.clusters();
}

inline bool requires_the_same(session const& a, session const& b)
{
    return requires_the_same(a.required(), b.required());
}

inline required_states fenced(std::vector<std::string> const& recorded, std::string_view cluster,
                              dialect form)
{
    auto required = states(recorded);
    required.fence(cluster_id(cluster), form);
    return required;
}

inline std::vector<std::string> indices_of_clusters(std::size_t count)
{
    std::vector<std::string> indices;
    for (std::size_t i = 0; i < count; ++i) {
        auto const cluster = "cluster-" + std::to_string(i);
        indices.push_back(vault(cluster, i + 1, 0));
        indices.push_back(vault(cluster, 0, i + 1));
    }
    return indices;
}

inline std::string const uuid = "6f0e3a52-8c1d-4b7e-9a60-2d5c41f8b937";

/// One of each kind of state that a session can be in.
inline std::vector<required_states> kinds()
{
    auto crowd = indices_of_clusters(required_states::max_clusters);
    crowd.push_back(vault("ninth", 1, 1));
    return {
        required_states(),
        states({vault(uuid, 1701, 42)}),
        states({vault(uuid, 1701, 42), vault(uuid, 1600, 43)}),
        states({vault("a", 1, 0), vault("b", 1, 1), vault("b", 2, 0)}),
        states({openbao(uuid, "1701")}),
        states({openbao(uuid, "16/B374D848")}),
        states({openbao(uuid, "abc"), openbao(uuid, "def")}),
        states({openbao("c", "5"), openbao("c", "0/5")}),
        states({afterwrite::base64_encode(R"({"cluster":"c","value":"5","namespace":"n"})")}),
        states({vault("c", 1, 2), openbao("c", "5")}), // one id, two dialects: two clusters
        states({afterwrite::base64_encode(
            "v1:c:007:00:ABCDEF")}),  // as no server writes it, but must come back so
        states({"djE6Yzo3MDowOh=="}), // bits set that padding cuts off
        states({"a-future.form~of;\"an\\index'"}),
        states({std::string(afterwrite::max_index_size, '~')}),
        states({"a-future-form", vault("c", 1, 0)}),
        states({openbao("c", "abc"), openbao("c", "def"), openbao("c", "xyz")}), // a fence of its cluster
        states({openbao_past_bound("c")}),                                       // a fence of none
        states(crowd),                                                           // a lasting one
        fenced({vault("c", 1, 2), vault("d", 1, 2)}, "d", dialect::vault),
        fenced({"a-future-form"}, "c", dialect::openbao),
        fenced({}, std::string(cluster_id::max_size, 'c'), dialect::unknown),
        states(indices_of_clusters(required_states::max_clusters)),
    };
}

} // namespace support
