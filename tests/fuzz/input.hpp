// SPDX-License-Identifier: BSL-1.0
// What the programs here have in common: how they read an input, and how they say that it breaks a promise.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzz {

/// Ends the program unless the promise was kept; libFuzzer leaves the input then. A place to stop a debugger
/// at.
inline void expect(bool is_kept, char const* promise)
{
    if (is_kept)
        return;
    std::fprintf(stderr, "broken: %s\n", promise);
    std::abort();
}

/// Takes an input apart, from its beginning on. Beyond its end all bytes are 0, and texts are empty.
class input {
public:
    input(std::uint8_t const* data, std::size_t size) : rest_(reinterpret_cast<char const*>(data), size) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }

    std::uint8_t byte()
    {
        auto const first = text(1);
        return first.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(first.front());
    }

    /// Digits and letters give small numbers too, so that an input can be written by hand.
    std::size_t below(std::size_t bound) { return byte() % 16 % bound; }

    std::uint64_t number()
    {
        std::uint64_t value = 0;
        for (char const c : text(8))
            value = value << 8 | static_cast<std::uint8_t>(c);
        return value;
    }

    std::string_view text(std::size_t size)
    {
        auto const taken = rest_.substr(0, size);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    /// Up to the next line break, which is passed over.
    std::string_view line()
    {
        auto const taken = text(rest_.find('\n'));
        text(1);
        return taken;
    }

    std::string_view rest() { return text(rest_.size()); }

private:
    std::string_view rest_;
};

} // namespace fuzz
