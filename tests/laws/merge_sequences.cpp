// SPDX-License-Identifier: BSL-1.0
// The laws of recording and merging, shown for every sequence of a small world against an oracle that forgets
// nothing. All orders and all repetitions are among the sequences.
#include <afterwrite/session/required_states.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/sanitizers.hpp"
#include "support/sequences.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

constexpr std::size_t longest = 5;
constexpr std::array<std::string_view, 2> clusters = {"A", "B"};

/// One kind of garbage for each place in a sequence: cut off, no field value, of the other dialect and cut
/// off, a number that is too great, bytes that no server signs.
std::string garbage(std::size_t place)
{
    std::string const kinds[longest] = {"djE6", "\x01", "eyJ9", base64_encode("v1:A:18446744073709551616:0:"),
                                        "djE6?"};
    return kinds[place];
}

/// How many of these things, exactly one of which happens to an index, happened.
std::uint32_t fates(recorded const& total)
{
    return total.kept + total.superseded + total.held + total.unknown_form + total.rejected + total.unkept;
}

/// Whether what was required of the clusters before is held still, as text.
bool holds_all(required_states const& after, required_states const& before)
{
    bool holds = true;
    for (std::uint8_t i = 0; i < before.clusters(); ++i)
        for (std::uint8_t j = 0; j < before[i].size(); ++j)
            holds = holds && after.holds(before[i].text(j));
    return holds;
}

// -----------------------------------------------------------------------------------------------------------
// Vault

constexpr std::size_t positions = 9; // {0..2} squared
constexpr std::size_t nowhere = clusters.size();
constexpr std::size_t garbage_letter = clusters.size() * positions;
constexpr std::size_t foreign_letter = garbage_letter + 1; // a text of neither dialect
constexpr std::size_t letters = garbage_letter + 1;
constexpr std::size_t letters_and_foreign = foreign_letter + 1;

/// The nodes of {0..3} squared, one bit for each: more than every position has, so that each can be told.
using nodes = std::uint32_t;
constexpr nodes every_node = 0xffff;

struct vault_letter {
    std::size_t cluster;
    std::uint64_t local;
    std::uint64_t replicated;
    nodes satisfied_by;
    std::array<std::string, longest> texts; ///< by the place in a sequence
};
using vault_world = std::vector<vault_letter>;

/// Each position of each cluster as its server would sign it, with one key, or with another for each place in
/// a sequence; garbage; and a text of neither dialect.
vault_world make_world(bool has_many_keys)
{
    vault_world all;
    for (std::size_t i = 0; i < letters_and_foreign; ++i) {
        vault_letter made{std::min(i / positions, nowhere), i % positions / 3, i % 3, 0, {}};
        for (std::uint32_t node = 0; node < 16; ++node)
            if (node / 4 >= made.local && node % 4 >= made.replicated)
                made.satisfied_by |= 1U << node;
        for (std::size_t place = 0; place < longest; ++place) {
            hmac_key const key(std::string(has_many_keys ? place + 1 : 1, 'k'));
            made.texts[place] = i == garbage_letter ? garbage(place)
                                : i == foreign_letter
                                    ? "a-future-form"
                                    : vault(clusters[made.cluster], made.local, made.replicated, key);
        }
        all.push_back(std::move(made));
    }
    return all;
}

vault_world const& world()
{
    static auto const all = make_world(false);
    return all;
}

vault_world const& world_of_many_keys()
{
    static auto const all = make_world(true);
    return all;
}

/// The oracle: every index that was received, in its order.
struct received {
    vault_world const* world = nullptr;
    std::array<std::uint8_t, longest> letters{};
    std::size_t size = 0;

    [[nodiscard]] vault_letter const& letter(std::size_t place) const { return (*world)[letters[place]]; }
    [[nodiscard]] std::string_view text(std::size_t place) const { return letter(place).texts[place]; }

    [[nodiscard]] bool has(std::size_t wanted) const
    {
        auto const end = letters.begin() + static_cast<std::ptrdiff_t>(size);
        return std::find(letters.begin(), end, wanted) != end;
    }

    std::string_view add(std::size_t letter)
    {
        letters[size++] = static_cast<std::uint8_t>(letter);
        return text(size - 1);
    }

