// SPDX-License-Identifier: BSL-1.0
#include "progress.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace probe {

void progress_bar::show(std::string_view what, std::uint64_t done, std::uint64_t all)
{
    constexpr std::size_t columns = 30;
    constexpr std::size_t longest_name = 18;
    if (!is_shown_ || all == 0)
        return;
    auto const full = static_cast<std::size_t>(std::min(done, all) * columns / all);
    std::string name(what.substr(0, longest_name));
    name.resize(longest_name, ' ');
    auto const elapsed =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin_);
    out_ << '\r' << name << " [" << std::string(full, '#') << std::string(columns - full, '.') << "] " << done
         << '/' << all << "  " << elapsed.count() << " s \x1b[K" << std::flush;
    is_drawn_ = true;
}

void progress_bar::clear()
{
    if (is_drawn_)
        out_ << "\r\x1b[K" << std::flush;
    is_drawn_ = false;
}

} // namespace probe
