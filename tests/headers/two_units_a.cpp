// SPDX-License-Identifier: BSL-1.0
#include "two_units.hpp"

#include <cstdio>

seen_by_a_unit seen_by_unit_a() { return {&afterwrite::version}; }

int main()
{
    if (seen_by_unit_a().version == seen_by_unit_b().version)
        return 0;
    std::puts("The two units do not share what is inline.");
    return 1;
}
