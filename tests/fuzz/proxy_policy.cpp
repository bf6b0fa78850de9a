// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: what is promised of a proxy's configuration, HCL or JSON.
#include <afterwrite/bytes/hcl.hpp>
#include <afterwrite/policy/proxy_policy.hpp>

#include "input.hpp"

#include <algorithm>
#include <functional>
#include <string>

using namespace afterwrite;
using fuzz::expect;

namespace {

std::size_t lines_of(std::string_view text)
{
    return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Each token stands in the text, behind the one before.
void try_tokens(std::string_view text)
{
    hcl_reader reader(text);
    auto const* before = text.data();
    std::size_t line = 1;
    std::size_t tokens = 0;
    for (auto token = reader.next(); token != hcl_token::end; token = reader.next()) {
        expect(++tokens <= text.size() + 1, "each token takes something of the text");
        expect(reader.line() >= line && reader.line() <= lines_of(text),
               "lines go on, to the end of the text");
        line = reader.line();
        if (token == hcl_token::broken) {
            expect(reader.next() == hcl_token::broken, "nothing follows what is broken");
            return;
        }
        auto const value = reader.value();
        if (value.empty())
            continue;
        expect(!std::less<>{}(value.data(), before) &&
                   !std::greater<>{}(value.data() + value.size(), text.data() + text.size()),
               "what a token says stands in the text, behind the one before");
        before = value.data() + value.size();
    }
    expect(reader.next() == hcl_token::end, "the end stays the end");
}

std::string written(proxy_policy const& policy)
{
    auto const set = [](std::string_view key, std::string_view word) {
        return std::string(key).append(" = \"").append(word).append("\"\n");
    };
    return "api_proxy {\n" + set("enforce_consistency", to_string(policy.consistency.enforce)) +
           set("when_inconsistent", to_string(policy.consistency.when)) +
           set("consistency_scope", to_string(policy.scope)) + "}\n";
}

void try_policy(std::string const& text)
{
    auto const policy = parse_proxy_policy(text);
    if (!policy) {
        auto const& why = policy.error();
        expect(!why.message.empty() && why.line <= lines_of(text), "what is wrong has a sentence and a line");
        expect(
            std::all_of(why.message.begin(), why.message.end(), [](char c) { return c >= ' ' && c <= '~'; }),
            "a sentence can be shown");
        return;
    }
    expect(parse_proxy_policy(written(*policy)) == policy, "what is written reads as it was meant");
    expect(parse_proxy_policy("\n# nothing\n" + text) == policy, "a comment before it changes nothing");
    expect(parse_proxy_policy(text + "\n// nothing\n") == policy, "nor does one behind it");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string const text(data, data + size);
    try_tokens(text);
    try_policy(text);
    return 0;
}