    /// The place of a text; none if it was not received, or if its position was received again later, in
    /// another text.
    [[nodiscard]] std::optional<std::size_t> find_last(std::string_view wanted) const
    {
        for (std::size_t place = size; place > 0; --place)
            if (text(place - 1) == wanted) {
                auto const later = letters.begin() + static_cast<std::ptrdiff_t>(place);
                auto const end = letters.begin() + static_cast<std::ptrdiff_t>(size);
                bool const is_last = std::find(later, end, letters[place - 1]) == end;
                return is_last ? std::optional(place - 1) : std::nullopt;
            }
        return std::nullopt;
    }
};

/// What all that was received of one cluster demands.
struct wanted {
    bool is_known = false;
    std::uint64_t local = 0;
    std::uint64_t replicated = 0;
    nodes satisfied_by = every_node; ///< of the nodes, those that satisfy each one
    std::size_t texts = 0;           ///< the fewest of what was received that say so much
};

wanted wanted_of(received const& all, std::size_t cluster)
{
    wanted found;
    for (std::size_t place = 0; place < all.size; ++place) {
        auto const& letter = all.letter(place);
        if (letter.cluster != cluster)
            continue;
        found.is_known = true;
        found.local = std::max(found.local, letter.local);
        found.replicated = std::max(found.replicated, letter.replicated);
        found.satisfied_by &= letter.satisfied_by;
    }
    if (found.is_known)
        found.texts = 2; // two witness each join, see `cluster_demand`
    for (std::size_t place = 0; place < all.size; ++place)
        if (all.letter(place).cluster == cluster && all.letter(place).satisfied_by == found.satisfied_by)
            found.texts = 1;
    return found;
}

using wanted_of_all = std::array<wanted, clusters.size()>;
wanted_of_all wanted_of(received const& all) { return {wanted_of(all, 0), wanted_of(all, 1)}; }

/// Whether what is required is what the oracle wants, in the fewest texts, each as it was last received.
bool agrees(required_states const& required, received const& all, wanted_of_all const& want)
{
    std::array<nodes, clusters.size()> satisfied_by = {every_node, every_node};
    std::array<std::size_t, clusters.size()> texts{};
    std::size_t foreign_texts = 0;
    bool is_right = !required.fenced() && required.clusters() == want[0].is_known + want[1].is_known;
    required.for_each([&](std::string_view text) {
        auto const place = all.find_last(text);
        if (!place || all.letters[*place] == garbage_letter) {
            is_right = false;
            return;
        }
        if (all.letters[*place] == foreign_letter) {
            ++foreign_texts;
            return;
        }
        auto const& letter = all.letter(*place);
        satisfied_by[letter.cluster] &= letter.satisfied_by;
        ++texts[letter.cluster];
    });
    // Only where nothing better is known.
    bool const wants_foreign = !want[0].is_known && !want[1].is_known && all.has(foreign_letter);
    is_right = is_right && foreign_texts == (wants_foreign ? 1 : 0);
    for (std::size_t i = 0; i < clusters.size(); ++i) {
        auto const demand = required.demand(clusters[i]);
        is_right = is_right && satisfied_by[i] == want[i].satisfied_by && texts[i] == want[i].texts &&
                   demand.has_value() == want[i].is_known &&
                   demand.value_or(wal_position()) == wal_position{want[i].local, want[i].replicated};
    }
    return is_right;
}

/// Whether what was counted is what the oracle saw happen.
bool counts(recorded const& total, bool is_raised, required_states const& before,
            required_states const& after)
{
    if (!is_raised)
        return total.held == 1 && fates(total) == 1;
    return (holds_all(after, before) ? total.kept : total.superseded) == 1 && fates(total) == 1;
}

/// The same for garbage: without effect, to the byte.
bool counts_garbage(recorded const& total, required_states const& before, required_states const& after)
{
    return total.rejected == 1 && fates(total) == 1 && texts_of(before) == texts_of(after);
}

/// What is known after a sequence.
struct history {
    required_states required{};
    received all{};
    wanted_of_all want{};
};

history begin_of(vault_world const& world)
{
    history none;
    none.all.world = &world;
    return none;
}

history record_all(std::vector<std::size_t> const& sequence)
{
    auto made = begin_of(world());
    for (auto const letter : sequence)
        made.required.record(made.all.add(letter));
    return made;
}

struct findings {
    std::size_t longest_checked = 0;
    std::size_t disagreeing = 0;
    std::size_t miscounted = 0;
};

