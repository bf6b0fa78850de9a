// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: what `decode_openbao_index` promises, and the order of what it reads.
#include <afterwrite/wire/index_field.hpp>
#include <afterwrite/wire/openbao_index.hpp>

#include "input.hpp"
#include "support/indices.hpp"

#include <compare>
#include <optional>
#include <string>

using namespace afterwrite;
using fuzz::expect;

namespace {

void try_index(opaque_index const& read, std::string const& text)
{
    expect(text.size() <= max_index_size && is_sendable(text), "what is read can be sent again");
    expect(!read.cluster.empty() && !read.value.empty(), "a state has a cluster and a value");
    auto const written = encode_openbao_index(read);
    if (written.size() <= max_index_size) { // escapes may make it longer than it was
        auto known = read;
        known.has_unknown_fields = false;
        expect(decode_openbao_index(written) == known, "what is written reads as it was meant");
    }
    expect(!(read < read) && !(read > read), "nothing is newer than itself");
    auto const either = decode_index(text);
    expect(either && (either->form == dialect::vault || either->openbao == read),
           "whoever reads both dialects reads the same");
}

/// Two values of one cluster are ordered as their numbers, or not at all.
void try_order(fuzz::input& from)
{
    using value_text = inline_string<opaque_index::max_value_size>;
    auto const fits = [](std::string_view text) { return text.substr(0, opaque_index::max_value_size); };
    opaque_index const a{cluster_id("c"), value_text(fits(from.line()))};
    opaque_index const b{cluster_id("c"), value_text(fits(from.line()))};
    auto const order = a <=> b;
    expect((b <=> a) == 0 <=> order, "two values are ordered alike either way");
    expect(a.value != b.value || order != std::partial_ordering::less, "a value is not less than itself");
    auto const one = a.number();
    auto const other = b.number();
    bool const is_ordered = order != std::partial_ordering::unordered;
    if (one && other && is_ordered)
        expect((*one <=> *other) == order, "values are ordered as their numbers");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    fuzz::input from(data, size);
    auto const how = from.below(3);
    if (how == 2) {
        try_order(from);
        return 0;
    }
    std::string text(from.rest());
    if (how == 1)
        text = base64_encode(text);
    if (auto const read = decode_openbao_index(text))
        try_index(*read, text);
    return 0;
}
