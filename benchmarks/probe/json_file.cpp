// SPDX-License-Identifier: BSL-1.0
#include "json_file.hpp"

#include <system_error>

namespace probe {

namespace fs = std::filesystem;

constexpr int most_links = 40; // as Linux: more are a circle

json_file::~json_file()
{
    std::error_code ignored;
    if (!temporary_.empty())
        fs::remove(temporary_, ignored);
}

bool json_file::open(std::string const& name)
{
    std::error_code error;
    place_ = name;
    // Or a link would be replaced, and not what it names, which need not be there yet.
    for (int links = 0; links < most_links && fs::is_symlink(place_, error); ++links)
        place_ = place_.parent_path() / fs::read_symlink(place_, error);
    auto const kind = fs::status(place_, error).type();
    if (kind == fs::file_type::directory || !place_.has_filename())
        return false;
    bool const is_replaced = kind == fs::file_type::regular || kind == fs::file_type::not_found;
    fs::path const opened = is_replaced ? fs::path(place_.string() + ".tmp") : place_;
    file_.open(opened);
    if (file_ && is_replaced)
        temporary_ = opened;
    return file_.is_open();
}

bool json_file::write(std::string_view text)
{
    file_ << text << std::flush;
    bool const is_whole = file_.good();
    file_.close();
    if (!is_whole || file_.fail() || temporary_.empty())
        return is_whole && !file_.fail();
    std::error_code error;
    fs::rename(temporary_, place_, error);
    if (!error)
        temporary_.clear();
    return !error;
}

} // namespace probe
