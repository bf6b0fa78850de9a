// SPDX-License-Identifier: BSL-1.0
// The checker against the sentences of FORMAT.md, taken word for word and so slowly, over small random
// histories in which anything may happen.
#include "history/checker.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace history;

namespace {

using told = std::set<std::pair<std::size_t, guarantee>>;

/// Looks at each pair of operations, and at each of them anew.
class slow_checker {
public:
    explicit slow_checker(transcript const& seen) : seen_(seen) {}

    told run()
    {
        for (auto const& each : seen_.operations)
            if (each.ended == ending::returned && each.at != version{})
                find_execution(each);
        for (auto const& each : shown_)
            if (first_at(each).write != each.write)
                unreal_.insert(each.by);
        told found;
        for (auto const& each : seen_.operations)
            if (auto const broken = broken_by(each))
                found.emplace(each.ended == ending::returned ? each.end_line : each.invoke_line, *broken);
        return found;
    }

private:
    struct execution {
        operation const* write;
        version at;
        operation const* by;
    };

    void find_execution(operation const& each)
    {
        if (each.is_write) {
            shown_.push_back({&each, each.at, &each});
            return;
        }
        for (auto const& write : seen_.operations)
            if (write.is_write && write.key == each.key && write.value == each.value &&
                write.invoke_line < each.end_line && write.ended != ending::failed) {
                shown_.push_back({&write, each.at, &each});
                return;
            }
        unreal_.insert(&each);
    }

    [[nodiscard]] execution const& first_at(execution const& same) const
    {
        auto const* first = &same;
        for (auto const& each : shown_)
            if (each.write->log == same.write->log && each.at == same.at &&
                each.by->end_line < first->by->end_line)
                first = &each;
        return *first;
    }

    [[nodiscard]] std::uint64_t epoch_at(operation const& read) const
    {
        std::uint64_t epoch = 1;
        for (auto const& each : seen_.events) {
            if (each.kind == event_kind::epoch && each.which == read.log)
                ++epoch;
            if (each.kind == event_kind::end && &seen_.operations[each.which] == &read)
                break;
        }
        return epoch;
    }

    [[nodiscard]] bool precedes(operation const& a, operation const& b) const
    {
        return a.session == b.session && a.log == b.log && a.ended == ending::returned &&
               a.end_line < b.invoke_line && !unreal_.contains(&a) && a.given != promise::unpromised;
    }

    [[nodiscard]] bool is_lacking(operation const& read, version bound) const
    {
        auto const epoch = epoch_at(read);
        return std::any_of(shown_.begin(), shown_.end(), [&](execution const& each) {
            return bound.epoch == epoch && each.at.epoch == epoch && each.write->key == read.key &&
                   each.at > read.at && each.at <= bound && !unreal_.contains(each.by);
        });
    }

    /// Whether some execution of `write` stands no further than some of `earlier`, or than what that one saw.
    [[nodiscard]] bool is_before(operation const& write, operation const& earlier) const
    {
        for (auto const& each : shown_)
            for (auto const& other : shown_)
                if (each.write == &write && (earlier.is_write ? other.write : other.by) == &earlier &&
                    !unreal_.contains(each.by) && !unreal_.contains(other.by) && each.at <= other.at)
                    return true;
        return false;
    }

    [[nodiscard]] std::optional<guarantee> broken_by(operation const& each) const
    {
        if (unreal_.contains(&each))
            return guarantee::real_writes;
        bool const is_checked =
            each.is_write || (each.ended == ending::returned && each.given != promise::unpromised);
        std::optional<guarantee> found;
        for (auto const& earlier : seen_.operations) {
            if (!is_checked || !precedes(earlier, each))
                continue;
            if (each.is_write ? is_before(each, earlier)
                              : earlier.given == promise::full && is_lacking(each, earlier.at)) {
                auto const broken =
                    each.is_write
                        ? (earlier.is_write ? guarantee::monotonic_writes : guarantee::writes_follow_reads)
                        : (earlier.is_write ? guarantee::read_your_writes : guarantee::monotonic_reads);
                if (!found || earlier.is_write)
                    found = broken;
            }
        }
        return found;
    }

