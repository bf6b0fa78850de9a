// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

// Replaces operator new of the whole program, to count. So only one file of a program includes this.

namespace support {

inline std::atomic<std::size_t> allocations{0};

inline void* counted(std::size_t size)
{
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* const memory = std::malloc(size > 0 ? size : 1))
        return memory;
    throw std::bad_alloc();
}

} // namespace support

// Not inlined: where it sees through one of these and not the other, g++ takes them for mismatched.
[[gnu::noinline]] void* operator new(std::size_t size) { return support::counted(size); }
[[gnu::noinline]] void* operator new[](std::size_t size) { return support::counted(size); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
