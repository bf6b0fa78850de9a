// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/vault_index.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<result<wal_state, decode_error>>);
static_assert(noexcept(decode_vault_index("")));

namespace {

constexpr hmac_key key("my-hmac-key");

// What Vault's own test of its Go client decodes, in base64 (vault-client-go,
// replication_consistency_test.go).
constexpr std::string_view signed_by_vault = "djE6bXktY2x1c3RlcjoxMjM0NTo1NDMyMToxQjkxNDRGNUVDMDY3QTJBNkQ2MDk"
                                             "5RjE2NDE4QTNBRkQyRTVDREE1QzlFQzMxOEM5MkQwMEVEOERE"
                                             "ODIwN0U0";

std::optional<decode_error> error_of(std::string_view text)
{
    auto const decoded = decode_vault_index(base64_encode(text));
    return decoded ? std::nullopt : std::optional(decoded.error());
}

std::optional<wal_state> state_of(std::string_view text)
{
    auto const decoded = decode_vault_index(base64_encode(text));
    return decoded ? std::optional(*decoded) : std::nullopt;
}

wal_state state(std::string_view cluster, std::uint64_t local, std::uint64_t replicated)
{
    return {cluster_id(cluster), {local, replicated}};
}

} // namespace

TEST_CASE("an index says which cluster, and how far")
{
    constexpr auto decoded = decode_vault_index(signed_by_vault);
    static_assert(decoded.has_value());
    static_assert(decoded->cluster == "my-cluster");
    static_assert(decoded->position == wal_position{12345, 54321});
    CHECK(decode_vault_index(signed_by_vault) == decoded);
    CHECK(decode_vault_index("djE6Y2lkOjE6MDo=") == result<wal_state, decode_error>(state("cid", 1, 0)));
    CHECK(decode_vault_index("djE6Y2lkOjA6MTo=") == result<wal_state, decode_error>(state("cid", 0, 1)));
    CHECK(decode_vault_index("djE6Y2lkOjI6MDo=") == result<wal_state, decode_error>(state("cid", 2, 0)));
    CHECK(decode_vault_index("djE6Y2lkOjI6MTo=") == result<wal_state, decode_error>(state("cid", 2, 1)));
}

TEST_CASE("with the key, the signature is verified")
{
    CHECK(decode_vault_index(signed_by_vault, key) == decode_vault_index(signed_by_vault));
    CHECK(decode_vault_index(signed_by_vault, hmac_key("bad-key")).error() == decode_error::hmac_mismatch);
    static_assert(decode_vault_index(signed_by_vault, key).has_value());
}

TEST_CASE("with the key, an index that is not signed is a mismatch")
{
    CHECK(decode_vault_index(base64_encode("v1:my-cluster:12345:54321:")));
    auto const verified = decode_vault_index(base64_encode("v1:my-cluster:12345:54321:"), key);
    REQUIRE_FALSE(verified);
    CHECK(verified.error() == decode_error::hmac_mismatch);
}

TEST_CASE("with the key, a signature that is cut or continued is a mismatch")
{
    std::string const hmac = hex_encode(key.sign("v1:c:1:2"));
    CHECK(decode_vault_index(base64_encode("v1:c:1:2:" + hmac), key));
    for (std::size_t size = 0; size < hmac.size(); size += 2)
        CHECK(decode_vault_index(base64_encode("v1:c:1:2:" + hmac.substr(0, size)), key).error() ==
              decode_error::hmac_mismatch);
    CHECK(decode_vault_index(base64_encode("v1:c:1:2:" + hmac + "00"), key).error() ==
          decode_error::hmac_mismatch);
    CHECK(decode_vault_index(base64_encode("v1:c:1:2:" + hmac + hmac), key).error() ==
          decode_error::hmac_mismatch);
}

TEST_CASE("with the key, the signature comes before what is signed")
{
    CHECK(decode_vault_index(base64_encode("v2:c:1:2:"), key).error() == decode_error::hmac_mismatch);
    std::string const hmac = hex_encode(key.sign("v2:c:1:2"));
    CHECK(decode_vault_index(base64_encode("v2:c:1:2:" + hmac), key).error() == decode_error::format);
    CHECK(decode_vault_index(base64_encode("v1:c:1:2:zz"), key).error() == decode_error::hmac_hex);
}

