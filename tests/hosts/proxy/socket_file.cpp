// SPDX-License-Identifier: BSL-1.0
#include "socket_file.hpp"

#include "server.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <system_error>

namespace proxy {

namespace {

[[noreturn]] void fail(std::string const& path, std::string const& what)
{
    throw setup_error("listener \"" + path + "\": " + what);
}

[[nodiscard]] std::string last_error() { return std::generic_category().message(errno); }

[[nodiscard]] bool has_listener(std::string const& path)
{
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, path.data(), path.size());
    int const probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool const is_refused =
        ::connect(probe, reinterpret_cast<sockaddr const*>(&at), sizeof at) != 0 && errno == ECONNREFUSED;
    ::close(probe);
    return !is_refused;
}

[[nodiscard]] std::optional<unsigned> number_in(std::string const& text, int base)
{
    unsigned number = 0;
    auto const end = text.data() + text.size();
    auto const parsed = std::from_chars(text.data(), end, number, base);
    return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(number) : std::nullopt;
}

[[nodiscard]] unsigned user_of(listener_settings const& chosen)
{
    if (auto const number = number_in(chosen.socket_user, 10))
        return *number;
    auto const* const found = ::getpwnam(chosen.socket_user.c_str());
    if (found == nullptr)
        fail(chosen.address, "socket_user \"" + chosen.socket_user + "\" is nobody's name");
    return found->pw_uid;
}

[[nodiscard]] unsigned group_of(listener_settings const& chosen)
{
    if (auto const number = number_in(chosen.socket_group, 10))
        return *number;
    auto const* const found = ::getgrnam(chosen.socket_group.c_str());
    if (found == nullptr)
        fail(chosen.address, "socket_group \"" + chosen.socket_group + "\" is no group's name");
    return found->gr_gid;
}

} // namespace

void remove_stale_socket(std::string const& path)
{
    struct stat what {};
    if (::lstat(path.c_str(), &what) != 0)
        return;
    if (!S_ISSOCK(what.st_mode))
        fail(path, "something is there that is no socket");
    if (has_listener(path))
        fail(path, "somebody listens there already");
    if (::unlink(path.c_str()) != 0)
        fail(path, "the socket that is there cannot be removed: " + last_error());
}

std::optional<file_identity> file_identity::of(std::string const& path)
{
    struct stat what {};
    if (::lstat(path.c_str(), &what) != 0)
        return std::nullopt;
    return file_identity{what.st_dev, what.st_ino};
}

void remove_file(std::string const& path, file_identity const& which)
{
    if (file_identity::of(path) == which)
        ::unlink(path.c_str());
}

void set_owner_and_mode(listener_settings const& chosen)
{
    auto const user = chosen.socket_user.empty() ? ~0u : user_of(chosen);
    auto const group = chosen.socket_group.empty() ? ~0u : group_of(chosen);
    if (::chown(chosen.address.c_str(), user, group) != 0)
        fail(chosen.address, "its owner cannot be set: " + last_error());
    if (chosen.socket_mode.empty())
        return;
    auto const mode = number_in(chosen.socket_mode, 8);
    if (!mode || *mode > 07777)
        fail(chosen.address, "socket_mode \"" + chosen.socket_mode + "\" is no octal mode");
    if (::chmod(chosen.address.c_str(), *mode) != 0)
        fail(chosen.address, "its mode cannot be set: " + last_error());
}

} // namespace proxy
