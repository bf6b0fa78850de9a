// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "every_header.hpp" // written by the build: includes each header of the library

struct seen_by_a_unit {
    void const* version;
};
seen_by_a_unit seen_by_unit_a();
seen_by_a_unit seen_by_unit_b();
