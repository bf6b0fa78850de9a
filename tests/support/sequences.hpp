// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <vector>

namespace support {

/// Calls f(sequence) for every sequence of `length` letters, the letters being 0 to letters - 1.
template <class F>
void for_each_sequence(std::size_t letters, std::size_t length, F&& f)
{
    std::vector<std::size_t> sequence(length, 0);
    for (;;) {
        f(sequence);
        std::size_t place = 0;
        while (place < length && ++sequence[place] == letters)
            sequence[place++] = 0;
        if (place == length)
            return;
    }
}

} // namespace support
