// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/required_states.hpp>

#include <doctest/doctest.h>

#include "tsv.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;

namespace {

/// The hexadecimal items between commas, decoded.
std::vector<std::string> received(std::string_view cell)
{
    std::vector<std::string> texts;
    for (std::size_t from = 0; from <= cell.size();) {
        auto const end = std::min(cell.find(',', from), cell.size());
        texts.push_back(vectors::unhex(cell.substr(from, end - from)));
        from = end + 1;
    }
    return texts;
}

/// The demand as the table writes it: cluster=local:replicated, sorted by cluster.
std::string demand_of(required_states const& required)
{
    std::vector<std::string> demands;
    for (std::uint8_t i = 0; i < required.clusters(); ++i) {
        auto const position = required.demand(required[i].cluster()).value_or(wal_position());
        demands.push_back(std::string(required[i].cluster().view()) + '=' + std::to_string(position.local) +
                          ':' + std::to_string(position.replicated));
    }
    std::sort(demands.begin(), demands.end());
    std::string joined;
    for (auto const& demand : demands)
        joined += (joined.empty() ? "" : " ") + demand;
    return joined;
}

} // namespace

// May go red only if the rule of merging changes.
TEST_CASE(
    "every row of the merge table leaves the demand that it names, carried by at most two texts a cluster")
{
    auto const table = vectors::rows("vault_merge.tsv");
    REQUIRE(table.size() == 300);
    for (auto const& row : table) {
        REQUIRE(row.size() == 2);
        auto const texts = received(row[0]);
        required_states required;
        for (auto const& text : texts)
            required.record(text);
        CHECK(demand_of(required) == row[1]);
        // A text of neither dialect is sent only where nothing else is held.
        CHECK(required.size() <= std::max<std::size_t>(1, std::size_t{2} * required.clusters()));
        required.for_each([&](std::string_view sent) {
            CHECK(std::find(texts.begin(), texts.end(), sent) != texts.end());
        });
    }
}

TEST_CASE("every row leaves the same demand when its answers come in reverse, or twice")
{
    for (auto const& row : vectors::rows("vault_merge.tsv")) {
        auto const texts = received(row.at(0));
        required_states reversed;
        required_states twice;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            reversed.record(texts[texts.size() - 1 - i]);
            twice.record(texts[i]);
            twice.record(texts[i / 2]);
        }
        CHECK(demand_of(reversed) == row[1]);
        CHECK(demand_of(twice) == row[1]);
    }
}
