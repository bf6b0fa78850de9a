// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: what `decode_vault_index` promises.
#include <afterwrite/wire/index_field.hpp>
#include <afterwrite/wire/vault_index.hpp>

#include "input.hpp"
#include "support/indices.hpp"

#include <string>
#include <string_view>

using namespace afterwrite;
using namespace support;
using fuzz::expect;

namespace {

/// What an index is made of: the bytes as they are, in base64, or signed before that.
std::string index_of(fuzz::input& from)
{
    auto const how = from.below(3);
    std::string bytes(from.rest());
    if (how == 0)
        return bytes;
    if (how == 2) {
        auto const hmac = test_key.sign(bytes);
        bytes += ":" + hex_encode(hmac);
    }
    return base64_encode(bytes);
}

void try_text(std::string const& index)
{
    auto const read = decode_vault_index(index);
    auto const verified = decode_vault_index(index, test_key);
    expect(!verified || verified == read, "what is verified reads alike without a key");
    expect(read || !verified, "a key makes nothing readable");
    expect(read || verified.error() == read.error() || verified.error() == decode_error::hmac_mismatch,
           "a key changes nothing that is wrong but the HMAC");
    if (!read)
        return;
    expect(index.size() <= max_index_size && is_sendable(index), "what is read can be sent again");
    expect(!read->cluster.empty(), "a state is of a cluster");
    auto const written = encode_vault_index(*read, test_key);
    expect(decode_vault_index(written, test_key) == read, "what is written reads as it was meant");
    expect(written.size() <= 232, "an index has at most 232 bytes");
    auto const either = decode_index(index);
    expect(either && either->form == dialect::vault && either->vault == *read,
           "whoever reads both dialects reads the same");
}

/// Any state there is can be written and read.
void try_state(fuzz::input& from)
{
    wal_position const position{from.number(), from.number()};
    auto const name = from.rest().substr(0, cluster_id::max_size);
    if (name.empty() || name.find(':') != std::string_view::npos)
        return;
    wal_state const state{cluster_id(name), position};
    expect(decode_vault_index(encode_vault_index(state, test_key), test_key) == state,
           "a state reads as it was written");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    fuzz::input from(data, size);
    if (from.below(4) == 3)
        try_state(from);
    else
        try_text(index_of(from));
    return 0;
}
