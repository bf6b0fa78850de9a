// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace proxy_load {

/// Another program, which ends with this object.
class child {
public:
    /// Looked for as a shell does. std::runtime_error if it cannot be started.
    explicit child(std::vector<std::string> const& command);
    ~child();
    child(child const&) = delete;
    child& operator=(child const&) = delete;

    /// Its standard output as far as the line that begins with `start`, and what follows that on the line.
    /// std::runtime_error, with what it said on standard error, if it ends before.
    [[nodiscard]] std::string line_after(std::string_view start);

    /// All that it writes to its standard output. std::runtime_error if it fails.
    [[nodiscard]] std::string finish();

    /// Whether it still runs.
    [[nodiscard]] bool is_running();

    /// The time that its threads have had a processor.
    [[nodiscard]] std::chrono::duration<double> cpu_time() const;

private:
    [[nodiscard]] bool read_more();
    [[noreturn]] void fail(std::string_view what);
    void reap(int options);

    std::string name_;
    pid_t pid_ = -1;
    int output_ = -1;
    int errors_ = -1; ///< a file that is nowhere
    int status_ = 0;
    std::string text_;
};

} // namespace proxy_load
