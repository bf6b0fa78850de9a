// SPDX-License-Identifier: BSL-1.0
// Builds a test against a mutated header and sees whether it fails.
#pragma once

#include "change.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace mutants {

/// Where things are, and what to build with.
struct setting {
    std::string source; ///< the folder with include/ and tests/
    std::string work;   ///< a folder of our own
    std::string compiler;
    std::string flags;     ///< of every command
    std::string simulator; ///< simulate.sh, and its first argument
};

enum class fate {
    caught,
    survived,
    not_built, ///< the change is no C++
};

/// Several threads may use one. What cannot be told is thrown as a sentence.
class trial {
public:
    explicit trial(setting const& where);

    /// Shows the mutant to the tests one after the other until one fails, and says in `by` which. A test must
    /// have passed without the change, and is given no more time than so many times what it took then.
    [[nodiscard]] fate judge(change const& mutant, std::vector<std::string> const& tests, std::string& by);

    /// The same with the simulator.
    [[nodiscard]] fate simulate(change const& mutant);

private:
    struct control {
        std::once_flag once;
        bool has_passed = false;
        int seconds = 0; ///< the time limit
    };

    [[nodiscard]] std::string text_of(std::string const& header);
    [[nodiscard]] std::string build_command(std::string const& test, std::string const& overlay,
                                            std::string const& program) const;
    [[nodiscard]] int time_limit_of(std::string const& test);
    [[nodiscard]] std::string overlay_of(change const& mutant);

    setting where_;
    std::string precompiled_; ///< the option that includes doctest, which takes long to compile
    std::mutex lock_;
    std::map<std::string, std::string> headers_;
    std::map<std::string, control> controls_;
};

} // namespace mutants
