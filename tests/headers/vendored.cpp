// SPDX-License-Identifier: BSL-1.0
// Compiled twice, each time against another copy of the library; COPY is the name of the function it gives.
#include <afterwrite/afterwrite.hpp>

#include <cstdio>

void COPY()
{
    afterwrite::required_states states;
    static_cast<void>(states.record("djE6YTowOjA6"));
    auto const index = afterwrite::decode_vault_index("no index");
    std::printf("%d.%d.%d %s\n", afterwrite::version.major, afterwrite::version.minor,
                afterwrite::version.patch, index.has_value() ? "understood" : "rejected");
}
