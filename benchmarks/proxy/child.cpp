// SPDX-License-Identifier: BSL-1.0
#include "child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace proxy_load {

namespace {

/// A file without a name: its reader is never too slow for its writer.
int nameless_file()
{
    char name[] = "/tmp/afterwrite-proxy-XXXXXX";
    int const file = ::mkostemp(name, O_CLOEXEC);
    if (file >= 0)
        ::unlink(name);
    return file;
}

} // namespace

child::child(std::vector<std::string> const& command) : name_(command.front()), errors_(nameless_file())
{
    int ends[2];
    if (errors_ < 0 || ::pipe2(ends, O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe is to be had");
    std::vector<char*> arguments;
    for (auto const& word : command)
        arguments.push_back(const_cast<char*>(word.c_str())); // which execvp does not change
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::dup2(errors_, STDERR_FILENO);
        ::execvp(arguments.front(), arguments.data());
        std::perror(arguments.front());
        ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ends[0];
    if (pid_ < 0) {
        ::close(output_);
        ::close(errors_);
        throw std::runtime_error(name_ + " cannot be started");
    }
}

child::~child()
{
    if (pid_ > 0) {
        ::kill(pid_, SIGTERM);
        reap(0);
    }
    ::close(output_);
    ::close(errors_);
}

void child::reap(int options)
{
    if (pid_ > 0 && ::waitpid(pid_, &status_, options) == pid_)
        pid_ = -1;
}

bool child::is_running()
{
    reap(WNOHANG);
    return pid_ > 0;
}

bool child::read_more()
{
    char buffer[4096];
    auto const size = ::read(output_, buffer, sizeof buffer);
    if (size > 0)
        text_.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
}

std::string child::line_after(std::string_view start)
{
    for (;;) {
        std::istringstream lines(text_);
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with(start) && !lines.eof())
                return line.substr(start.size());
        if (!read_more())
            fail(" ended before it was ready");
    }
}

std::string child::finish()
{
    while (read_more()) {
    }
    reap(0);
    if (status_ != 0)
        fail(" failed");
    return text_;
}

void child::fail(std::string_view what)
{
    reap(0);
    std::string said(4096, '\0');
    auto const size = ::pread(errors_, said.data(), said.size(), 0);
    said.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    throw std::runtime_error(name_ + std::string(what) + ": " + said);
}

std::chrono::duration<double> child::cpu_time() const
{
    std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
    std::string line;
    std::getline(file, line);
    // proc(5): the name, in brackets, may hold anything; the times are the 12th and 13th word behind it.
    std::istringstream words(line.substr(line.rfind(')') + 1));
    std::string word;
    for (int i = 0; i < 11; ++i)
        words >> word;
    long user = 0;
    long system = 0;
    if (!(words >> user >> system))
        throw std::runtime_error(name_ + " has ended");
    return std::chrono::duration<double>(static_cast<double>(user + system) /
                                         static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

} // namespace proxy_load
