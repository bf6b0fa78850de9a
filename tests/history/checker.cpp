// SPDX-License-Identifier: BSL-1.0
#include "history/checker.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace history {
namespace {

constexpr auto none = std::numeric_limits<std::size_t>::max();

/// That a write was executed, as the return of some operation shows: its own, or that of a read.
struct execution {
    std::size_t write; // this and `shown_by` are places in `transcript::operations`
    version at;
    std::size_t shown_by;
};

/// The greatest version that some operations had, and that of them which had it.
struct bound {
    version at{};
    std::size_t by = none;
    std::size_t shown_by = none;

    void raise(bound const& other)
    {
        if (other.at > at)
            *this = other;
    }
};

/// What binds an operation.
struct bounds {
    bound by_writes{};
    bound by_reads{};
};

/// What the operations of one session bind in one log, so far.
struct strand {
    bounds of_reads{};
    bounds of_writes{};
};

std::string text_of(version at) { return std::to_string(at.epoch) + ":" + std::to_string(at.position); }

class checker {
public:
    explicit checker(transcript const& seen) : seen_(seen), all_(seen.operations) {}
    report run();

private:
    // -------------------------------------------------------------------------------------------------------
    // Steps and words

    template <class Less>
    auto counted(Less less)
    {
        return [this, less](auto const& a, auto const& b) {
            ++found_.steps;
            return less(a, b);
        };
    }

    /// "bob's read of c1/kv/foo (lines 5 to 6)"
    [[nodiscard]] std::string words_of(std::size_t which) const
    {
        auto const& meant = all_[which];
        auto const lines = meant.end_line == 0 ? "line " + std::to_string(meant.invoke_line)
                                               : "lines " + std::to_string(meant.invoke_line) + " to " +
                                                     std::to_string(meant.end_line);
        return seen_.names[meant.session] + "'s " + (meant.is_write ? "write" : "read") + " of " +
               seen_.names[meant.key] + " (" + lines + ")";
    }

    /// "1:2, as line 6 shows"
    [[nodiscard]] std::string words_of(version at, std::size_t shown_by) const
    {
        return text_of(at) + ", as line " + std::to_string(all_[shown_by].end_line) + " shows";
    }

    void fault(guarantee broken, std::size_t which, std::string witness)
    {
        auto const& faulty = all_[which];
        auto const line = faulty.ended == ending::returned ? faulty.end_line : faulty.invoke_line;
        found_.findings.push_back({broken, line, std::move(witness) + "."});
    }

    void count()
    {
        for (auto const& each : all_) {
            bool const has_returned = each.ended == ending::returned;
            if (each.is_write) {
                ++found_.writes;
                found_.acknowledged += has_returned ? 1 : 0;
                found_.uncertain += !has_returned && each.ended != ending::failed ? 1 : 0;
            } else {
                ++found_.reads;
                found_.answered += has_returned ? 1 : 0;
                found_.unpromised += each.given == promise::unpromised ? 1 : 0;
            }
        }
        found_.steps += all_.size();
    }

    // -------------------------------------------------------------------------------------------------------
    // What was executed

    [[nodiscard]] auto key_and_value(std::size_t which) const
    {
        return std::pair(all_[which].key, all_[which].value);
    }
    [[nodiscard]] auto key_and_version(execution const& each) const
    {
        return std::pair(all_[each.write].key, each.at);
    }
    [[nodiscard]] auto log_and_version(execution const& each) const
    {
        return std::pair(all_[each.write].log, each.at);
    }

    void find_executions()
    {
        is_real_.assign(all_.size(), true);
        std::vector<std::size_t> writes;
        for (std::size_t which = 0; which < all_.size(); ++which)
            if (all_[which].is_write)
                writes.push_back(which);
        auto const by_value = counted([&](auto a, auto b) { return key_and_value(a) < key_and_value(b); });
        std::sort(writes.begin(), writes.end(), by_value);
        for (auto const& happened : seen_.events) {
            ++found_.steps;
            auto const which = happened.which;
            if (happened.kind != event_kind::end || all_[which].ended != ending::returned)
                continue;
            if (all_[which].is_write) {
                executions_.push_back({which, all_[which].at, which});
            } else if (all_[which].at != version{}) {
                auto const write = std::lower_bound(writes.begin(), writes.end(), which, by_value);
                bool const is_known = write != writes.end() && key_and_value(*write) == key_and_value(which);
                find_origin(which, is_known ? *write : none);
            }
        }
    }

