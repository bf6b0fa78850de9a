// SPDX-License-Identifier: BSL-1.0
#include "log.hpp"

#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace proxy {

namespace {

constexpr std::string_view name_of(log_level level)
{
    switch (level) {
    case log_level::trace: return "trace";
    case log_level::debug: return "debug";
    case log_level::info: return "info";
    case log_level::warn: return "warn";
    case log_level::error: return "error";
    }
    return "error";
}

/// As wide as the widest of them.
constexpr std::string_view mark_of(log_level level)
{
    switch (level) {
    case log_level::trace: return "[TRACE] ";
    case log_level::debug: return "[DEBUG] ";
    case log_level::info: return "[INFO]  ";
    case log_level::warn: return "[WARN]  ";
    case log_level::error: return "[ERROR] ";
    }
    return "[ERROR] ";
}

std::string time_now()
{
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    auto const milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    auto const seconds = static_cast<std::time_t>(milliseconds / 1000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    auto const size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text + size, sizeof text - size, ".%03dZ", static_cast<int>(milliseconds % 1000));
    return text;
}

/// What is not visible ASCII becomes `escape` and two hexadecimal digits, so that a line stays one line, and
/// a terminal shows what is there. A quote and a backslash get a backslash where they would be ambiguous.
void append_safe(std::string& line, std::string_view text, std::string_view escape, bool in_quotes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    auto const start = line.size();
    for (char const c : text) {
        if (line.size() - start >= log::longest_text) {
            line += "...";
            return;
        }
        auto const byte = static_cast<unsigned char>(c);
        if (byte < ' ' || byte > '~')
            line.append(escape).append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
        else if (c == '\\' || (c == '"' && in_quotes))
            line.append(1, '\\').append(1, c);
        else
            line += c;
    }
}

void append_json(std::string& line, std::string_view name, std::string_view text)
{
    line += line.empty() ? "{\"" : ",\"";
    append_safe(line, name, "\\u00", true);
    line += "\":\"";
    append_safe(line, text, "\\u00", true);
    line += '"';
}

std::string json_line(log_level level, std::string_view message, std::span<log::field const> fields)
{
    std::string line;
    append_json(line, "@level", name_of(level));
    append_json(line, "@message", message);
    append_json(line, "@timestamp", time_now());
    for (auto const& [name, text] : fields)
        append_json(line, name, text);
    return line + '}';
}

std::string plain_line(log_level level, std::string_view message, std::span<log::field const> fields)
{
    std::string line = time_now() + ' ';
    line += mark_of(level);
    append_safe(line, message, "\\x", false);
    if (fields.size() != 0)
        line += ':';
    for (auto const& [name, text] : fields) {
        line += ' ';
        append_safe(line, name, "\\x", false);
        line += '=';
        bool const needs_quotes = text.empty() || text.find_first_of(" \"=,") != text.npos;
        line.append(needs_quotes ? "\"" : "");
        append_safe(line, text, "\\x", needs_quotes);
        line.append(needs_quotes ? "\"" : "");
    }
    return line;
}

int open_for_appending(std::string const& path)
{
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0640);
}

} // namespace

log::log(log_settings chosen) : chosen_(std::move(chosen))
{
    if (chosen_.file.empty())
        return;
    file_ = open_for_appending(chosen_.file);
    if (file_ < 0)
        throw std::runtime_error("log_file: cannot open " + chosen_.file + ": " + std::strerror(errno));
}

log::log(log_settings chosen, std::function<void(std::string const&)> sink)
    : chosen_(std::move(chosen)), sink_(std::move(sink))
{}

log::~log()
{
    if (file_ >= 0)
        ::close(file_);
}

bool log::reopen()
{
    if (file_ < 0)
        return true;
    // The number stays, so that no other thread ever writes to a closed file.
    int const opened = open_for_appending(chosen_.file);
    bool const is_replaced = opened >= 0 && ::dup3(opened, file_, O_CLOEXEC) == file_;
    int const why = errno;
    if (opened >= 0)
        ::close(opened);
    if (!is_replaced)
        error("the log file cannot be opened anew", {{"file", chosen_.file}, {"error", std::strerror(why)}});
    return is_replaced;
}

std::string log::line_of(log_level level, std::string_view message, std::span<field const> fields) const
{
    return chosen_.is_json ? json_line(level, message, fields) : plain_line(level, message, fields);
}

/// Whether it was taken, all of it and at once. With the lock held: a pipe with room for one line, of no more
/// than PIPE_BUF bytes, takes it without waiting. Standard error may be shared with others, so that it is
/// not made to be non-blocking.
bool log::put(std::string line) const
{
    line += '\n';
    pollfd to{.fd = file_ >= 0 ? file_ : STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (line.size() > PIPE_BUF || ::poll(&to, 1, 0) != 1 || (to.revents & POLLOUT) == 0)
        return false;
    return ::write(to.fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

void log::write_line(log_level level, std::string_view message, std::span<field const> fields)
{
    auto line = line_of(level, message, fields);
    if (sink_)
        return sink_(line);
    std::lock_guard const held(lock_);
    if (untold_ > 0) {
        auto const count = std::to_string(untold_);
        field const how_many{"lines", count};
        if (put(line_of(log_level::warn, "lines were left out: the log did not take them", {&how_many, 1})))
            untold_ = 0;
    }
    if (untold_ == 0 && put(std::move(line)))
        return;
    ++untold_;
    ++dropped_;
}

void log::write(log_level level, std::string_view message, std::initializer_list<field> fields)
{
    if (is_on(level))
        write_line(level, message, {fields.begin(), fields.size()});
}

void log::write_seldom(log_level level, std::string_view message, std::initializer_list<field> fields)
{
    if (!is_on(level))
        return;
    std::uint64_t unsaid = 0;
    {
        std::lock_guard const held(lock_);
        auto& known = seldom_[std::string(message)];
        auto const now = std::chrono::steady_clock::now();
        if (known.written && now - *known.written < pause) {
            ++known.unsaid;
            return;
        }
        known.written = now;
        unsaid = std::exchange(known.unsaid, 0);
    }
    std::vector<field> all(fields);
    auto const count = std::to_string(unsaid);
    if (unsaid > 0)
        all.emplace_back("unsaid", count);
    write_line(level, message, all);
}

} // namespace proxy
