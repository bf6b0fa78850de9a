// SPDX-License-Identifier: BSL-1.0
#include "server/child.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string_view>

namespace server {

namespace {

/// Starts it; `output` and `errors` become its own.
pid_t start(std::vector<std::string> words, int output, int errors)
{
    if (::access(words.front().c_str(), X_OK) != 0)
        throw std::runtime_error(words.front() + " is no program that can be started.");
    // All of it before the fork: other threads may hold the allocator's lock at that moment.
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::vector<char*> variables;
    for (char** each = environ; *each != nullptr; ++each)
        if (!std::string_view(*each).starts_with("VAULT_") && !std::string_view(*each).starts_with("BAO_"))
            variables.push_back(*each);
    variables.push_back(nullptr);
    auto const parent = ::getpid();
    auto const process = ::fork();
    if (process == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::setpgid(0, 0); // Ctrl-C is for this program, which ends the others in order
        if (::getppid() != parent)
            ::_exit(127);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(errors, STDERR_FILENO);
        ::execve(arguments.front(), arguments.data(), variables.data());
        ::_exit(127);
    }
    if (process < 0)
        throw std::runtime_error(words.front() + " cannot be started.");
    return process;
}

} // namespace

child::child(std::vector<std::string> const& command, std::filesystem::path const& log)
{
    int const file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0)
        throw std::runtime_error(log.string() + " cannot be written.");
    try {
        process_ = start(command, file, file);
    } catch (...) {
        ::close(file);
        throw;
    }
    ::close(file);
}

void child::kill()
{
    if (process_ < 0)
        return;
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
}

bool child::is_running()
{
    if (process_ > 0 && ::waitpid(process_, nullptr, WNOHANG) == process_)
        process_ = -1;
    return process_ > 0;
}

std::string output_of(std::vector<std::string> const& command)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        throw std::runtime_error("There is no pipe to be had.");
    pid_t process = -1;
    try {
        process = start(command, ends[1], ends[1]);
    } catch (...) {
        ::close(ends[0]);
        ::close(ends[1]);
        throw;
    }
    ::close(ends[1]);
    std::string text;
    std::array<char, 4096> part{};
    constexpr std::size_t most = 65536;
    for (;;) {
        auto const size = ::read(ends[0], part.data(), part.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0 || text.size() >= most)
            break;
        text.append(part.data(), static_cast<std::size_t>(size));
    }
    ::close(ends[0]);
    while (::waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
    }
    return text;
}

} // namespace server
