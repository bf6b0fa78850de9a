// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: what `decode_consistent_token` promises, for texts that nobody has thought of.
#include <afterwrite/wire/consistent_token.hpp>

#include "support/tokens.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

/// The first byte says what the others are.
enum form : std::uint8_t { text_as_it_is, behind_the_prefix, outer_message, inner_message, forms };

/// Right inputs, without which no HMAC would ever be found.
std::vector<std::string> const& seeds()
{
    static auto const all = [] {
        std::vector<std::string> made;
        for (auto const& token :
             {vault_token(300), vault_token(UINT64_MAX, 7), openbao_token("16/B374D848")}) {
            made.push_back(static_cast<char>(text_as_it_is) + token);
            made.push_back(static_cast<char>(behind_the_prefix) + token.substr(4));
        }
        auto const inner = bytes_field(1, "hvs.A") + number_field(3, 2) + bytes_field(50, "5");
        made.push_back(static_cast<char>(inner_message) + inner);
        made.push_back(static_cast<char>(outer_message) + signed_message(inner));
        return made;
    }();
    return all;
}

std::string text_of(std::uint8_t how, std::string const& bytes)
{
    switch (how % forms) {
    case behind_the_prefix: return "hvs." + bytes;
    case outer_message: return token_of_message(bytes);
    case inner_message: return signed_token(bytes);
    default: return bytes;
    }
}

/// What is broken; nothing if all holds.
char const* broken(std::string const& text)
{
    auto const decoded = decode_consistent_token(text);
    auto const verified = decode_consistent_token(text, token_key);
    if (verified && verified != decoded)
        return "what is verified reads as something else";
    if (!decoded && verified != decoded && verified.error() != decode_error::hmac_mismatch)
        return "the key changes what is wrong";
    if (!decoded)
        return nullptr;
    if (text.size() > max_token_size || !may_carry_index(text))
        return "a token was read that carries none";
    if (decoded->form == dialect::unknown || decoded->local_index.empty())
        return "a token was read that says nothing";
    auto const visible = [](char c) { return c >= '!' && c <= '~'; };
    auto const index = decoded->local_index.view();
    if (!std::all_of(index.begin(), index.end(), visible))
        return "the index holds what nobody can see";
    if (decoded->form == dialect::vault && !decoded->number())
        return "an index of Vault is no number";
    return nullptr;
}

} // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned number)
{
    if (number % 64 != 0)
        return LLVMFuzzerMutate(data, size, max_size);
    auto const& seed = seeds()[number / 64 % seeds().size()];
    auto const length = std::min(seed.size(), max_size);
    std::copy_n(seed.begin(), length, data);
    return length;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    if (size == 0)
        return 0;
    auto const text = text_of(data[0], std::string(data + 1, data + size));
    if (auto const* const what = broken(text)) {
        std::fprintf(stderr, "%s: %s\n", what, text.c_str());
        std::abort();
    }
    return 0;
}
