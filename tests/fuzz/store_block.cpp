// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: whatever is recorded in a store, and whatever byte of its block is altered meanwhile:
// nobody requires less than what was recorded, unless a fence says so. tests/laws/store_damage.cpp draws
// such damage with a generator of its own, which every compiler can build. An input is a script, of single
// letters and what belongs to each; see `play`.
#include <afterwrite/store/session_store.hpp>

#include <afterwrite/lock.hpp>

#include "input.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/store_block.hpp"
#include "support/store_law.hpp"

#include <array>
#include <string>

using namespace afterwrite;
using namespace support;
using fuzz::expect;

namespace {

/// In one bucket there is room for fewer than these.
constexpr std::size_t identities = 24;

class world {
public:
    void play(fuzz::input& script)
    {
        for (int steps = 0; steps < 300 && !script.empty(); ++steps)
            switch (script.byte()) {
            case 'a':
                alter(script, layout_.clusters_at() + script.below(4) * sizeof(detail::store_cluster));
                break;
            case 'b': alter(script, layout_.buckets_at()); break;
            case 'c': alter(script, 0x10000 * script.below(2)); break;
            case 'j': join(script); break;
            case 's': time_ += 1s; break; // no fence ends within a script
            case '?': check(); break;
            default: record(script);
            }
        check();
    }

private:
    /// Some bits of one byte, somewhere in the 64 KB from here.
    void alter(fuzz::input& script, std::size_t from)
    {
        auto const bytes = many_.block.bytes();
        auto const high = script.byte();
        auto const at = from + (std::size_t{high} << 8 | script.byte());
        bytes[std::min(at, bytes.size() - 1)] ^= static_cast<std::byte>(script.byte());
    }

    /// Another process maps the block, or cannot, and says why.
    void join(fuzz::input& script)
    {
        auto const bytes = many_.block.bytes();
        auto const joined = store_of<no_lock>::store_type::attach(bytes, store_key);
        if (joined)
            many_.store = *joined;
        else
            expect(!to_string(joined.error()).empty(), "who cannot join is told why");
        record(script);
    }

    void record(fuzz::input& script)
    {
        auto const who = script.byte() % identities;
        auto const index = index_of(script);
        many_.store.of(std::to_string(who), time_).record(index, time_);
        recorded_[who].record(index);
    }

    std::string index_of(fuzz::input& script)
    {
        ++log_;
        auto const kind = script.below(8);
        auto const cluster = "v" + std::to_string(script.below(3));
        switch (kind) {
        case 0: return openbao("b0", std::to_string(log_));
        case 1: return openbao("b0", "1/" + std::to_string(log_));
        case 2: return vault(cluster, log_, 500 - log_ % 400);
        case 3: return vault(cluster, log_ / 2, log_);
        case 4: return "of-no-form-" + std::to_string(log_ % 2);
        case 5: return "djE6";
        default: return vault(cluster, log_, 0);
        }
    }

    void check()
    {
        for (std::size_t who = 0; who < identities; ++who)
            expect(requires_at_least(many_.store.of(std::to_string(who), time_).required(), recorded_[who]),
                   "nobody requires less than was recorded, unless a fence stands");
    }

    detail::store_layout layout_ = detail::store_layout::for_identities(1, sizeof(no_lock));
    store_of<no_lock> many_{1};
    std::array<required_states, identities> recorded_;
    std::uint64_t log_ = 0;
    time_point time_ = at(0s);
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    fuzz::input script(data, size);
    world().play(script);
    return 0;
}
