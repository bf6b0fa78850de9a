// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: the promises of `portable_trial`, for texts that nobody has thought of. tests/laws/ has a
// test that draws them, which every compiler can build.
#include <afterwrite/session/portable_session.hpp>

#include "support/portable_promises.hpp"

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

/// The first byte says which session is there already, and what the others are.
enum form : std::uint8_t { text_as_it_is, signed_text_as_it_is, payload, signed_payload, forms };

std::vector<session> const& hosts()
{
    static auto const all = portable_hosts();
    return all;
}

/// Right inputs, without which no index with its digits and braces would ever be found.
std::vector<std::string> const& seeds()
{
    static auto const all = [] {
        std::vector<std::string> made;
        for (auto const& host : hosts()) {
            auto const text = *export_session(host);
            auto const signed_text = *export_session(host, portable_key);
            made.push_back(static_cast<char>(text_as_it_is) + text);
            made.push_back(static_cast<char>(signed_text_as_it_is) + signed_text);
            made.push_back(static_cast<char>(payload) + unsealed(text));
            made.push_back(static_cast<char>(signed_payload) + unsealed(text));
        }
        return made;
    }();
    return all;
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
    std::string const bytes(data + 1, data + size);
    auto const how = data[0] % forms;
    bool const is_signed = how == signed_text_as_it_is || how == signed_payload;
    auto const* const key = is_signed ? &portable_key : nullptr;
    auto const text = how == payload || how == signed_payload ? sealed(bytes, key) : bytes;
    portable_trial const trial(hosts()[data[0] / forms % hosts().size()], text, key);
    if (!trial.broken().empty()) {
        std::fprintf(stderr, "%s: %s\n", std::string(trial.broken()).c_str(), text.c_str());
        std::abort();
    }
    return 0;
}