TEST_CASE("the signature may be in capitals, of any even length, or missing, where there is no key")
{
    CHECK(state_of("v1:cid:1:0:") == state("cid", 1, 0));
    CHECK(state_of("v1:cid:1:0:AbCd") == state("cid", 1, 0));
    CHECK(state_of("v1:cid:1:0:" + std::string(64, 'F')) == state("cid", 1, 0));
    CHECK(state_of("v1:cid:1:0:" + std::string(66, 'F')) == state("cid", 1, 0));
}

TEST_CASE("numbers are decimal, of 64 bits, and may begin with zeros")
{
    CHECK(state_of("v1:cid:007:0:") == state("cid", 7, 0));
    CHECK(state_of("v1:cid:" + std::string(60, '0') + "7:" + std::string(60, '0') + ":") ==
          state("cid", 7, 0));
    CHECK(state_of("v1:cid:18446744073709551615:18446744073709551615:") ==
          state("cid", UINT64_MAX, UINT64_MAX));
    for (std::string_view const wrong :
         {"", "+1", "-1", "1_0", " 1", "1 ", "0x10", "1e3", "1.0", "a", "\xff", "18446744073709551616",
          "18446744073709551620", "28446744073709551615", "99999999999999999999", "100000000000000000000"}) {
        CAPTURE(wrong);
        CHECK(error_of("v1:cid:" + std::string(wrong) + ":0:") == decode_error::local_index);
        CHECK(error_of("v1:cid:0:" + std::string(wrong) + ":") == decode_error::replicated_index);
    }
    CHECK(error_of("v1:cid:x:x:") == decode_error::local_index);
}

TEST_CASE("the form is v1, a cluster id, two numbers and a signature")
{
    for (std::string_view const wrong :
         {"v2:cid:1:0:", "V1:cid:1:0:", "v1::1:0:", "v1:a:b:1:0:", ":",
          "::", "v1:", "v1::", "v1:::", "v1::::", "v1:cid:", "v1:cid:1:", "v1:cid:1:00",
          "v1:cid:1:0:5:", "v1:cid:1::0:", "v1 :cid:1:0:", " v1:cid:1:0:", ":cid:1:0:", "v1cid10:"}) {
        CAPTURE(wrong);
        CHECK(error_of(wrong) == decode_error::format);
    }
    CHECK(error_of(std::string(65, ':')) == decode_error::format); // the last colon counts, not the first
}

TEST_CASE("without a colon there is nothing to separate")
{
    CHECK(error_of("") == decode_error::no_separator);
    CHECK(error_of("bad-format") == decode_error::no_separator);
    CHECK(error_of(std::string(64, 'a')) == decode_error::no_separator);
    CHECK(error_of(std::string(65, 'a')) == decode_error::no_separator);
}

TEST_CASE("what follows the last colon is hexadecimal")
{
    CHECK(error_of("v1:cid:1:0") == decode_error::hmac_hex);
    CHECK(error_of("v1:cid:1:0:zz") == decode_error::hmac_hex);
    CHECK(error_of("v1:cid:1:0:" + std::string(63, 'a')) == decode_error::hmac_hex);
    CHECK(error_of("v1:cid:1:0:" + std::string(63, 'a') + "g") == decode_error::hmac_hex);
    CHECK(error_of("v1:cid:1:0:" + std::string(32, 'a') + " " + std::string(31, 'a')) ==
          decode_error::hmac_hex);
    CHECK(error_of("v2::x:y:zz") == decode_error::hmac_hex);
}

TEST_CASE("base64 is required, with padding, and nothing else")
{
    for (std::string_view const wrong : {"djE6Y2lkOjE6MDo", "djE6Y2lkOjE6MDo=\n",
                                         "djE6\nY2lkOjE6MDo=", "v1:cid:1:0:", "djE6Y2lkOjE6MDo= ", "-_-_",
                                         "djE6Y2lkOjE6MDo=djE6Y2lkOjE6MDo=", "\xff"}) {
        CAPTURE(wrong);
        auto const decoded = decode_vault_index(wrong);
        REQUIRE_FALSE(decoded);
        CHECK(decoded.error() == decode_error::not_base64);
    }
}