/// Compares after each letter of every sequence.
findings compare_all(vault_world const& world, std::size_t letter_count, std::size_t length)
{
    findings found;
    walk_sequences(letter_count, length, begin_of(world), [&](history& now, std::size_t letter) {
        auto const before = now.required;
        auto const total = now.required.record(now.all.add(letter));
        auto const want = wanted_of(now.all);
        found.longest_checked += now.all.size == length ? 1 : 0;
        found.disagreeing += agrees(now.required, now.all, want) ? 0 : 1;
        // How many texts it takes is not part of the demand: one that says both takes nothing more.
        bool is_raised = false;
        for (std::size_t i = 0; i < clusters.size(); ++i)
            is_raised = is_raised || want[i].is_known != now.want[i].is_known ||
                        want[i].satisfied_by != now.want[i].satisfied_by;
        bool const is_counted = letter == garbage_letter   ? counts_garbage(total, before, now.required)
                                : letter == foreign_letter ? total.unknown_form == 1 && fates(total) == 1
                                                           : counts(total, is_raised, before, now.required);
        found.miscounted += is_counted ? 0 : 1;
        now.want = want;
    });
    return found;
}

bool demands_the_same(required_states const& a, required_states const& b)
{
    return std::all_of(clusters.begin(), clusters.end(),
                       [&](auto cluster) { return a.demand(cluster) == b.demand(cluster); });
}

// -----------------------------------------------------------------------------------------------------------
// OpenBao

constexpr std::size_t values = 4;
constexpr std::size_t openbao_letters = clusters.size() * values + 1;
using openbao_world = std::array<std::string_view, values>; // from the least to the greatest

/// What is known after a sequence of OpenBao indices.
struct openbao_history {
    required_states required{};
    std::array<std::optional<std::size_t>, clusters.size()> greatest{};
    std::array<std::string, clusters.size()> texts{}; ///< of the greatest, as it was last received
    std::size_t size = 0;
};

/// An index in the words of its server, or in others, which mean the same, for each place in a sequence.
std::string openbao_text(std::string_view cluster, std::string_view value, std::size_t place)
{
    auto const blanks = std::string(place, ' ');
    return base64_encode("{\"cluster\":\"" + std::string(cluster) + "\"," + blanks + "\"value\":\"" +
                         std::string(value) + "\"}");
}

findings compare_all(openbao_world const& world, bool has_many_words)
{
    findings found;
    auto const step = [&](openbao_history& now, std::size_t letter) {
        auto const before = now.required;
        bool const is_garbage = letter == openbao_letters - 1;
        auto const cluster = letter / values;
        auto const text = is_garbage ? garbage(now.size)
                                     : openbao_text(clusters[cluster], world[letter % values],
                                                    has_many_words ? now.size : 0);
        auto const total = now.required.record(text);
        ++now.size;
        bool is_raised = false;
        if (!is_garbage) {
            auto& greatest = now.greatest[cluster];
            is_raised = !greatest || *greatest < letter % values;
            greatest = is_raised ? letter % values : greatest;
            now.texts[cluster] = *greatest == letter % values ? text : now.texts[cluster];
        }
        std::vector<std::string> want;
        for (std::size_t i = 0; i < clusters.size(); ++i)
            if (now.greatest[i])
                want.push_back(now.texts[i]);
        found.longest_checked += now.size == longest ? 1 : 0;
        found.disagreeing += texts_of(now.required) == sorted(want) && !now.required.fenced() ? 0 : 1;
        for (auto const each : clusters) // never two lines to one server
            found.disagreeing += now.required.of(cluster_id(each)).is_expressible() ? 0 : 1;
        bool const is_counted = is_garbage ? counts_garbage(total, before, now.required)
                                           : counts(total, is_raised, before, now.required);
        found.miscounted += is_counted ? 0 : 1;
    };
    walk_sequences(openbao_letters, longest, openbao_history(), step);
    return found;
}

} // namespace

