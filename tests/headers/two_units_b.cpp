// SPDX-License-Identifier: BSL-1.0
#include "two_units.hpp"

seen_by_a_unit seen_by_unit_b() { return {&afterwrite::version}; }