TEST_CASE("an index of more than 256 bytes is refused before anything else")
{
    std::string const digits(192 - 11, 'a'); // odd
    std::string const longest = base64_encode("v1:cid:1:0:" + digits.substr(1));
    CHECK(longest.size() == 256);
    CHECK(decode_vault_index(longest));
    for (std::size_t size : {257u, 260u, 10'000u}) {
        CHECK(decode_vault_index(std::string(size, 'A')).error() == decode_error::too_long);
        CHECK(decode_vault_index(std::string(size, '-')).error() == decode_error::too_long);
    }
}

TEST_CASE("a cluster id has at most 64 bytes, any but a colon; a longer one is told last")
{
    std::string const most(64, 'c');
    CHECK(state_of("v1:" + most + ":1:0:") == state(most, 1, 0));
    CHECK(error_of("v1:" + most + "c:1:0:") == decode_error::cluster_too_long);
    CHECK(error_of("v1:" + most + "c:x:0:") == decode_error::local_index);
    CHECK(error_of("v1:" + most + "c:1:x:") == decode_error::replicated_index);
    CHECK(error_of("v1:" + most + "c:1:0:zz") == decode_error::hmac_hex);
    CHECK(state_of(std::string_view("v1:\0 \xff\n:1:0:", 12)) ==
          state(std::string_view("\0 \xff\n", 4), 1, 0));
}

TEST_CASE("bits that padding cuts off may be set")
{
    CHECK(decode_vault_index("djE6Y2lkOjE6MDp=") == decode_vault_index("djE6Y2lkOjE6MDo="));
}

TEST_CASE("what is encoded decodes to the same state, verified")
{
    for (std::string_view const cluster : {"c", "00af5aa8-c87d-b5fc-e82e-97cd8dfaf731"})
        for (std::uint64_t const local : {UINT64_C(0), UINT64_C(9), UINT64_C(10), UINT64_MAX})
            for (std::uint64_t const replicated : {UINT64_C(0), UINT64_C(1234567), UINT64_MAX}) {
                auto const text = encode_vault_index(state(cluster, local, replicated), key);
                auto const decoded = decode_vault_index(text, key);
                REQUIRE(decoded);
                CHECK(*decoded == state(cluster, local, replicated));
            }
}

TEST_CASE("the canonical spelling has lower-case digits")
{
    CHECK(encode_vault_index(state("my-cluster", 12345, 54321), key) ==
          "djE6bXktY2x1c3RlcjoxMjM0NTo1NDMyMToxYjkxNDRmNWVjMDY3YTJhNmQ2MDk5ZjE2NDE4YTNhZmQyZTVjZGE1YzllYzMxOG"
          "M5MmQwMG"
          "VkOGRkODIwN2U0");
}

TEST_CASE("the longest index that can be written has 232 bytes")
{
    auto const text = encode_vault_index(state(std::string(64, 'c'), UINT64_MAX, UINT64_MAX), key);
    CHECK(text.size() == 232);
    CHECK(decode_vault_index(text, key));
}

TEST_CASE("an index that is cut off anywhere is an error or the same state")
{
    for (std::size_t size = 0; size < signed_by_vault.size(); ++size) {
        std::string const cut(signed_by_vault.substr(0, size)); // of its own, so that reading on is noticed
        auto const decoded = decode_vault_index(cut);
        if (decoded)
            CHECK(decoded == decode_vault_index(signed_by_vault));
        CHECK_FALSE(decode_vault_index(cut, key));
    }
}

TEST_CASE("with the key, an index with one bit flipped is an error or the same state")
{
    for (std::size_t bit = 0; bit < 8 * signed_by_vault.size(); ++bit) {
        std::string flipped(signed_by_vault);
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
        static_cast<void>(decode_vault_index(flipped)); // may say anything, since nothing vouches for it
        auto const verified = decode_vault_index(flipped, key);
        if (verified) // a digit of the HMAC in the other case
            CHECK(verified == decode_vault_index(signed_by_vault));
    }
}

TEST_CASE("any byte in any place of the decoded text is an error or a state")
{
    std::string const text = "v1:cid:12:34:" + std::string(64, 'a');
    for (std::size_t place = 0; place < text.size(); ++place)
        for (int c = 0; c < 256; ++c) {
            std::string changed = text;
            changed[place] = static_cast<char>(c);
            auto const decoded = decode_vault_index(base64_encode(changed));
            if (decoded)
                CHECK_FALSE(decoded->cluster.empty());
            else
                CHECK(decoded.error() >= decode_error::no_separator);
        }
}

TEST_CASE("a number is made of decimal digits and nothing else, and of one at least")
{
    CHECK_FALSE(detail::read_decimal("").has_value());
    for (int byte = 0; byte < 256; ++byte) {
        std::string const text{'1', static_cast<char>(byte)};
        bool const is_digit = byte >= '0' && byte <= '9';
        CHECK(detail::read_decimal(text).has_value() == is_digit);
        if (is_digit)
            CHECK(detail::read_decimal(text) == static_cast<std::uint64_t>(10 + byte - '0'));
    }
}
