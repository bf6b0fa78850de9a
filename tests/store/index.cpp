// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/index.hpp>

#include <afterwrite/wire/index_field.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"

#include <cstdint>
#include <string>
#include <string_view>

using namespace afterwrite;
using namespace afterwrite::detail;
using namespace support;

namespace {

/// What is read is written again, and says what a decoder says.
bool is_kept(std::string_view text)
{
    compact_index found;
    if (!read_compact(text, found))
        return false;
    char again[max_index_size];
    std::string_view const written(again, write_index(found.entry, found.cluster, again));
    auto const decoded = decode_index(text);
    bool is_right =
        written == text && decoded && decoded->form == found.form && decoded->cluster() == found.cluster;
    if (is_right && found.form == dialect::vault)
        is_right = decoded->vault.position == wal_position{found.entry.local, found.entry.replicated};
    if (is_right && found.form == dialect::openbao)
        is_right = decoded->openbao.number() == found.entry.local;
    return is_right;
}

bool is_refused(std::string_view text)
{
    compact_index found;
    return !read_compact(text, found);
}

std::string vault_text(std::string_view plain) { return base64_encode(plain); }

std::string const hmac(64, 'a');

} // namespace

TEST_CASE("an index as Vault writes it is kept in binary, and written again byte for byte")
{
    for (std::uint64_t const local : {std::uint64_t{0}, std::uint64_t{9}, std::uint64_t{10}, UINT64_MAX})
        for (std::uint64_t const replicated : {std::uint64_t{0}, std::uint64_t{123456789}, UINT64_MAX})
            for (auto const* const cluster : {"c", "00af5aa8-c87d-b5fc-e82e-97cd8dfaf731"})
                CHECK(is_kept(vault(cluster, local, replicated)));
    CHECK(is_kept(vault(std::string(cluster_id::max_size, 'x'), UINT64_MAX, UINT64_MAX))); // the longest
    CHECK(is_kept(vault_text("v1:\"\n:1:2:" + hmac)));
}

TEST_CASE("an index as OpenBao writes it is, too, of either backend")
{
    for (auto const* const value :
         {"0", "7", "18446744073709551615", "0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"})
        CHECK(is_kept(openbao("00af5aa8-c87d-b5fc-e82e-97cd8dfaf731", value)));
    CHECK(is_kept(openbao(std::string(cluster_id::max_size, 'x'), "1")));
}

TEST_CASE("what would be written differently is not kept so")
{
    for (auto const* const plain :
         {"v1:c:01:2:", "v1:c:1:02:", "v1:c::2:", "v1:c:1::", "v1::1:2:", "v1:c:1:2:3:", "v2:c:1:2:",
          "v1:c:+1:2:", "v1:c:18446744073709551616:2:", "v1:c:18446744073709551620:2:",
          "v1:c:20000000000000000000:2:", "v1:c:99999999999999999999:2:", "v1:c:1 :2:"})
        CHECK(is_refused(vault_text(plain + hmac)));
    CHECK(is_refused(vault_text("v1:c:1:2:" + hmac.substr(1))));
    CHECK(is_refused(vault_text("v1:c:1:2:" + hmac + "a")));
    CHECK(is_refused(vault_text("v1:c:1:2:" + std::string(64, 'A'))));
    CHECK(is_refused(vault_text("v1:c:1:2:" + std::string(64, 'g'))));
    CHECK(is_refused(vault_text("v1:c:1:2:")));
    CHECK(is_refused(vault_text("v1:" + std::string(cluster_id::max_size + 1, 'x') + ":1:2:" + hmac)));
    for (auto const* const value :
         {"01", "0x1", "+1", "0/00", "0/a", "/1", "1/", "123456789/1", "value", "1/2/3"})
        CHECK(is_refused(openbao("c", value)));
    CHECK(is_refused(base64_encode(R"({"value":"1","cluster":"c"})")));
    CHECK(is_refused(base64_encode(R"({"cluster":"c","value":"1"} )")));
    CHECK(is_refused(base64_encode(R"({"cluster":"c","value":"1","more":1})")));
    CHECK(is_refused(openbao("a\"b", "1"))); // needs an escape
    CHECK(is_refused("future-format"));
    CHECK(is_refused(""));
    CHECK(is_refused(std::string(max_index_size + 4, 'd')));
}

TEST_CASE("base64 whose last digits hold more bits than bytes is not kept so")
{
    int of_no_kind = 0;
    for (auto const* const cluster : {"c", "cc", "ccc", "cccc", "ccccc", "cccccc"}) { // each padding
        auto text = vault_text("v1:" + std::string(cluster) + ":1:2:" + hmac);
        REQUIRE(is_kept(text));
        auto const last = text.find_last_not_of('=');
        if (last + 1 == text.size()) {
            ++of_no_kind;
            continue;
        }
        ++text[last];
        CHECK(decode_vault_index(text).has_value());
        CHECK(is_refused(text));
    }
    CHECK(of_no_kind == 2);
}

TEST_CASE("each single character that is altered is either read as what it says, or not kept so")
{
    int wrong = 0;
    for (auto const& text : {vault("c", 12345, 678), openbao("c", "42"), openbao("c", "A/F")})
        for (std::size_t at = 0; at < text.size(); ++at)
            for (int c = 1; c < 128; ++c) {
                auto altered = text;
                altered[at] = static_cast<char>(c);
                wrong += is_refused(altered) || is_kept(altered) ? 0 : 1;
            }
    CHECK(wrong == 0);
}

TEST_CASE("to read an index alters nothing of an entry but what the index says")
{
    compact_index compact;
    compact.entry.epoch = 0xabcd;
    compact.entry.cluster = 7;
    compact.entry.identity = 0x1234'5678;
    REQUIRE(read_compact(vault("c", 5, 3), compact));
    CHECK(compact.entry.epoch == 0xabcd);
    CHECK(compact.entry.cluster == 7);
    CHECK(compact.entry.identity == 0x1234'5678);
    CHECK(compact.entry.kind == entry_kind::vault);
    CHECK(compact.entry.local == 5);
    CHECK(compact.entry.replicated == 3);
    REQUIRE(read_compact(vault("d", 7, 4), compact));
    CHECK(compact.cluster == "d");
    CHECK(compact.entry.local == 7);
    CHECK(compact.entry.replicated == 4);
}

TEST_CASE("a number is read up to its last digit, and nothing behind the text")
{
    std::uint64_t number = 0;
    index_reader reader{std::string_view("1234:5", 2)};
    CHECK(reader.decimal(number));
    CHECK(number == 12);
    CHECK(reader.rest.empty());
    CHECK_FALSE(reader.decimal(number));
}

TEST_CASE("a number of PostgreSQL has two halves of one to eight digits, in either case")
{
    CHECK(read_lsn("16/b374D848") == 0x16'b374'd848);
    CHECK(read_lsn("00000001/00000002") == 0x1'0000'0002);
    for (auto const* const text :
         {"", "/", "16", "16/", "/16", "1/123456789", "123456789/1", "g/1", "1/g", "1//"})
        CHECK_FALSE(read_lsn(text));
}
