// SPDX-License-Identifier: BSL-1.0
// Histories of a small store that keeps its promises are right; with one read that an older node answers,
// each is wrong, there and nowhere else.
#include "history/checker.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace history;

namespace {

constexpr auto nobody = static_cast<std::size_t>(-1);

/// One active node and three that lag behind it, each with the beginning of one log; four sessions, whose
/// operations overlap. It chooses for each read a node that has all that its session may ask for, and knows
/// of each read whether an older node would have been a fault.
class store {
public:
    /// The read that `spoiled` counts, of those where it would be a fault, is answered by an older node.
    explicit store(std::uint64_t seed, std::size_t spoiled = nobody)
        : random_(seed), spoiled_(spoiled), out_(text_)
    {}

    std::string run(std::size_t steps)
    {
        for (std::size_t step = 0; step < steps; ++step) {
            ++now_;
            for (auto& node : nodes_)
                if (one_in(4))
                    node = std::min(node + below(4), log_.size());
            if (one_in(400))
                restore();
            else if (open_.empty() || (open_.size() < 12 && one_in(2)))
                invoke();
            else
                go_on(below(open_.size()));
        }
        return text_.str();
    }

    [[nodiscard]] std::size_t faults() const { return faults_; } ///< that there could be
    [[nodiscard]] std::optional<guarantee> broken() const { return broken_; }

private:
    struct entry {
        version at{};
        std::string key{};
        std::string value{};
        bool is_acknowledged = false;
    };
    struct request {
        std::size_t session;
        std::uint64_t number;
        std::string key;
        std::string value; // of a write
        version own;       // what its session had when it began
        version seen;
        std::optional<version> executed{};
        bool is_lost = false;
    };
    struct session {
        std::string name;
        version own{}; // of its writes and reads, the greatest
        version seen{};
    };

    std::uint64_t below(std::uint64_t end) { return random_() % end; }
    bool one_in(std::uint64_t count) { return below(count) == 0; }

    void restore()
    {
        log_.resize(below(log_.size() + 1));
        for (auto& node : nodes_)
            node = std::min(node, log_.size());
        out_.epoch(now_, "c", ++epoch_);
    }

    void invoke()
    {
        auto const who = below(sessions_.size());
        auto const& of = sessions_[who];
        request next{who, 0, "c/" + std::to_string(below(5)), "", of.own, of.seen};
        if (one_in(3)) {
            next.value = std::to_string(now_);
            next.number = out_.invoke_write(now_, of.name, next.key, next.value);
        } else {
            next.number = out_.invoke_read(now_, of.name, next.key);
        }
        open_.push_back(next);
    }

    void go_on(std::size_t which)
    {
        auto& on = open_[which];
        bool is_done = true;
        if (on.value.empty())
            answer(on);
        else if (!on.executed && one_in(10) && !on.is_lost)
            out_.failed(now_, sessions_[on.session].name, on.number);
        else if (!on.executed && one_in(10) && !on.is_lost)
            is_done = !lose(on); // and executed later
        else if (!on.executed)
            is_done = execute(on);
        else if (one_in(10))
            lose(on);
        else
            acknowledge(on);
        if (is_done)
            open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
    }

    bool lose(request& on)
    {
        out_.lost(now_, sessions_[on.session].name, on.number);
        return on.is_lost = true;
    }

    /// Whether there is nobody left to be answered.
    bool execute(request& on)
    {
        on.executed = version{epoch_, ++position_};
        log_.push_back({*on.executed, on.key, on.value});
        return on.is_lost;
    }

    void acknowledge(request const& on)
    {
        bool const has_index = !one_in(20);
        out_.return_write(now_, sessions_[on.session].name, on.number, *on.executed,
                          has_index ? promise::full : promise::unbinding);
        for (auto& each : log_)
            each.is_acknowledged = each.is_acknowledged || each.at == *on.executed;
        auto& own = sessions_[on.session].own;
        if (has_index)
            own = std::max(own, *on.executed);
    }

