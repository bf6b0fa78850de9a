// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/sha256.hpp>

#include <afterwrite/bytes/hex.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<sha256>);

namespace {

constexpr bool digests_to(std::string_view message, std::string_view expected)
{
    char text[64] = {};
    static_cast<void>(hex_encode(sha256().update(message).finish(), text));
    return std::string_view(text, 64) == expected;
}

std::string digest(std::string_view message) { return hex_encode(sha256().update(message).finish()); }

} // namespace

TEST_CASE("the examples of FIPS 180-4 hold, for the compiler too")
{
    static_assert(digests_to("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    static_assert(digests_to("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    static_assert(digests_to("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                             "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
    CHECK(digest("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                 "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu") ==
          "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

TEST_CASE("a million times a")
{
    CHECK(digest(std::string(1'000'000, 'a')) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("around the end of a block the padding takes one block or two")
{
    auto const letters = [](std::size_t count) { return digest(std::string(count, 'a')); };
    CHECK(letters(55) == "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    CHECK(letters(56) == "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
    CHECK(letters(57) == "f13b2d724659eb3bf47f2dd6af1accc87b81f09f59f2b75e5c0bed6589dfe8c6");
    CHECK(letters(63) == "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34");
    CHECK(letters(64) == "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
    CHECK(letters(65) == "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0");
    CHECK(letters(119) == "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb");
    CHECK(letters(120) == "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c");
    CHECK(letters(128) == "6836cf13bac400e9105071cd6af47084dfacad4e5e302c94bfed24e013afb73e");
}

TEST_CASE("a message may come in any pieces")
{
    std::string const message(200, 'x');
    auto const whole = sha256().update(message).finish();
    for (std::size_t first = 0; first <= message.size(); ++first)
        for (std::size_t second = 0; first + second <= message.size(); second += 13) {
            std::string_view const rest = std::string_view(message).substr(first);
            sha256 pieces;
            pieces.update(std::string_view(message).substr(0, first));
            pieces.update(rest.substr(0, second));
            pieces.update(rest.substr(second));
            REQUIRE(pieces.finish() == whole);
        }
}

TEST_CASE("a copy goes on by itself, and finishing ends nothing")
{
    sha256 beginning;
    beginning.update("ab");
    sha256 copy = beginning;
    CHECK(copy.update("c").finish() == sha256().update("abc").finish());
    CHECK(beginning.finish() == sha256().update("ab").finish());
    CHECK(beginning.update("c").finish() == copy.finish());
}

TEST_CASE("bytes are the same message as characters")
{
    std::uint8_t const bytes[] = {0x61, 0x62, 0xff};
    CHECK(sha256().update(std::span(bytes)).finish() == sha256().update("ab\xff").finish());

    std::vector<std::uint8_t> long_message; // of several blocks, no two alike
    for (int i = 0; i < 200; ++i)
        long_message.push_back(static_cast<std::uint8_t>(i));
    CHECK(sha256().update(std::span<std::uint8_t const>(long_message)).finish() ==
          sha256().update(std::string(long_message.begin(), long_message.end())).finish());
}

TEST_CASE("whole blocks leave nothing of themselves behind: they may be a key")
{
    std::uint8_t secret[2 * sha256::block_size];
    for (std::size_t i = 0; i < sizeof secret; ++i)
        secret[i] = static_cast<std::uint8_t>(0x80 + i);
    sha256 digested;
    digested.update(std::span<std::uint8_t const>(secret));
    unsigned char memory[sizeof digested];
    std::memcpy(memory, &digested, sizeof digested);
    for (auto const* const block : {secret, secret + sha256::block_size})
        CHECK(std::search(memory, memory + sizeof memory, block, block + 8) == memory + sizeof memory);
}
