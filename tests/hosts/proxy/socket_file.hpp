// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "settings.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace proxy {

/// Takes away what a proxy has left there that was killed. setup_error: somebody listens there, or it is no
/// socket.
void remove_stale_socket(std::string const& path);

/// A file by what it is, and not by its name.
struct file_identity {
    dev_t device{};
    ino_t number{};

    /// Of what lies at a path; nothing if nothing does.
    [[nodiscard]] static std::optional<file_identity> of(std::string const& path);

    friend bool operator==(file_identity const&, file_identity const&) = default;
};

/// Takes a file away, unless another one has taken its place.
void remove_file(std::string const& path, file_identity const& which);

/// As the listener was told. setup_error: there is no such user, or one may not.
void set_owner_and_mode(listener_settings const& chosen);

} // namespace proxy
