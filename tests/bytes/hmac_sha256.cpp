// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/hmac_sha256.hpp>

#include <afterwrite/bytes/hex.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<hmac_key>);
static_assert(std::is_same_v<decltype(hmac_key("").sign("")), sha256_digest>);

namespace {

std::string signature(std::string_view key, std::string_view message)
{
    return hex_encode(hmac_key(key).sign(message));
}

constexpr bool equal(std::string_view a, std::string_view b)
{
    std::uint8_t left[8] = {};
    std::uint8_t right[8] = {};
    for (std::size_t i = 0; i < a.size(); ++i)
        left[i] = static_cast<std::uint8_t>(a[i]);
    for (std::size_t i = 0; i < b.size(); ++i)
        right[i] = static_cast<std::uint8_t>(b[i]);
    return equal_in_constant_time(std::span(left).first(a.size()), std::span(right).first(b.size()));
}

} // namespace

// RFC 4231, section 4, cases 1 to 7.
TEST_CASE("the vectors of RFC 4231 hold")
{
    CHECK(signature(std::string(20, '\x0b'), "Hi There") ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(signature("Jefe", "what do ya want for nothing?") ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(signature(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
          "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    std::string counting;
    for (char c = 1; c <= 25; ++c)
        counting += c;
    CHECK(signature(counting, std::string(50, '\xcd')) ==
          "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    CHECK(signature(std::string(20, '\x0c'), "Test With Truncation").substr(0, 32) ==
          "a3b6167473100ee06e0c796c2955552b");
    CHECK(signature(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    CHECK(signature(
              std::string(131, '\xaa'),
              "This is a test using a larger than block-size key and a larger than block-size data. The key "
              "needs to be hashed before being used by the HMAC algorithm.") ==
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST_CASE(
    "a key of one block is used as it is, a longer one is digested, and a shorter one is padded with zeros")
{
    std::string const block(64, 'k');
    std::string const longer(65, 'k');
    auto const digest = sha256().update(longer).finish();
    std::string const short_key(digest.begin(), digest.end());
    CHECK(signature(longer, "m") == signature(short_key, "m"));
    CHECK(signature(block, "m") != signature(longer, "m"));
    auto const digest_of_block = sha256().update(block).finish();
    CHECK(signature(block, "m") !=
          signature(std::string(digest_of_block.begin(), digest_of_block.end()), "m"));
    CHECK(signature("k", "m") == signature(std::string("k\0\0", 3), "m"));
}

TEST_CASE("a key signs any number of messages")
{
    constexpr hmac_key key("key");
    CHECK(key.sign("one") == hmac_key("key").sign("one"));
    CHECK(key.sign("two") == hmac_key("key").sign("two"));
    CHECK(key.sign("one") == hmac_key("key").sign("one"));
    CHECK(key.sign("one") != key.sign("two"));
}

TEST_CASE("signing is constexpr")
{
    static_assert(hmac_key("Jefe").sign("what do ya want for nothing?")[0] == 0x5b);
    static_assert(hmac_key("Jefe").sign("what do ya want for nothing?")[31] == 0x43);
}

TEST_CASE("equality in constant time is equality")
{
    static_assert(equal("", ""));
    static_assert(equal("abc", "abc"));
    static_assert(!equal("abc", "abd"));
    static_assert(!equal("abc", "\x61\x62\xe3"));
    static_assert(!equal("bbc", "abc"));
    static_assert(!equal("abc", "abcd"));
    static_assert(!equal("abcd", "abc"));
    static_assert(!equal("", "a"));
}