    transcript const& seen_;
    std::vector<execution> shown_{};
    std::set<operation const*> unreal_{};
};

/// A history in which versions are mostly those that the writes were meant to have.
class dice {
public:
    explicit dice(std::uint64_t seed) : random_(seed), out_(text_) {}

    std::string roll()
    {
        for (auto steps = 8 + below(40); steps > 0; --steps) {
            if (one_in(20))
                restore();
            else if (!open_.empty() && one_in(2))
                end();
            else
                invoke();
        }
        return text_.str();
    }

private:
    struct begun {
        std::uint64_t number;
        std::string session;
        std::string key;
        std::string value{}; // of a write
        version meant{};
    };

    std::uint64_t below(std::uint64_t end) { return random_() % end; }
    bool one_in(std::uint64_t count) { return below(count) == 0; }
    version any_version(std::string const& key) { return {1 + below(key[0] == 'c' ? c_ : d_), 1 + below(6)}; }

    void restore()
    {
        bool const is_c = !one_in(4);
        out_.epoch(0, is_c ? "c" : "d", is_c ? ++c_ : ++d_);
    }

    void invoke()
    {
        begun next{0, one_in(2) ? "bob" : "alice", one_in(8) ? "d/x" : one_in(2) ? "c/x" : "c/y"};
        if (one_in(2)) {
            next.value = std::to_string(written_.size());
            next.number = out_.invoke_write(0, next.session, next.key, next.value);
            next.meant = one_in(4) ? any_version(next.key)
                                   : version{next.key[0] == 'c' ? c_ : d_, 1 + written_.size()};
            written_.push_back(next);
        } else {
            next.number = out_.invoke_read(0, next.session, next.key);
        }
        open_.push_back(next);
    }

    void end()
    {
        auto const which = open_.begin() + static_cast<std::ptrdiff_t>(below(open_.size()));
        auto const ended = *which;
        open_.erase(which);
        if (one_in(6))
            out_.lost(0, ended.session, ended.number);
        else if (one_in(8))
            out_.failed(0, ended.session, ended.number);
        else if (!ended.value.empty())
            out_.return_write(0, ended.session, ended.number, ended.meant,
                              one_in(6) ? promise::unbinding : promise::full);
        else
            answer(ended);
    }

    void answer(begun const& read)
    {
        auto const given = one_in(8) ? promise::unpromised : one_in(8) ? promise::unbinding : promise::full;
        std::vector<begun> candidates;
        std::copy_if(written_.begin(), written_.end(), std::back_inserter(candidates),
                     [&](begun const& each) { return each.key == read.key || one_in(30); });
        if (candidates.empty() || one_in(8)) {
            out_.return_read(0, read.session, read.number, {}, nothing, given);
            return;
        }
        auto const& saw = candidates[below(candidates.size())];
        auto const is_known = saw.meant.epoch <= (read.key[0] == 'c' ? c_ : d_);
        auto const at = one_in(12) || !is_known ? any_version(read.key) : saw.meant;
        out_.return_read(0, read.session, read.number, at, one_in(30) ? "invented" : saw.value, given);
    }

    std::mt19937_64 random_;
    std::ostringstream text_{};
    writer out_;
    std::vector<begun> open_{};
    std::vector<begun> written_{};
    std::uint64_t c_ = 1; // the epochs of the two logs
    std::uint64_t d_ = 1;
};

} // namespace

TEST_CASE("the fast checker tells what the slow one tells")
{
    std::size_t right = 0;
    std::vector<std::size_t> broken(5);
    for (std::uint64_t seed = 0; seed < 20000; ++seed) {
        auto const text = dice(seed).roll();
        auto const [seen, error] = parse(text);
        REQUIRE_MESSAGE(!error, text);
        told found;
        for (auto const& each : check(seen).findings) {
            found.emplace(each.line, each.broken);
            ++broken[static_cast<std::size_t>(each.broken)];
        }
        bool const agree = found == slow_checker(seen).run();
        CHECK_MESSAGE(agree, text);
        right += found.empty() ? 1 : 0;
    }
    CHECK(right > 1000);
    for (auto const count : broken)
        CHECK(count > 300);
}
