// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/waiter_heap.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <deque>
#include <random>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

using namespace afterwrite;

namespace {

struct item {
    int value = 0;
    heap_links<item> links{};
};

struct by_value {
    static inline std::size_t compared = 0;

    static heap_links<item>& links(item& one) { return one.links; }
    static bool before(item const& a, item const& b)
    {
        ++compared;
        return a.value < b.value;
    }
};

using heap = waiter_heap<item, by_value>;
static_assert(std::is_default_constructible_v<heap>);

std::vector<int> drained(heap& items)
{
    std::vector<int> values;
    while (auto* const one = items.first()) {
        values.push_back(one->value);
        items.remove(*one);
    }
    return values;
}

bool is_free(item const& one)
{
    return one.links.child == nullptr && one.links.next == nullptr && one.links.previous == nullptr;
}

} // namespace

TEST_CASE("an empty heap has no first one")
{
    heap items;
    CHECK(items.first() == nullptr);
    item one{1};
    items.push(one);
    CHECK(items.first() == &one);
    items.remove(one);
    CHECK(items.first() == nullptr);
    CHECK(is_free(one));
}

TEST_CASE("all leave in order, in whichever they came, and any may leave before its turn")
{
    std::vector<int> order = {0, 1, 2, 3, 4, 5, 6};
    do {
        for (std::size_t early = 0; early < order.size(); ++early) {
            heap items;
            std::deque<item> owned;
            for (int const value : order)
                items.push(owned.emplace_back(item{value}));
            items.remove(owned[early]);
            REQUIRE(is_free(owned[early]));
            auto left = order;
            left.erase(left.begin() + static_cast<std::ptrdiff_t>(early));
            std::sort(left.begin(), left.end());
            REQUIRE(drained(items) == left);
        }
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("it agrees with a sorted set, whatever is done")
{
    std::mt19937 random(1);
    heap items;
    std::deque<item> owned(200);
    std::set<std::pair<int, item*>> expected;
    for (int round = 0; round < 100000; ++round) {
        auto& one = owned[random() % owned.size()];
        if (expected.erase({one.value, &one}) != 0) {
            items.remove(one);
        } else {
            one.value = static_cast<int>(random() % 50);
            items.push(one);
            expected.insert({one.value, &one});
        }
        REQUIRE((items.first() == nullptr) == expected.empty());
        if (!expected.empty())
            REQUIRE(items.first()->value == expected.begin()->first);
    }
}

TEST_CASE("no order of n makes it compare more often than a small multiple of n log n")
{
    constexpr std::size_t count = 1 << 15;
    constexpr std::size_t log = std::bit_width(count);
    std::mt19937 random(1);
    for (int shape = 0; shape < 4; ++shape) {
        heap items;
        std::deque<item> owned(count);
        for (std::size_t i = 0; i < count; ++i) {
            auto const up = static_cast<int>(i);
            owned[i].value = shape == 0   ? up
                             : shape == 1 ? -up
                             : shape == 2 ? static_cast<int>(random() % count)
                                          : 7;
        }
        by_value::compared = 0;
        for (auto& one : owned)
            items.push(one);
        CHECK(by_value::compared <= count);
        if (shape == 3)
            for (std::size_t i = 0; i < count; i += 2) // half of them before their turn
                items.remove(owned[i]);
        auto const values = drained(items);
        CHECK(std::is_sorted(values.begin(), values.end()));
        CHECK(by_value::compared <= 3 * count * log);
    }
}

TEST_CASE("what links said before one came is forgotten")
{
    heap items;
    item other{2};
    item one{1, {&other, &other, &other}};
    items.push(one);
    items.remove(one);
    CHECK(items.first() == nullptr);
    CHECK(is_free(one));
}
