// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: whatever happens in whatever order, the library keeps in the simulation what it promises.
#include "input.hpp"
#include "simulation/byte_script.hpp"
#include "simulation/run.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto const seen = simulation::run(simulation::read_byte_script({data, size}));
    auto const what =
        seen.found.empty() ? "" : std::string(seen.found[0].invariant) + ": " + seen.found[0].what;
    fuzz::expect(seen.violations == 0, what.c_str());
    return 0;
}
