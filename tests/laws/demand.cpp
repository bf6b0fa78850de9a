// SPDX-License-Identifier: BSL-1.0
// The laws of recording, shown for every sequence of a small world against a set that keeps everything.
#include <afterwrite/session/required_states.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/sequences.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

constexpr std::array<std::string_view, 2> clusters = {"A", "B"};
constexpr std::size_t positions = 9; // {0..2} squared
constexpr std::size_t letters = clusters.size() * positions;

struct letter {
    std::string_view cluster;
    wal_position position;
    std::string text;
};

/// The alphabet: each position of each cluster, as its server would have signed it.
std::vector<letter> const& world()
{
    static auto const all = [] {
        std::vector<letter> found;
        for (auto const cluster : clusters)
            for (std::uint64_t i = 0; i < positions; ++i)
                found.push_back({cluster, {i / 3, i % 3}, vault(cluster, i / 3, i % 3)});
        return found;
    }();
    return all;
}

bool satisfies(wal_position const& node, wal_position const& required)
{
    return node.local >= required.local && node.replicated >= required.replicated;
}

required_states record_all(std::vector<std::size_t> const& sequence)
{
    required_states required;
    for (auto const i : sequence)
        required.record(world()[i].text);
    return required;
}

/// The same demand, whatever the bytes that carry it.
bool demands_the_same(required_states const& a, required_states const& b)
{
    return std::all_of(clusters.begin(), clusters.end(),
                       [&](auto cluster) { return a.demand(cluster) == b.demand(cluster); });
}

std::size_t texts_of_cluster(required_states const& required, std::string_view cluster)
{
    std::size_t count = 0;
    required.for_each(
        [&](std::string_view text) { count += decode_vault_index(text)->cluster == cluster ? 1U : 0U; });
    return count;
}

/// Compares what is required after a sequence with the set of all that was received.
bool agrees_with_everything(required_states const& required, std::vector<std::size_t> const& sequence)
{
    std::vector<letter const*> received;
    for (auto const i : sequence)
        received.push_back(&world()[i]);
    bool agrees = !required.fenced() && required.clusters() <= clusters.size();
    required.for_each([&](std::string_view text) { // sent as received, to the byte
        agrees =
            agrees && std::any_of(received.begin(), received.end(), [&](auto* l) { return l->text == text; });
    });
    for (auto const cluster : clusters) {
        auto const is_of = [&](letter const* l) { return l->cluster == cluster; };
        bool const is_known = std::any_of(received.begin(), received.end(), is_of);
        wal_position all{};
        for (auto const* const l : received)
            all = is_of(l) ? join(all, l->position) : all;
        agrees = agrees && required.demand(cluster).has_value() == is_known;
        agrees = agrees && required.demand(cluster).value_or(wal_position()) == all;
        agrees = agrees && texts_of_cluster(required, cluster) <= cluster_demand::max_texts;
        for (std::uint64_t i = 0; i < 16; ++i) { // each node of {0..3} squared
            wal_position const node{i / 4, i % 4};
            bool by_texts = true;
            required.for_each([&](std::string_view text) {
                auto const state = decode_vault_index(text);
                by_texts = by_texts && (state->cluster != cluster || satisfies(node, state->position));
            });
            bool const by_all = std::all_of(received.begin(), received.end(), [&](auto* l) {
                return !is_of(l) || satisfies(node, l->position);
            });
            agrees = agrees && by_texts == by_all;
        }
    }
    return agrees;
}

} // namespace

TEST_CASE("after any sequence, a node satisfies the texts that are kept exactly if it satisfies all received")
{
    // All orders and all repetitions are among the sequences.
    std::size_t checked = 0;
    std::size_t wrong = 0;
    for (std::size_t length = 0; length <= 3; ++length)
        for_each_sequence(letters, length, [&](auto const& sequence) {
            ++checked;
            wrong += agrees_with_everything(record_all(sequence), sequence) ? 0U : 1U;
        });
    CHECK(wrong == 0);
    CHECK(checked == 1 + 18 + 324 + 5832);
}

