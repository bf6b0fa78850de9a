// SPDX-License-Identifier: BSL-1.0
// Once a store is made nothing is allocated, whatever is recorded: counted by a replaced operator new.
#include <afterwrite/store/session_store.hpp>

#include <doctest/doctest.h>

#include "support/counted_allocations.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/store_block.hpp"
#include "support/store_law.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace support;

TEST_CASE("neither recording nor moving to the floor nor a damage that is found allocates")
{
    std::vector<std::string> indices;
    for (std::uint64_t i = 1; i < 200; ++i) {
        indices.push_back(vault("c", i, 0));
        indices.push_back(vault("c", 200 - i, i));
        indices.push_back(openbao("b", std::to_string(i)));
        indices.push_back(openbao("b", "value " + std::to_string(i)));
        indices.push_back("future-format-" + std::to_string(i));
    }
    std::vector<std::string> names;
    for (int i = 0; i < 200; ++i)
        names.push_back("hvs.token of " + std::to_string(i));

    store_of<std::mutex> const many(1);
    known_cluster const view{cluster_id("c")};
    std::size_t texts = 0;
    auto const before = allocations.load();
    for (std::size_t i = 0; i < indices.size(); ++i) {
        auto handle = many.store.of(names[i % names.size()], at(std::chrono::seconds(i)));
        auto const carried = handle.required(view);
        handle.record(indices[i], at(std::chrono::seconds(i)));
        handle.record_lost(carried, at(std::chrono::seconds(i)));
        handle.merge(carried, at(std::chrono::seconds(i)));
        texts += handle.required().size();
        if (i % 100 == 99)
            many.block.bytes()[i * 97 % many.block.bytes().size()] ^= std::byte{1};
    }
    auto const after = allocations.load();
    CHECK(after == before);
    CHECK(texts > 0);
    auto const string = std::string(1000, 'x'); // the counter counts
    CHECK(allocations.load() > after + string.size() / 1001);
}
