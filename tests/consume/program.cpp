// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/afterwrite.hpp>

#include <cstdio>

int main()
{
    std::printf("%d.%d.%d\n", afterwrite::version.major, afterwrite::version.minor,
                afterwrite::version.patch);
    return afterwrite::decode_vault_index("no index").has_value() ? 1 : 0;
}
