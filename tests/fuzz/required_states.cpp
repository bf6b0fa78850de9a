// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: whatever fields are recorded, in whatever order: what is required is the join of all that
// could be read, nothing less and nothing more. An input is one field's value a line; a line that begins
// with @ stands for an index: of Vault, @v, the cluster's letter, and a letter for each number; of OpenBao,
// @b and a letter.
#include <afterwrite/session/required_states.hpp>

#include "input.hpp"
#include "support/indices.hpp"

#include <map>
#include <set>
#include <string>

using namespace afterwrite;
using namespace support;
using fuzz::expect;

namespace {

/// Keeps every text, which no client could afford.
class oracle {
public:
    void record(std::string_view field_value)
    {
        for_each_index(field_value, [this](std::string_view index) {
            texts_.emplace(index);
            auto const decoded = decode_index(index);
            if (!decoded || decoded->form != dialect::vault)
                return;
            auto& where = joins_[std::string(std::string_view(decoded->cluster()))];
            where = join(where, decoded->vault.position);
        });
    }

    void check(required_states const& required) const
    {
        required.for_each([&](std::string_view text) {
            expect(texts_.count(std::string(text)) == 1, "what is sent was received, byte for byte");
        });
        for (std::uint8_t i = 0; i < required.clusters(); ++i)
            expect(required[i].size() <= cluster_demand::max_texts, "two texts are enough for a cluster");
        for (auto const& [cluster, where] : joins_) {
            auto const demand = required.demand(cluster);
            expect(demand ? *demand == where : required.fenced(),
                   "a cluster's demand is the join of all indices");
        }
    }

private:
    std::set<std::string> texts_;
    std::map<std::string, wal_position> joins_;
};

std::string field_value_of(std::string_view line)
{
    if (!line.starts_with('@') || line.size() < 2)
        return std::string(line);
    fuzz::input letters(reinterpret_cast<std::uint8_t const*>(line.data()) + 1, line.size() - 1);
    if (letters.byte() == 'v') {
        std::string const cluster(letters.text(1));
        auto const local = letters.byte();
        return vault(cluster.empty() || cluster == ":" ? "c" : cluster, local, letters.byte());
    }
    return openbao("b", std::to_string(letters.byte()) + std::string(letters.rest().substr(0, 8)));
}

/// What one step may change, and what it must not.
void try_step(std::string const& value, required_states& required)
{
    auto const before = required;
    auto const became = required.record(value);
    bool const is_refused =
        became.kept + became.superseded + became.held + became.unkept + became.unknown_form == 0;
    expect(!is_refused || texts_of(before) == texts_of(required), "what is refused changes nothing");
    expect(became.kept + became.superseded > 0 || became.held > 0 || before.form() == required.form(),
           "nothing but an index tells a dialect");
    for (std::uint8_t i = 0; i < before.clusters(); ++i) {
        auto const* const after = required.find(before[i].cluster(), before[i].form());
        expect(after != nullptr && after->position() >= before[i].position(), "positions never decrease");
        expect(!before[i].fenced() || after->fenced(), "only an answer takes a fence away");
    }
    auto again = required;
    auto const repeated = again.record(value);
    expect(repeated.kept + repeated.superseded == 0 || !is_refused, "what is refused is refused again");
    for (std::uint8_t i = 0; i < required.clusters(); ++i)
        expect(again[i].position() == required[i].position(), "the same again demands no more");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    fuzz::input from(data, size);
    required_states required;
    oracle all;
    for (int lines = 0; lines < 64 && !from.empty(); ++lines) {
        auto const value = field_value_of(from.line());
        try_step(value, required);
        all.record(value);
        all.check(required);
    }
    required_states merged;
    merged.merge(required);
    expect(merged.empty() == required.empty(), "a merge requires the same");
    for (std::uint8_t i = 0; i < required.clusters(); ++i)
        expect(merged[i].position() == required[i].position(), "a merge requires the same positions");
    return 0;
}
