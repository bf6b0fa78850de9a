// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: the promises of `portable_trial`, for texts that nobody has thought of. tests/laws/ has a
// test that draws them, which every compiler can build.
#include <afterwrite/session/portable_session.hpp>

#include "input.hpp"
#include "support/portable_promises.hpp"

#include <string>
#include <vector>

using namespace afterwrite;
using namespace support;

/// The first byte says what the others are, the text or what it is made of, with a seal that is signed or
/// not; the second one, which session is there already.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    static auto const hosts = portable_hosts();
    fuzz::input from(data, size);
    auto const how = from.below(4);
    auto const& host = hosts[from.byte() % hosts.size()];
    auto const* const key = how % 2 == 1 ? &portable_key : nullptr;
    std::string const bytes(from.rest());
    portable_trial const trial(host, how < 2 ? bytes : sealed(bytes, key), key);
    fuzz::expect(trial.broken().empty(), std::string(trial.broken()).c_str());
    return 0;
}
