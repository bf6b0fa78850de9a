// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/portable_error.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

using namespace afterwrite;

namespace {

constexpr portable_error all[] = {
    portable_error::too_long,        portable_error::unsafe_bytes,      portable_error::malformed,
    portable_error::unknown_version, portable_error::checksum_mismatch, portable_error::mac_missing,
    portable_error::key_missing,     portable_error::mac_mismatch,
};

} // namespace

TEST_CASE("every way to fail has a sentence of its own")
{
    std::set<std::string_view> sentences;
    for (auto const error : all) {
        auto const sentence = to_string(error);
        CAPTURE(std::string(sentence));
        CHECK(sentence.starts_with("The text of the session "));
        CHECK(sentence.ends_with("."));
        CHECK(sentences.insert(sentence).second);
    }
}

TEST_CASE("the ways to fail are numbered without a gap, so that they can be counted in an array")
{
    std::uint8_t next = 0;
    for (auto const error : all)
        CHECK(static_cast<std::uint8_t>(error) == next++);
    CHECK(to_string(static_cast<portable_error>(next)) ==
          "The text of the session is wrong in a way that has no name.");
}

TEST_CASE("the sentence names the bound, which leaves room for a cookie's name and attributes")
{
    static_assert(max_portable_size == 4096 - 256);
    static_assert(to_string(portable_error::too_long) ==
                  "The text of the session is longer than 3840 bytes.");
}
