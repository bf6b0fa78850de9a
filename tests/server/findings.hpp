// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <ostream>
#include <string>

namespace server {

/// What was checked, told as it happens. One thread.
class findings {
public:
    explicit findings(std::ostream& out) : out_(out) {}

    /// `sentence` says what has to hold, `seen` what was seen.
    void check(bool holds, std::string const& sentence, std::string const& seen = {})
    {
        ++(holds ? passed_ : failed_);
        out_ << (holds ? "ok      " : "FAILED  ") << sentence << (seen.empty() ? "" : ": ") << seen
             << std::endl;
    }

    void tell(std::string const& words) { out_ << words << std::endl; }

    [[nodiscard]] std::size_t passed() const noexcept { return passed_; }
    [[nodiscard]] std::size_t failed() const noexcept { return failed_; }

private:
    std::ostream& out_;
    std::size_t passed_ = 0;
    std::size_t failed_ = 0;
};

} // namespace server
