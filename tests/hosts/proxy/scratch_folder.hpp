// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace proxy_tests {

/// A folder for the files of one test; it goes away with it.
class scratch_folder {
public:
    scratch_folder() : path_((std::filesystem::temp_directory_path() / "afterwrite_XXXXXX").string())
    {
        if (::mkdtemp(path_.data()) == nullptr)
            throw std::runtime_error("there is no place for files: " + path_);
    }
    ~scratch_folder() { std::filesystem::remove_all(path_); }
    scratch_folder(scratch_folder const&) = delete;
    scratch_folder& operator=(scratch_folder const&) = delete;

    /// The path of a file in it, which need not be there.
    [[nodiscard]] std::string operator/(std::string const& name) const { return path_ + '/' + name; }

    /// Makes a file, and says its path.
    std::string write(std::string const& name, std::string const& text) const
    {
        std::ofstream(*this / name, std::ios::binary) << text;
        return *this / name;
    }

    [[nodiscard]] std::string read(std::string const& name) const
    {
        std::ifstream file(*this / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    std::string path_;
};

} // namespace proxy_tests
