// SPDX-License-Identifier: BSL-1.0
// A store must never require less of an identity than a session of its own would: compared after each of many
// random operations, in stores that are far too small for all identities, so that most of them are moved to
// the floor again and again.
#include <afterwrite/store/session_store.hpp>

#include <afterwrite/lock.hpp>
#include <afterwrite/session/session.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/sanitizers.hpp"
#include "support/store_block.hpp"
#include "support/store_law.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

class world {
public:
    world(std::uint64_t seed, std::uint64_t room, std::uint64_t identities)
        : dice_(seed), many_(room, {.idle = 5s}), identities_(identities)
    {}

    void step()
    {
        if (dice_.below(50) == 0)
            time_ += std::chrono::milliseconds(dice_.below(1000));
        auto const who = dice_.below(identities_);
        auto handle = many_.store.of(std::to_string(who), time_);
        auto& alone = alone_[who];
        auto const index = any_index();
        switch (dice_.below(12)) {
        case 0: handle.merge(states({index}), time_), alone.merge(states({index}), time_); break;
        case 1:
            if (dice_.below(20) == 0) { // nobody knows where it went
                required_states const of_none;
                handle.record_lost(of_none, time_), alone.record_lost(of_none, time_);
            }
            break;
        case 2:
            if (dice_.below(8) == 0)
                handle.clear(), alone.clear();
            break;
        case 3:
            if (dice_.below(8) == 0)
                handle.forget("v1"), alone.forget("v1");
            break;
        case 4: exchange_write(who); break;
        default: handle.record(index, time_), alone.record(index, time_); break;
        }
        for (auto const& other : {who, dice_.below(identities_)})
            check(other);
    }

    std::uint64_t wrong = 0;
    std::uint64_t unfenced = 0;

private:
    /// With what was carried, as `send` does it.
    void exchange_write(std::uint64_t who)
    {
        known_cluster const view{cluster_id("v0")};
        auto handle = many_.store.of(std::to_string(who), time_);
        auto& alone = alone_[who];
        auto carried = handle.required(view);
        auto alone_carried = alone.required(view);
        carried.advance(time_);
        alone_carried.advance(time_);
        attempt_facts const sent{.was_checked = true};
        carried.set_sent_as(sent);
        alone_carried.set_sent_as(sent);
        ++log_;
        auto const answer = written(vault("v0", log_, 0));
        handle.record(answer, carried, time_);
        alone.record(answer, alone_carried, time_);
    }

    std::string any_index()
    {
        ++log_;
        auto const cluster = std::string("v") + std::to_string(dice_.below(3));
        auto const before = log_ - dice_.below(20);
        switch (dice_.below(dice_.below(8) == 0 ? 9 : 40)) {
        case 0: return "future-format-" + std::to_string(dice_.below(2));
        case 1: return openbao("b0", std::to_string(before));
        case 2: return openbao("b1", "0/" + std::to_string(before));
        case 3: return openbao("b2", "value " + std::to_string(dice_.below(3)));
        case 4: return openbao_past_bound("b3");
        case 5: return "not an index";
        case 6: return base64_encode("v1:" + cluster + ":" + std::to_string(before) + ":007:AB");
        case 7: return vault(cluster, log_, before) + "," + vault("v0", before, log_);
        case 8: return vault(cluster, before, log_ / 2);
        default: return vault(cluster, log_, 0);
        }
    }

    void check(std::uint64_t who)
    {
        auto const handle = many_.store.of(std::to_string(who), time_);
        auto const& alone = alone_[who];
        auto const all = handle.required();
        wrong += requires_at_least(all, alone.required()) ? 0 : 1;
        unfenced += all.fenced() ? 0 : 1;
        for (auto const* const name : {"v0", "v1", "b0", "b2", "unheard of"}) {
            known_cluster const view{cluster_id(name)};
            wrong += requires_at_least(handle.required(view), alone.required(view)) ? 0 : 1;
        }
        known_cluster const unknown;
        wrong += requires_at_least(handle.required(unknown), alone.required(unknown)) ? 0 : 1;
    }

    dice dice_;
    store_of<no_lock> many_;
    std::uint64_t identities_;
    std::map<std::uint64_t, session> alone_;
    std::uint64_t log_ = 100;
    time_point time_ = at(0s);
};

} // namespace

TEST_CASE("a store of one bucket pair never requires less than sessions of their own would")
{
    std::uint64_t wrong = 0;
    for (std::uint64_t seed = 1; seed <= rounds(10, 2); ++seed) {
        world crowded(seed, 1, 60);
        for (int i = 0; i < 600; ++i)
            crowded.step();
        wrong += crowded.wrong;
    }
    CHECK(wrong == 0);
}

TEST_CASE("nor does one that has room for all, and there hardly anybody is fenced for want of room")
{
    world roomy(7, 1000, 60);
    for (int i = 0; i < 2000; ++i)
        roomy.step();
    CHECK(roomy.wrong == 0);
    CHECK(roomy.unfenced > 500);
}
