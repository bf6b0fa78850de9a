// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "dice.hpp"
#include "fault_kinds.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulation {

/// An invariant that does not hold: which one, and how that was seen.
struct violation {
    std::string_view invariant;
    nanoseconds at{};
    std::string what;
};

/// How often a client got less than one wants: for comparison, whether or not it had promised more.
struct shortcomings {
    std::uint64_t reads = 0;     ///< that were answered
    std::uint64_t lacking = 0;   ///< of these, those that lacked a write that was acknowledged before
    std::uint64_t backwards = 0; ///< of these, those that lacked what an earlier read had shown
    std::uint64_t backwards_from_found = 0; ///< of these, those where that was more than an absence (404)
    std::uint64_t writes = 0;               ///< that must not be executed twice
    std::uint64_t twice = 0;                ///< of these, those that were executed again
    /// Attempts that were refused or held at a node that had all that the caller had written.
    std::uint64_t held_up = 0;
    std::uint64_t unanswered = 0; ///< operations

    shortcomings& operator+=(shortcomings const& more)
    {
        reads += more.reads;
        lacking += more.lacking;
        backwards += more.backwards;
        backwards_from_found += more.backwards_from_found;
        writes += more.writes;
        twice += more.twice;
        held_up += more.held_up;
        unanswered += more.unanswered;
        return *this;
    }
};

/// What a run comes to.
struct report {
    std::uint64_t seed = 0;
    std::uint64_t digest = 0xcbf2'9ce4'8422'2325; ///< of all that happened, in its order
    std::uint64_t operations = 0;
    std::uint64_t attempts = 0;
    std::uint64_t checked_reads = 0;  ///< reads of which it was known what they must show
    std::uint64_t checked_lists = 0;  ///< lists, of these
    std::uint64_t checked_tokens = 0; ///< uses of tokens that had to be good
    std::uint64_t tokens_refused = 0; ///< by nodes that were behind what the token itself says
    std::uint64_t hidden_reads = 0;   ///< that lack what is promised, and nobody could see that
    std::uint64_t judged_ends = 0;    ///< operations once nothing goes wrong any more
    std::uint64_t epochs = 0; ///< that sessions and stores began, and of which it is known whether rightly
    std::uint64_t old_answers = 0; ///< of an epoch before, which must have no effect
    std::uint64_t redirects = 0;   ///< answers with 307
    std::uint64_t hops = 0;        ///< of reads from a node that was behind to another one, at once
    std::uint64_t delivered = 0;
    std::uint64_t given_up = 0;
    std::uint64_t violations = 0;
    std::vector<violation> found; ///< the first ones, and the first of each invariant
    fault_counts struck;
    shortcomings seen;

    /// FNV-1a over 64 bits at a time.
    void note(std::uint64_t bits) { digest = (digest ^ bits) * 0x0000'0100'0000'01b3; }

    report& operator+=(report const& other)
    {
        note(other.digest);
        operations += other.operations;
        attempts += other.attempts;
        checked_reads += other.checked_reads;
        checked_lists += other.checked_lists;
        checked_tokens += other.checked_tokens;
        tokens_refused += other.tokens_refused;
        hidden_reads += other.hidden_reads;
        judged_ends += other.judged_ends;
        epochs += other.epochs;
        old_answers += other.old_answers;
        redirects += other.redirects;
        hops += other.hops;
        delivered += other.delivered;
        given_up += other.given_up;
        violations += other.violations;
        struck += other.struck;
        seen += other.seen;
        return *this;
    }

    void fail(std::string_view invariant, nanoseconds at, std::string what)
    {
        constexpr std::size_t most_kept = 20;
        ++violations;
        bool const is_first = std::none_of(found.begin(), found.end(),
                                           [&](auto const& each) { return each.invariant == invariant; });
        if (found.size() < most_kept || is_first)
            found.push_back({invariant, at, std::move(what)});
    }
};

} // namespace simulation
