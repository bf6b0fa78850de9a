// SPDX-License-Identifier: BSL-1.0
#include "log.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
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
    for (char const c : text.substr(0, log::longest_text)) {
        auto const byte = static_cast<unsigned char>(c);
        if (byte < ' ' || byte > '~')
            line.append(escape).append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
        else if (c == '\\' || (c == '"' && in_quotes))
            line.append(1, '\\').append(1, c);
        else
            line += c;
    }
    if (text.size() > log::longest_text)
        line += "...";
}

void append_json(std::string& line, std::string_view name, std::string_view text)
{
    line += line.empty() ? "{\"" : ",\"";
    append_safe(line, name, "\\u00", true);
    line += "\":\"";
    append_safe(line, text, "\\u00", true);
    line += '"';
}

std::string json_line(log_level level, std::string_view message, std::initializer_list<log::field> fields)
{
    std::string line;
    append_json(line, "@level", name_of(level));
    append_json(line, "@message", message);
    append_json(line, "@timestamp", time_now());
    for (auto const& [name, text] : fields)
        append_json(line, name, text);
    return line + '}';
}

std::string plain_line(log_level level, std::string_view message, std::initializer_list<log::field> fields)
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
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
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

void log::write(log_level level, std::string_view message, std::initializer_list<field> fields)
{
    if (!is_on(level))
        return;
    auto line = chosen_.is_json ? json_line(level, message, fields) : plain_line(level, message, fields);
    if (sink_)
        return sink_(line);
    // One write, so that lines of several threads do not mix. A log that cannot be written stops nobody.
    line += '\n';
    while (::write(file_ >= 0 ? file_ : STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
    }
}

} // namespace proxy