    /// The last write of a key among the first `size` ones; an empty one if there is none.
    [[nodiscard]] entry last_of(std::string const& key, std::size_t size) const
    {
        auto const end = log_.rend();
        auto const found = std::find_if(end - static_cast<std::ptrdiff_t>(size), end,
                                        [&](entry const& each) { return each.key == key; });
        return found == end ? entry{} : *found;
    }

    /// How many writes a node has if it has this one; none if it may be gone.
    [[nodiscard]] std::size_t size_to(version at) const
    {
        if (at.epoch != epoch_)
            return 0;
        auto const found =
            std::find_if(log_.begin(), log_.end(), [&](entry const& each) { return each.at == at; });
        return static_cast<std::size_t>(found - log_.begin()) + 1;
    }

    void answer(request const& read)
    {
        auto& of = sessions_[read.session];
        if (one_in(12)) {
            auto const saw = last_of(read.key, below(log_.size() + 1));
            out_.return_read(now_, of.name, read.number, saw.at, words_of(saw), promise::unpromised);
            return;
        }
        auto const needed = std::max(size_to(read.own), size_to(read.seen));
        auto const node = nodes_[below(nodes_.size())];
        auto saw = last_of(read.key, node >= needed ? node : log_.size());
        bool const has_index = !one_in(4);
        bool const is_spoiled = spoil(read, needed, saw);
        out_.return_read(now_, of.name, read.number, saw.at, words_of(saw),
                         has_index ? promise::full : promise::unbinding);
        if (has_index && !is_spoiled)
            of.seen = std::max(of.seen, saw.at);
    }

    /// Whether it is the read to spoil: then it sees what stood before the last write that it must see.
    bool spoil(request const& read, std::size_t needed, entry& saw)
    {
        auto const due = last_of(read.key, needed);
        if (due.at.epoch != epoch_ || !due.is_acknowledged || faults_++ != spoiled_)
            return false;
        bool const is_own = read.own.epoch == epoch_ && due.at <= read.own;
        broken_ = is_own ? guarantee::read_your_writes : guarantee::monotonic_reads;
        saw = last_of(read.key, size_to(due.at) - 1);
        return true;
    }

    static std::string words_of(entry const& saw)
    {
        return saw.value.empty() ? std::string(nothing) : saw.value;
    }

    std::mt19937_64 random_;
    std::size_t spoiled_;
    std::ostringstream text_{};
    writer out_;
    std::array<session, 4> sessions_{{{"alice"}, {"bob"}, {"carol"}, {"dave"}}};
    std::array<std::size_t, 3> nodes_{}; // how much of the log each has
    std::vector<entry> log_{};
    std::vector<request> open_{};
    std::uint64_t now_ = 0;
    std::uint64_t epoch_ = 1;
    std::uint64_t position_ = 0;
    std::size_t faults_ = 0;
    std::optional<guarantee> broken_{};
};

} // namespace

TEST_CASE("a store that keeps its promises is right; one that breaks one of them once is wrong")
{
    std::size_t own = 0;
    std::size_t seen = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        store right(seed);
        auto const text = right.run(600);
        auto const parsed_text = parse(text);
        REQUIRE_MESSAGE(!parsed_text.error, text);
        auto const checked = check(parsed_text.read);
        CHECK_MESSAGE(checked.findings.empty(), checked.findings.front().witness);
        REQUIRE(right.faults() > 0);

        store wrong(seed, seed % right.faults());
        auto const spoiled = check(parse(wrong.run(600)).read);
        REQUIRE(wrong.broken());
        REQUIRE(spoiled.findings.size() == 1);
        CHECK(spoiled.findings.front().broken == *wrong.broken());
        (*wrong.broken() == guarantee::read_your_writes ? own : seen) += 1;
    }
    CHECK(own > 30);
    CHECK(seen > 30);
}
