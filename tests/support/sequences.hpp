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

/// Goes through every sequence of 1 to `length` letters as a tree: step(state, letter) makes of what is known
/// after a sequence what is known after one letter more, so that each beginning is gone through once.
template <class State, class Step>
void walk_sequences(std::size_t letters, std::size_t length, State const& from, Step&& step)
{
    for (std::size_t letter = 0; letter < letters && length > 0; ++letter) {
        State next = from;
        step(next, letter);
        walk_sequences(letters, length - 1, next, step);
    }
}

} // namespace support