TEST_CASE("the same for sequences of four, the shortest by which Vault's own rule loses a state")
{
    std::size_t checked = 0;
    std::size_t wrong = 0;
    for_each_sequence(letters, 4, [&](auto const& sequence) {
        ++checked;
        wrong += agrees_with_everything(record_all(sequence), sequence) ? 0U : 1U;
    });
    CHECK(wrong == 0);
    CHECK(checked == 104'976);
}

TEST_CASE("on the demand, recording is idempotent and commutative")
{
    std::size_t wrong = 0;
    for_each_sequence(letters, 3, [&](auto const& sequence) {
        auto const required = record_all(sequence);
        auto again = required;
        for (auto const i : sequence)
            wrong += again.record(world()[i].text).raised_demand() ? 1U : 0U;
        wrong += demands_the_same(again, required) ? 0U : 1U;
        auto order = sequence;
        std::sort(order.begin(), order.end());
        wrong += demands_the_same(record_all(order), required) ? 0U : 1U;
    });
    CHECK(wrong == 0);
}

TEST_CASE("on the demand, recording is associative: what two have kept demands what they have received")
{
    std::size_t wrong = 0;
    for_each_sequence(letters, 4, [&](auto const& sequence) {
        auto left = record_all({sequence[0], sequence[1]});
        auto const right = record_all({sequence[2], sequence[3]});
        right.for_each([&](std::string_view text) { left.record(text); });
        wrong += demands_the_same(left, record_all(sequence)) ? 0U : 1U;
    });
    CHECK(wrong == 0);
}

TEST_CASE("what is counted is what happens: the demand is raised exactly if raised_demand says so")
{
    std::size_t wrong = 0;
    for_each_sequence(letters, 4, [&](auto const& sequence) {
        auto required = record_all({sequence[0], sequence[1], sequence[2]});
        auto const before = required;
        auto const total = required.record(world()[sequence[3]].text);
        wrong += total.raised_demand() == demands_the_same(before, required) ? 1U : 0U;
        wrong += total.kept + total.superseded + total.held == 1 ? 0U : 1U;
    });
    CHECK(wrong == 0);
}

TEST_CASE("garbage anywhere in a sequence changes nothing")
{
    std::string const garbage[] = {"djE6", "?", "\x01", "eyJ9",
                                   base64_encode("v1:A:18446744073709551616:0:")};
    std::size_t wrong = 0;
    for_each_sequence(letters, 2, [&](auto const& sequence) {
        for (auto const& text : garbage) {
            required_states required;
            required.record(text);
            required.record(world()[sequence[0]].text);
            required.record(text);
            required.record(world()[sequence[1]].text);
            required.record(text);
            wrong += agrees_with_everything(required, sequence) ? 0U : 1U;
        }
    });
    CHECK(wrong == 0);
}

TEST_CASE("OpenBao: after any sequence of ordered values the greatest is kept, alone")
{
    std::vector<std::string> const values = {"9", "10", "100", "0", "11"};
    std::size_t wrong = 0;
    for (std::size_t length = 1; length <= 4; ++length)
        for_each_sequence(values.size(), length, [&](auto const& sequence) {
            required_states required;
            int greatest = 0;
            for (auto const i : sequence) {
                required.record(openbao("A", values[i]));
                greatest = std::max(greatest, std::stoi(values[i]));
            }
            wrong += texts_of(required) == std::vector{openbao("A", std::to_string(greatest))} ? 0U : 1U;
            wrong += required.is_expressible() ? 0U : 1U;
        });
    CHECK(wrong == 0);
}

TEST_CASE("OpenBao: of values without order none is lost: each is held, or behind a fence")
{
    std::vector<std::string> const values = {"p", "q", "r", "s"};
    std::size_t wrong = 0;
    for (std::size_t length = 1; length <= 4; ++length)
        for_each_sequence(values.size(), length, [&](auto const& sequence) {
            required_states required;
            for (auto const i : sequence)
                required.record(openbao("A", values[i]));
            for (auto const i : sequence)
                wrong += required.holds(openbao("A", values[i])) || required.fenced() ? 0U : 1U;
            wrong += required.fenced() && required.size() < cluster_demand::max_texts ? 1U : 0U;
        });
    CHECK(wrong == 0);
}