    /// What a read saw had begun to be written, and was not refused.
    void find_origin(std::size_t read, std::size_t write)
    {
        auto const is_unreal = [&](std::string const& why) {
            is_real_[read] = false;
            fault(guarantee::real_writes, read,
                  words_of(read) + " saw '" + seen_.names[all_[read].value] + "', " + why);
        };
        if (write == none)
            is_unreal("which nobody writes there");
        else if (all_[write].invoke_line > all_[read].end_line)
            is_unreal("which is only later written, by " + words_of(write));
        else if (all_[write].ended == ending::failed)
            is_unreal("although " + words_of(write) + " was refused");
        else
            executions_.push_back({write, all_[read].at, read});
    }

    /// Of what has the same version the first is taken for real, in the order of the lines.
    void keep_one_of_each_version()
    {
        std::stable_sort(executions_.begin(), executions_.end(), counted([&](auto const& a, auto const& b) {
                             return log_and_version(a) < log_and_version(b);
                         }));
        std::size_t kept = 0;
        for (auto const& each : executions_) {
            ++found_.steps;
            if (kept == 0 || log_and_version(executions_[kept - 1]) != log_and_version(each)) {
                executions_[kept++] = each;
            } else if (auto const& first = executions_[kept - 1]; first.write != each.write) {
                is_real_[each.shown_by] = false;
                fault(guarantee::real_writes, each.shown_by,
                      words_of(each.write) + " is at " + words_of(each.at, each.shown_by) + ", where " +
                          words_of(first.write) + " is, as line " +
                          std::to_string(all_[first.shown_by].end_line) + " shows");
            }
        }
        executions_.resize(kept);
        std::sort(executions_.begin(), executions_.end(), counted([&](auto const& a, auto const& b) {
                      return key_and_version(a) < key_and_version(b);
                  }));
    }

    /// A write is executed more than once if it, or its connection, is repeated without need.
    void find_first_and_last()
    {
        first_.assign(all_.size(), {});
        last_.assign(all_.size(), {});
        for (auto const& each : executions_) { // by version
            ++found_.steps;
            bound const executed{each.at, each.write, each.shown_by};
            if (first_[each.write].by == none)
                first_[each.write] = executed;
            last_[each.write] = executed;
        }
        for (auto const& each : first_)
            found_.executed += each.by != none && all_[each.by].ended != ending::returned ? 1 : 0;
    }

    // -------------------------------------------------------------------------------------------------------
    // What binds whom

    /// One strand for each pair of a session and a log.
    void weave_strands()
    {
        auto const pair_of = [&](std::size_t which) {
            return std::pair(all_[which].session, all_[which].log);
        };
        std::vector<std::size_t> order(all_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(),
                  counted([&](auto a, auto b) { return pair_of(a) < pair_of(b); }));
        strand_of_.resize(all_.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            ++found_.steps;
            if (i == 0 || pair_of(order[i - 1]) != pair_of(order[i]))
                strands_.emplace_back();
            strand_of_[order[i]] = strands_.size() - 1;
        }
    }

    void replay()
    {
        bounds_.resize(all_.size());
        epochs_.assign(seen_.names.size(), 1);
        for (auto const& [kind, which] : seen_.events) {
            ++found_.steps;
            if (kind == event_kind::epoch)
                ++epochs_[which];
            else if (kind == event_kind::invoke)
                begin(which);
            else if (all_[which].ended == ending::returned && is_real_[which])
                end(which);
        }
    }

