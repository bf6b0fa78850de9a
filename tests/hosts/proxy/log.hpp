// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "settings.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace proxy {

/// Lines for people, or JSON for machines, in the forms of Vault's log:
///
///     2026-01-02T03:04:05.678Z [INFO]  message: key=value other="with a blank"
///     {"@level":"info","@message":"message","@timestamp":"2026-01-02T03:04:05.678Z","key":"value"}
///
/// Any thread may write, and none ever waits: a line that is not taken at once, by a pipe that nobody reads
/// or a disk that is full, is counted and left out; how many were is told as soon as lines are taken again.
/// Never hand it a token, a body or an index: tests look for them.
class log {
public:
    static constexpr std::size_t longest_text = 1024; ///< as it is written, with escapes
    static constexpr std::chrono::seconds pause{10};  ///< between two lines of `write_seldom`

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
    /// about the first `longest_text` bytes are written.
    void write(log_level level, std::string_view message, std::initializer_list<field> fields = {});

    /// For what others can bring about as often as they like: of each message, which is a constant, one line
    /// in a while, in which `unsaid` is how many there were since the last one.
    void write_seldom(log_level level, std::string_view message, std::initializer_list<field> fields = {});

    /// Lines that were left out.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

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
    /// When a message was last written, and what happened since.
    struct repetition {
        std::optional<std::chrono::steady_clock::time_point> written{};
        std::uint64_t unsaid = 0;
    };

    void write_line(log_level level, std::string_view message, std::span<field const> fields);
    [[nodiscard]] std::string line_of(log_level level, std::string_view message,
                                      std::span<field const> fields) const;
    [[nodiscard]] bool put(std::string line) const;

    log_settings chosen_;
    int file_ = -1; // of `chosen_.file`; -1: there is none
    std::mutex lock_{};
    std::map<std::string, repetition, std::less<>> seldom_{};
    std::atomic<std::uint64_t> dropped_{0};
    std::uint64_t untold_ = 0; // of those
    std::function<void(std::string const&)> sink_;
};

} // namespace proxy
