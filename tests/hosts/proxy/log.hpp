// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "settings.hpp"

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace proxy {

/// Lines for people, or JSON for machines, in the forms of Vault's log:
///
///     2026-01-02T03:04:05.678Z [INFO]  message: key=value other="with a blank"
///     {"@level":"info","@message":"message","@timestamp":"2026-01-02T03:04:05.678Z","key":"value"}
///
/// Any thread may write; a line is written at once or not at all. Never hand it a token, a body or an index:
/// tests look for them.
class log {
public:
    static constexpr std::size_t longest_text = 1024;

    using field = std::pair<std::string_view, std::string_view>;

    /// Writes to the file, which is opened for appending; std::runtime_error with a sentence if it cannot be.
    explicit log(log_settings chosen);

    /// Hands each line to `sink` instead, without its end.
    log(log_settings chosen, std::function<void(std::string const&)> sink);
    ~log();
    log(log const&) = delete;
    log& operator=(log const&) = delete;

    [[nodiscard]] bool is_on(log_level level) const noexcept { return level >= chosen_.level; }

    /// Opens the file anew, since the old one may have been moved away. Any thread. If it cannot be opened
    /// the old one stays: false, and a line says so.
    bool reopen();

    /// `message` and fields may hold any bytes: those that are not visible are written as escapes. Of a text
    /// the first `longest_text` bytes are written.
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
    int file_ = -1; // of `chosen_.file`; -1: there is none
    std::function<void(std::string const&)> sink_;
};

} // namespace proxy