    void begin(std::size_t which)
    {
        auto const& held = strands_[strand_of_[which]];
        bounds_[which] = all_[which].is_write ? held.of_writes : held.of_reads;
        if (first_[which].by != none && is_real_[which])
            check_write(which);
    }

    void end(std::size_t which)
    {
        auto const& ended = all_[which];
        auto& held = strands_[strand_of_[which]];
        bound const answered{ended.at, which, which};
        if (ended.is_write) {
            held.of_writes.by_writes.raise(last_[which]);
            if (ended.given == promise::full)
                held.of_reads.by_writes.raise(answered);
        } else if (ended.given != promise::unpromised) {
            check_read(which);
            held.of_writes.by_reads.raise(answered);
            if (ended.given == promise::full)
                held.of_reads.by_reads.raise(answered);
        }
    }

    void check_write(std::size_t which)
    {
        auto const& executed = first_[which];
        auto const is_broken = [&](guarantee which_one, bound const& by, std::string const& had) {
            if (executed.at > by.at)
                return false;
            fault(which_one, which,
                  words_of(which) + " has " + words_of(executed.at, executed.shown_by) + ", but " +
                      words_of(by.by) + " before it " + had + " " + words_of(by.at, by.shown_by));
            return true;
        };
        is_broken(guarantee::monotonic_writes, bounds_[which].by_writes, "has") ||
            is_broken(guarantee::writes_follow_reads, bounds_[which].by_reads, "saw");
    }

    void check_read(std::size_t which)
    {
        auto const is_broken = [&](guarantee which_one, bound const& by, std::string const& had) {
            auto const* const lacked = find_lacked(all_[which], by.at);
            if (lacked == nullptr)
                return false;
            fault(which_one, which,
                  words_of(which) + " saw " + text_of(all_[which].at) + " and lacks " +
                      words_of(lacked->at, lacked->shown_by) + ", but " + words_of(by.by) + " before it " +
                      had + " " + text_of(by.at));
            return true;
        };
        is_broken(guarantee::read_your_writes, bounds_[which].by_writes, "has") ||
            is_broken(guarantee::monotonic_reads, bounds_[which].by_reads, "saw");
    }

    /// A write of the same key and of this epoch, after what the read saw and not after `bound`.
    [[nodiscard]] execution const* find_lacked(operation const& read, version bound)
    {
        auto const after =
            std::upper_bound(executions_.begin(), executions_.end(), std::pair(read.key, bound),
                             counted([&](auto const& sought, execution const& each) {
                                 return sought < key_and_version(each);
                             }));
        if (after == executions_.begin())
            return nullptr;
        auto const& last = *(after - 1);
        bool const is_lacked =
            all_[last.write].key == read.key && last.at.epoch == epochs_[read.log] && last.at > read.at;
        return is_lacked ? &last : nullptr;
    }

    transcript const& seen_;
    std::vector<operation> const& all_;
    report found_{};
    std::vector<bool> is_real_{};         // of each operation that returned: what it says can be
    std::vector<execution> executions_{}; // by key and version
    std::vector<bound> first_{};          // of each write, if it was executed
    std::vector<bound> last_{};
    std::vector<std::size_t> strand_of_{};
    std::vector<strand> strands_{};
    std::vector<bounds> bounds_{};
    std::vector<std::uint64_t> epochs_{}; // of each log
};

report checker::run()
{
    count();
    find_executions();
    keep_one_of_each_version();
    find_first_and_last();
    weave_strands();
    replay();
    std::sort(found_.findings.begin(), found_.findings.end(),
              counted([](auto const& a, auto const& b) { return a.line < b.line; }));
    return std::move(found_);
}

} // namespace

std::string_view to_string(guarantee which)
{
    switch (which) {
    case guarantee::real_writes: return "real writes";
    case guarantee::read_your_writes: return "read your writes";
    case guarantee::monotonic_reads: return "monotonic reads";
    case guarantee::monotonic_writes: return "monotonic writes";
    case guarantee::writes_follow_reads: return "writes follow reads";
    }
    return "";
}

report check(transcript const& seen) { return checker(seen).run(); }

} // namespace history
