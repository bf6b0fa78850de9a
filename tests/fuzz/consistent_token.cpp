// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: what `decode_consistent_token` promises, for texts that nobody has thought of.
#include <afterwrite/wire/consistent_token.hpp>

#include "input.hpp"
#include "support/tokens.hpp"

#include <algorithm>
#include <string>

using namespace afterwrite;
using namespace support;
using fuzz::expect;

namespace {

/// The first byte says what the others are.
std::string text_of(fuzz::input& from)
{
    auto const how = from.below(4);
    std::string const bytes(from.rest());
    switch (how) {
    case 1: return "hvs." + bytes;
    case 2: return token_of_message(bytes);
    case 3: return signed_token(bytes);
    default: return bytes;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    fuzz::input from(data, size);
    auto const text = text_of(from);
    auto const decoded = decode_consistent_token(text);
    auto const verified = decode_consistent_token(text, token_key);
    expect(!verified || verified == decoded, "what is verified reads alike without a key");
    expect(decoded || verified == decoded || verified.error() == decode_error::hmac_mismatch,
           "a key changes nothing that is wrong but the HMAC");
    if (!decoded)
        return 0;
    expect(text.size() <= max_token_size && may_carry_index(text), "what is read can carry an index");
    expect(decoded->form != dialect::unknown && !decoded->local_index.empty(), "what is read says something");
    auto const visible = [](char c) { return c >= '!' && c <= '~'; };
    auto const index = decoded->local_index.view();
    expect(std::all_of(index.begin(), index.end(), visible), "an index can be shown");
    expect(decoded->form != dialect::vault || decoded->number(), "an index of Vault is a number");
    return 0;
}
