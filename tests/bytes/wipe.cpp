// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/wipe.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

using namespace afterwrite;

static_assert(!std::is_copy_constructible_v<wiped_buffer<8>>);
static_assert(!std::is_move_constructible_v<wiped_buffer<8>>);
static_assert(!std::is_copy_assignable_v<wiped_buffer<8>>);

namespace {

constexpr char first_of_one_used_in_a_constant_expression()
{
    wiped_buffer<4> room;
    room.bytes[0] = 'x';
    return room.bytes[0];
}
static_assert(first_of_one_used_in_a_constant_expression() == 'x');

} // namespace

TEST_CASE("what is wiped is zeros, and nothing beside it")
{
    std::string text = "[secret]";
    wipe({text.data() + 1, 6});
    CHECK(text == std::string_view("[\0\0\0\0\0\0]", 8));
    wipe({});
    CHECK(text.front() == '[');
}

TEST_CASE("a buffer is wiped when its life ends")
{
    constexpr std::size_t size = 64;
    alignas(wiped_buffer<size>) unsigned char place[sizeof(wiped_buffer<size>)];
    auto* const room = new (place) wiped_buffer<size>;
    std::fill_n(room->bytes, size, 's');
    CHECK(std::count(place, place + size, 's') == size);
    std::destroy_at(room);
    unsigned char const volatile* const left = place; // what the compiler believes of it does not matter
    for (std::size_t i = 0; i < size; ++i)
        CHECK(left[i] == 0);
}
