// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: how a field's value is split, and that of Retry-After is read.
#include <afterwrite/wire/index_field.hpp>
#include <afterwrite/wire/retry_after.hpp>

#include "input.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using fuzz::expect;

namespace {

using texts = std::vector<std::string>;

texts split(std::string_view value)
{
    texts found;
    for_each_index(value, [&](std::string_view index) { found.emplace_back(index); });
    return found;
}

std::string joined(texts const& members)
{
    std::string value;
    for (auto const& each : members)
        value += (value.empty() ? "" : ", ") + each;
    return value;
}

void try_split(std::string_view value, std::string_view more)
{
    auto const members = split(value);
    for (auto const& each : members) {
        expect(!each.empty() && each.find(',') == std::string::npos,
               "a member holds no comma, but something");
        expect(std::string_view(" \t").find(each.front()) == std::string_view::npos &&
                   std::string_view(" \t").find(each.back()) == std::string_view::npos,
               "no blanks stand around a member");
        expect(value.find(each) != std::string_view::npos, "a member stands in the value");
        expect(!is_sendable(each) || split(each) == texts{each}, "what can be sent stays whole");
    }
    expect(split(joined(members)) == members, "members that are joined are split alike");
    auto both = members;
    for (auto const& each : split(more))
        both.push_back(each);
    expect(split(std::string(value) + "," + std::string(more)) == both,
           "two fields read as one that joins them");
}

void try_decode(std::string_view index)
{
    auto const decoded = decode_index(index);
    if (!decoded) {
        expect(decoded.error() != decode_error::unknown_form || is_sendable(index),
               "a text of neither dialect that is kept can be sent");
        return;
    }
    expect(is_sendable(index), "what is read can be sent");
    expect(!decoded->cluster().empty(), "what is read is of a cluster");
    expect(dialect_of(index) == dialect::unknown || dialect_of(index) == decoded->form,
           "its first bytes tell the dialect");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    fuzz::input from(data, size);
    auto const value = from.line();
    try_split(value, from.rest());
    for_each_index(value, try_decode);
    if (auto const wait = read_retry_after(value))
        expect(*wait >= duration::zero() && *wait <= max_retry_after,
               "a wait lies between nothing and the bound");
    return 0;
}
