// SPDX-License-Identifier: BSL-1.0
#include "file_limit.hpp"
#include "flags.hpp"
#include "log.hpp"
#include "server.hpp"

#include <afterwrite/version.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

/// Says who this process is, for as long as it lives.
class pid_file {
public:
    /// None if there is no path. std::runtime_error if it cannot be written.
    explicit pid_file(std::string path) : path_(std::move(path))
    {
        if (path_.empty())
            return;
        std::ofstream file(path_);
        file << ::getpid() << std::endl;
        if (!file.good())
            throw std::runtime_error("pid_file: cannot write " + path_ + ": " + std::strerror(errno));
    }
    ~pid_file() { remove(path_); }
    pid_file(pid_file const&) = delete;
    pid_file& operator=(pid_file const&) = delete;

    /// Unless another process has written itself there meanwhile.
    static void remove(std::string const& path)
    {
        ::pid_t written = 0;
        if (!path.empty() && std::ifstream(path) >> written && written == ::getpid())
            ::unlink(path.c_str());
    }

private:
    std::string path_;
};

/// The signals that mean something. They are taken by `wait` alone: no handler ever runs.
class signals {
public:
    /// To be made before any thread, since threads inherit what is blocked.
    signals()
    {
        ::sigemptyset(&set_);
        for (int const each : {SIGINT, SIGTERM, SIGHUP})
            ::sigaddset(&set_, each);
        ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
        std::signal(SIGPIPE, SIG_IGN); // whoever writes hears of it by an error
    }

    [[nodiscard]] int wait() const
    {
        int which = 0;
        while (::sigwait(&set_, &which) != 0) {
        }
        return which;
    }

private:
    sigset_t set_{};
};

/// While it ends, a second signal ends the process at once.
void end_at_second_signal(signals const& pending, std::string const& path_of_pid)
{
    std::thread([pending, path_of_pid] {
        int which = SIGHUP;
        while (which == SIGHUP)
            which = pending.wait();
        pid_file::remove(path_of_pid);
        ::_exit(128 + which);
    }).detach();
}

/// Until a signal, or a client that may, asks for the end.
int serve(proxy::settings const& chosen)
{
    signals const pending;
    proxy::raise_file_limit();
    proxy::log log(chosen.log);
    proxy::server server(chosen, log, [] { ::kill(::getpid(), SIGTERM); });
    pid_file const file(chosen.pid_file);
    for (auto const& address : server.addresses())
        std::cout << "listening at " << address << std::endl; // a port may be the system's choice
    while (pending.wait() == SIGHUP) {
        bool const is_reopened = log.reopen();
        if (server.reload() && is_reopened)
            log.info("certificates were read, and the log file was opened, anew");
    }
    end_at_second_signal(pending, chosen.pid_file);
    if (server.drain())
        return 0;
    log.warn("requests were cut off, since they took too long");
    return 1;
}

int run(std::vector<std::string> const& arguments)
{
    auto const line = proxy::read_command_line(arguments, [](char const* name) { return std::getenv(name); });
    if (!line) {
        std::cerr << "afterwrite.proxy: " << line.error().message << '\n';
        return line.error().status;
    }
    switch (line->what) {
    case proxy::command_line::task::help: std::cout << proxy::help(); return 0;
    case proxy::command_line::task::version:
        std::cout << "afterwrite.proxy " << afterwrite::version.major << '.' << afterwrite::version.minor
                  << '.' << afterwrite::version.patch << '\n';
        return 0;
    case proxy::command_line::task::check: std::cout << "valid\n"; return 0;
    case proxy::command_line::task::serve: return serve(line->chosen);
    }
    return 2;
}

} // namespace

int main(int count, char** values)
{
    try {
        return run({values + 1, values + count});
    } catch (std::exception const& error) {
        std::cerr << "afterwrite.proxy: " << error.what() << '\n';
        return 1;
    }
}
