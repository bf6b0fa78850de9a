// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/session/required_states.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/index_field.hpp>
#include <afterwrite/wire/openbao_index.hpp>

#include <cstdint>
#include <string_view>

namespace support {

struct known_cluster {
    afterwrite::cluster_id id{};
    [[nodiscard]] afterwrite::cluster_id const& cluster() const { return id; }
};

class dice {
public:
    explicit dice(std::uint64_t seed) : state_(seed) {}

    std::uint64_t below(std::uint64_t bound)
    {
        state_ += 0x9e37'79b9'7f4a'7c15;
        auto bits = (state_ ^ state_ >> 30) * 0xbf58'476d'1ce4'e5b9;
        bits = (bits ^ bits >> 27) * 0x94d0'49bb'1331'11eb;
        return (bits ^ bits >> 31) % bound;
    }

private:
    std::uint64_t state_;
};

/// Whether `by` demands at least what `text` does. One of neither dialect is only sent where nothing better
/// is known, and the floor may know better.
inline bool is_covered(afterwrite::required_states const& by, std::string_view text)
{
    auto const wanted = afterwrite::decode_index(text);
    if (!wanted)
        return by.unplaced().text() == text || by.form() != afterwrite::dialect::unknown;
    if (wanted->form == afterwrite::dialect::vault) {
        auto const demand = by.demand(wanted->cluster());
        return demand && *demand >= wanted->vault.position;
    }
    bool is = false;
    by.for_each([&](std::string_view held) {
        auto const index = afterwrite::decode_openbao_index(held);
        is = is || held == text || (index && *index >= wanted->openbao);
    });
    return is;
}

/// The law: fenced, or at least as much.
inline bool requires_at_least(afterwrite::required_states const& store,
                              afterwrite::required_states const& alone)
{
    if (store.fenced())
        return true;
    bool is = !alone.fenced();
    alone.for_each([&](std::string_view text) { is = is && is_covered(store, text); });
    return is;
}

} // namespace support
