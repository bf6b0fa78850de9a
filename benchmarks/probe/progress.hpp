// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string_view>

namespace probe {

/// A bar on a terminal that is redrawn in place; silent elsewhere. One thread.
class progress_bar {
public:
    progress_bar(std::ostream& out, bool is_terminal) : out_(out), is_shown_(is_terminal) {}
    ~progress_bar() { clear(); }
    progress_bar(progress_bar const&) = delete;
    progress_bar& operator=(progress_bar const&) = delete;

    void show(std::string_view what, std::uint64_t done, std::uint64_t all);

    /// Takes it away, so that something can be printed in its place.
    void clear();

private:
    std::ostream& out_;
    bool is_shown_;
    bool is_drawn_ = false;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

} // namespace probe
