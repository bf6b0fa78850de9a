// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace probe {

/// A file that is replaced at the end or not at all: until `write` nothing that was in it is lost. What is no
/// regular file (a pipe, a device) is written as it is.
class json_file {
public:
    json_file() = default;
    ~json_file();
    json_file(json_file const&) = delete;
    json_file& operator=(json_file const&) = delete;

    /// Opens NAME.tmp beside it. False if NAME could not be written later on.
    [[nodiscard]] bool open(std::string const& name);

    /// Puts the text there. False if that failed, and then the file is as it was.
    [[nodiscard]] bool write(std::string_view text);

private:
    std::filesystem::path place_;
    std::filesystem::path temporary_; ///< empty if there is none
    std::ofstream file_;
};

} // namespace probe
