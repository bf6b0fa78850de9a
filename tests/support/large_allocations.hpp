// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

// Replaces operator new of the whole program, to count. So only one file of a program includes this.

namespace support {

// Counts what this thread allocates in pieces of at least so many bytes; 0: nothing.
inline thread_local std::size_t large_from = 0;
inline thread_local std::size_t large_allocations = 0;

} // namespace support

// Not inlined: where it sees through one of these and not the other, g++ takes them for mismatched.
[[gnu::noinline]] void* operator new(std::size_t size)
{
    if (support::large_from != 0 && size >= support::large_from)
        ++support::large_allocations;
    if (void* const memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
