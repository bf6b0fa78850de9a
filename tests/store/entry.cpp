// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/entry.hpp>

#include <afterwrite/bytes/eight_bytes.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>

using namespace afterwrite;
using namespace afterwrite::detail;

TEST_CASE("an entry of which any bit was altered is not whole")
{
    store_entry entry{.identity = 7, .local = 12, .epoch = 3, .cluster = 5, .kind = entry_kind::vault};
    CHECK_FALSE(entry.is_whole());
    entry.seal();
    REQUIRE(entry.is_whole());
    int missed = 0;
    for (std::size_t at = 0; at < sizeof entry; ++at)
        for (int bit = 0; bit < 8; ++bit) {
            unsigned char bytes[sizeof entry];
            std::memcpy(bytes, &entry, sizeof entry);
            bytes[at] = static_cast<unsigned char>(bytes[at] ^ 1 << bit);
            store_entry altered;
            std::memcpy(&altered, bytes, sizeof altered);
            missed += altered.is_whole() ? 1 : 0;
        }
    CHECK(missed == 0);
}

TEST_CASE("zeros are no entry")
{
    store_entry zeros;
    std::memset(static_cast<void*>(&zeros), 0, sizeof zeros);
    CHECK_FALSE(zeros.is_whole());
}

TEST_CASE(
    "a block that an older build has written is read: kinds have the numbers that stand there, and sums fit")
{
    CHECK(entry_kind{1} == entry_kind::vault);
    CHECK(entry_kind{2} == entry_kind::raft);
    CHECK(entry_kind{3} == entry_kind::postgresql);
    CHECK(entry_kind{4} == entry_kind::cell);
    CHECK(entry_kind{5} == entry_kind::lost_slot);
    CHECK(entry_kind{6} == entry_kind::lost_bucket);
    store_entry entry{.identity = 7, .local = 12, .epoch = 3, .cluster = 5, .kind = entry_kind::vault};
    entry.seal();
    if (words_begin_low)
        CHECK(entry.check == 0x4cf7ad8);
}

TEST_CASE("two kinds say that something was lost")
{
    CHECK(store_entry{.kind = entry_kind::lost_slot}.is_lost());
    CHECK(store_entry{.kind = entry_kind::lost_bucket}.is_lost());
    CHECK_FALSE(store_entry{.kind = entry_kind::cell}.is_lost());
    CHECK_FALSE(store_entry{}.is_lost());
}
