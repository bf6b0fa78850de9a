// SPDX-License-Identifier: BSL-1.0
// The rules of other libraries are theirs: checked with what was seen of
// them (facts: peers.md A4, protocol.md 2.5).
#include "simulation/rivals.hpp"

#include "cluster/codec.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace simulation;

namespace {

std::string at(std::uint64_t local, std::uint64_t replicated, std::string const& id = "c")
{
    static cluster::hmac_signer const signer("key");
    return cluster::encode_vault_index({id, {local, replicated}}, signer);
}

std::vector<std::string> sorted(std::vector<std::string> texts)
{
    std::sort(texts.begin(), texts.end());
    return texts;
}

/// Of the row that begins so the cell that has so many before it.
std::string cell_of(std::string const& table, std::string const& row, int before)
{
    auto first = table.find(row);
    if (first == std::string::npos)
        return "there is no such row";
    first += row.size();
    while (before-- > 0)
        first = table.find('|', first) + 1;
    return table.substr(first + 1, table.find(" |", first) - first - 1);
}

} // namespace

TEST_CASE("Vault's merge keeps what is newer or incomparable")
{
    CHECK(merge_as_vault_does({}, at(1, 0)) == std::vector{at(1, 0)});
    CHECK(merge_as_vault_does({at(1, 0)}, at(2, 0)) == std::vector{at(2, 0)});
    CHECK(merge_as_vault_does({at(2, 0)}, at(1, 0)) == std::vector{at(2, 0)});
    CHECK(merge_as_vault_does({at(2, 0)}, at(0, 2)) == sorted({at(2, 0), at(0, 2)}));
    CHECK(merge_as_vault_does({at(0, 2), at(2, 0)}, at(1, 1)) == sorted({at(0, 2), at(1, 1), at(2, 0)}));
    CHECK(merge_as_vault_does({at(0, 2), at(2, 0)}, at(0, 0)) == sorted({at(0, 2), at(2, 0)}));
}

TEST_CASE("and loses what it should keep, just as it does")
{
    CHECK(merge_as_vault_does({at(0, 2), at(1, 1), at(2, 0)}, at(0, 3)) == std::vector{at(0, 3)});
    CHECK(merge_as_vault_does({at(1, 0)}, at(1, 1, "d")) == std::vector{at(1, 1, "d")});
    CHECK(merge_as_vault_does({at(1, 0)}, "?garbage") == std::vector<std::string>{"?garbage"});
    CHECK(merge_as_vault_does({at(0, 2), at(2, 0)}, at(1, 0)) == sorted({at(0, 2), at(1, 0), at(2, 0)}));
}

TEST_CASE("OpenBao's client keeps the last index, whichever is greater")
{
    rival_memory memory{.kind = rival::openbao_go};
    memory.take("second");
    memory.take("first");
    memory.take("");
    CHECK(memory.states == std::vector<std::string>{"first"});
}

TEST_CASE("who does nothing reads what is old, and afterwrite does not")
{
    auto const table = compare_rivals(1, 16, 400, 2);
    for (auto const* const name :
         {"| Vault's Go client |", "| Vault Agent, retry |", "| OpenBao's Go client |"})
        CHECK(table.find(name) != std::string::npos);
    for (auto const* const at : {"Vault", "OpenBao"}) {
        auto const nothing_lacks = " | " + std::string(at) + " | 0 |";
        CHECK(table.find("| none" + nothing_lacks) == std::string::npos);
        CHECK(table.find("| afterwrite, addresses" + nothing_lacks) != std::string::npos);
        CHECK(table.find("| afterwrite, load balancer" + nothing_lacks) != std::string::npos);
        CHECK(table.find("| ... without fence_lost_writes" + nothing_lacks) != std::string::npos);
    }
    // No index comes with a 404, so that only what was there is promised to be seen again.
    CHECK(cell_of(table, "| afterwrite, addresses | OpenBao |", 2) == "0");
    CHECK(cell_of(table, "| afterwrite, load balancer | OpenBao |", 2) == "0");
    CHECK(cell_of(table, "| OpenBao's Go client | OpenBao |", 2) != "0");
}