TEST_CASE("after any sequence, a node satisfies the texts that are kept exactly if it satisfies all received")
{
    auto const found = compare_all(world(), letters, rounds(longest, longest - 1));
    CHECK(found.longest_checked == rounds(2'476'099, 130'321)); // 19 to the power of 5, or of 4
    CHECK(found.disagreeing == 0);
    CHECK(found.miscounted == 0);
    MESSAGE("exhaustive: " << found.longest_checked << " sequences of indices merged");
}

TEST_CASE("of texts with equal positions that is kept which was received last: the key may have changed")
{
    auto const found = compare_all(world_of_many_keys(), letters, 4);
    CHECK(found.longest_checked == 130'321);
    CHECK(found.disagreeing == 0);
    CHECK(found.miscounted == 0);
}

TEST_CASE("a text of neither dialect anywhere is kept apart, and sent only where nothing better is known")
{
    auto const found = compare_all(world(), letters_and_foreign, 4);
    CHECK(found.longest_checked == 160'000);
    CHECK(found.disagreeing == 0);
    CHECK(found.miscounted == 0);
}

TEST_CASE(
    "on the demand, recording is idempotent and commutative: it is the demand of the set of all received")
{
    std::map<std::vector<std::size_t>, required_states> of_sets;
    std::size_t wrong = 0;
    auto const record_set = [&](std::vector<std::size_t> set) -> required_states const& {
        std::sort(set.begin(), set.end());
        set.erase(std::unique(set.begin(), set.end()), set.end());
        auto const found = of_sets.find(set);
        return (found != of_sets.end() ? found : of_sets.emplace(set, record_all(set).required).first)
            ->second;
    };
    for (std::size_t length = 1; length <= 4; ++length)
        for_each_sequence(letters, length, [&](auto const& sequence) {
            auto const once = record_all(sequence).required;
            wrong += demands_the_same(once, record_set(sequence)) ? 0 : 1;
            auto twice = once;
            for (auto const letter : sequence)
                wrong += twice.record(world()[letter].texts[0]).raised_demand() ? 1 : 0;
            wrong += demands_the_same(once, twice) ? 0 : 1;
        });
    CHECK(of_sets.size() == 19 + 171 + 969 + 3876);
    CHECK(wrong == 0);
}

TEST_CASE("on the demand, merging is associative: what two have kept demands what both have received")
{
    std::vector<history> parts;
    std::vector<std::vector<std::size_t>> sequences;
    for (std::size_t length = 0; length <= 2; ++length)
        for_each_sequence(letters, length, [&](auto const& sequence) {
            parts.push_back(record_all(sequence));
            sequences.push_back(sequence);
        });
    CHECK(parts.size() == 381);
    std::size_t wrong = 0;
    for (auto const& left : parts)
        for (std::size_t i = 0; i < parts.size(); ++i) {
            auto const& right = parts[i];
            auto whole = left.all;
            for (auto const letter : sequences[i])
                whole.add(letter);
            auto merged = left.required;
            auto const total = merged.merge(right.required);
            wrong += agrees(merged, whole, wanted_of(whole)) ? 0 : 1;
            wrong += total.raised_demand() == demands_the_same(merged, left.required) ? 1 : 0;
            wrong += fates(total) == right.required.size() ? 0 : 1;
            wrong += merged.merge(right.required).raised_demand() ? 1 : 0;
            wrong += merged.merge(left.required).raised_demand() ? 1 : 0;
        }
    CHECK(wrong == 0);
}

TEST_CASE(
    "OpenBao: after any sequence of ordered values the greatest is kept, alone, as it was last received")
{
    constexpr openbao_world decimals = {"0", "9", "10", "100"}; // as numbers, not as texts
    constexpr openbao_world log_positions = {"0/9", "0/F0", "F/0", "10/0"};
    for (auto const& found :
         {compare_all(decimals, false), compare_all(decimals, true), compare_all(log_positions, false)}) {
        CHECK(found.longest_checked == 59'049); // 9 to the power of 5
        CHECK(found.disagreeing == 0);
        CHECK(found.miscounted == 0);
    }
}

TEST_CASE("OpenBao: of values without order none is lost: each is held, or behind a fence")
{
    std::vector<std::string> const unordered = {openbao("A", "p"), openbao("A", "q"), openbao("A", "r"),
                                                openbao("A", "s")};
    std::size_t wrong = 0;
    for (std::size_t length = 1; length <= longest; ++length)
        for_each_sequence(unordered.size(), length, [&](auto const& sequence) {
            required_states required;
            for (auto const i : sequence)
                required.record(unordered[i]);
            for (auto const i : sequence)
                wrong += required.holds(unordered[i]) || required.fenced() ? 0 : 1;
            wrong += required.fenced() && required.size() < cluster_demand::max_texts ? 1 : 0;
        });
    CHECK(wrong == 0);
}
