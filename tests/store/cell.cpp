// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/cell.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

using namespace afterwrite;
using namespace afterwrite::detail;

TEST_CASE("a cell holds texts of every size that is ever kept")
{
    store_cell cell;
    CHECK(cell.empty());
    std::string const longest(max_index_size, 'x');
    cell.add("a");
    cell.add(longest);
    CHECK(cell.count == 2);
    CHECK(cell.text(0) == "a");
    CHECK(cell.text(1) == longest);
    CHECK_FALSE(cell.empty());
    cell.clear_texts();
    CHECK(cell.empty());
    CHECK(cell.says(store_cell()));
}

TEST_CASE("a cell of which any bit was altered is not whole")
{
    store_cell cell;
    cell.add("text");
    CHECK_FALSE(cell.is_whole());
    cell.seal();
    REQUIRE(cell.is_whole());
    int missed = 0;
    for (std::size_t at = 0; at < sizeof cell; ++at) {
        auto altered = cell;
        auto* const byte = reinterpret_cast<unsigned char*>(&altered) + at;
        *byte = static_cast<unsigned char>(*byte ^ 1U << at % 8);
        missed += altered.is_whole() ? 1 : 0;
    }
    CHECK(missed == 0);
    std::memset(static_cast<void*>(&cell), 0, sizeof cell);
    CHECK_FALSE(cell.is_whole());
}

TEST_CASE("a fence stands until it is repaid, and no cell of any fence is empty")
{
    store_cell cell;
    CHECK_FALSE(cell.is_fenced());
    cell.fences = 1;
    CHECK(cell.is_fenced());
    cell.repay();
    CHECK_FALSE(cell.is_fenced());
    CHECK_FALSE(cell.empty()); // answers on their way name the count
    for (unsigned const count : {254U, 255U}) {
        cell.fences = static_cast<std::uint8_t>(count);
        cell.is_repaid = 0;
        cell.repay();
        CHECK(cell.is_fenced() == (count == 255)); // perhaps there were more
    }
    store_cell crowded;
    crowded.crowd(17);
    CHECK(crowded.crowded_at == 17);
    CHECK_FALSE(crowded.empty());
}

TEST_CASE("a new cell is all zeros")
{
    store_cell const cell;
    unsigned char const zeros[sizeof cell] = {};
    CHECK(std::memcmp(&cell, zeros, sizeof cell) == 0);
}

TEST_CASE("as many texts as are ever kept make a whole cell, and no more")
{
    store_cell cell;
    cell.add("one");
    cell.add("another one");
    cell.seal();
    CHECK(cell.is_whole());
    ++cell.count;
    cell.seal();
    CHECK_FALSE(cell.is_whole());
}

TEST_CASE("only fences of the future are to begin now")
{
    store_cell cell;
    cell.fenced_at = 5000;
    cell.crowded_at = 5000;
    CHECK_FALSE(cell.has_future(1000)); // there is no fence
    cell.fences = 1;
    CHECK(cell.has_future(1000));
    CHECK_FALSE(cell.has_future(5000));
    cell.fences = 0;
    cell.is_crowded = 1;
    CHECK(cell.has_future(1000));
    CHECK_FALSE(cell.has_future(5000));
    cell.restamp(1000);
    CHECK(cell.is_whole());
    CHECK(cell.fenced_at == 1000);
    CHECK(cell.crowded_at == 1000);
}

TEST_CASE("two cells say the same wherever they lie")
{
    store_cell one;
    one.add("text");
    auto other = one;
    other.bucket = 7;
    other.identity = 8;
    other.seal();
    CHECK(one.says(other));
    other.fences = 1;
    CHECK_FALSE(one.says(other));
}
