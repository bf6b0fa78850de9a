// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "settings.hpp"

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace proxy {

/// Lines for people, or JSON for machines. Any thread may write; a line is written at once or not at all.
/// Never hand it a token, a body or an index: tests look for them.
class log {
public:
    using field = std::pair<std::string_view, std::string_view>;

    /// Writes to the file, which is opened for appending; std::runtime_error with a sentence if it cannot be.
    explicit log(log_settings chosen);

    /// Hands each line to `sink` instead, without its end.
    log(log_settings chosen, std::function<void(std::string const&)> sink);
    ~log();
    log(log const&) = delete;
    log& operator=(log const&) = delete;

    [[nodiscard]] bool is_on(log_level level) const noexcept { return level >= chosen_.level; }

    /// `message` and fields may hold any bytes: those that are not visible are written as escapes.
    void write(log_level level, std::string_view message, std::initializer_list<field> fields = {});

    void error(std::string_view message, std::initializer_list<field> fields = {})
    {
        write(log_level::error, message, fields);
    }
    void warn(std::string_view message, std::initializer_list<field> fields = {})
    {
        write(log_level::warn, message, fields);
    }
    void info(std::string_view message, std::initializer_list<field> fields = {})
    {
        write(log_level::info, message, fields);
    }
    void debug(std::string_view message, std::initializer_list<field> fields = {})
    {
        write(log_level::debug, message, fields);
    }

private:
    log_settings chosen_;
    std::function<void(std::string const&)> sink_;
};

} // namespace proxy
