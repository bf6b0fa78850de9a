// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/decode_error.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

using namespace afterwrite;

namespace {

constexpr decode_error all[] = {
    decode_error::too_long,         decode_error::cluster_too_long, decode_error::value_too_long,
    decode_error::no_room,          decode_error::unsafe_bytes,     decode_error::unknown_form,
    decode_error::not_base64,       decode_error::no_separator,     decode_error::hmac_hex,
    decode_error::hmac_mismatch,    decode_error::format,           decode_error::local_index,
    decode_error::replicated_index, decode_error::not_json,         decode_error::missing_field,
    decode_error::not_consistent,   decode_error::token_too_long,   decode_error::token_base64,
    decode_error::token_message,
};

} // namespace

TEST_CASE("every error has a sentence of its own")
{
    std::set<std::string_view> sentences;
    for (auto const error : all) {
        auto const sentence = to_string(error);
        CAPTURE(std::string(sentence));
        CHECK(sentence.starts_with("The "));
        CHECK(sentence.ends_with("."));
        CHECK(sentences.insert(sentence).second);
    }
}

TEST_CASE("the errors are numbered without a gap, so that they can be counted in an array")
{
    std::uint8_t next = 0;
    for (auto const error : all)
        CHECK(static_cast<std::uint8_t>(error) == next++);
}

TEST_CASE("a number that is no error still has a sentence")
{
    CHECK(to_string(static_cast<decode_error>(200)) == "The index is wrong in a way that has no name.");
}

TEST_CASE("a sentence names the bound")
{
    static_assert(max_index_size == 256);
    static_assert(to_string(decode_error::too_long) == "The index is longer than 256 bytes.");
    static_assert(max_token_size == 512);
    static_assert(to_string(decode_error::token_too_long) == "The token is longer than 512 bytes.");
}
