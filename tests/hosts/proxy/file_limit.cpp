// SPDX-License-Identifier: BSL-1.0
#include "file_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace proxy {

namespace {

/// What is open whoever is connected: the log, certificates while they are read, and a few of each worker's.
constexpr std::uint64_t own_files = 32;
constexpr std::uint64_t files_of_worker = 4;

} // namespace

std::uint64_t raise_file_limit() noexcept
{
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)::setrlimit(RLIMIT_NOFILE, &files);
    }
    return file_limit();
}

std::uint64_t file_limit() noexcept
{
    rlimit files{};
    return ::getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : RLIM_INFINITY;
}

std::size_t connections_within(std::uint64_t files, settings const& chosen) noexcept
{
    auto const& upstream = chosen.upstream;
    std::uint64_t const places = upstream.nodes.size() + 1;
    std::uint64_t const idle =
        std::min<std::uint64_t>(upstream.max_idle_connections, files) * places * chosen.workers;
    std::uint64_t const others =
        own_files + files_of_worker * chosen.workers + chosen.listeners.size() + std::min(idle, files / 4);
    std::uint64_t const room = files > others ? (files - others) / 2 : 0;
    return std::max<std::size_t>(std::min<std::uint64_t>(chosen.limits.max_connections, room), 1);
}

} // namespace proxy
