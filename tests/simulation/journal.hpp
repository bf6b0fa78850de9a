// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "dice.hpp"
#include "history/history.hpp"

#include <string>

namespace simulation {

/// Writes down what happens, for whoever wants to read it: nothing unless it is asked to.
struct journal {
    history::writer* history = nullptr; ///< what the clients saw
    std::string* diary = nullptr;       ///< what they did, for people

    /// Adds the line that tell() returns to the diary, if there is one.
    template <class Tell>
    void note(nanoseconds at, Tell&& tell) const
    {
        if (diary == nullptr)
            return;
        diary->append(time_words(at)).append(tell()).append("\n");
    }

    /// What a line begins with: of the same width for each time.
    [[nodiscard]] static std::string time_words(nanoseconds at)
    {
        auto const time = std::to_string(at.count() / 1000);
        return std::string(time.size() < 12 ? 12 - time.size() : 0, ' ') + time + " us  ";
    }
};

} // namespace simulation
