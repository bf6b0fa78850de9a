// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "settings.hpp"

#include <string>

namespace proxy {

/// Takes away what a proxy has left there that was killed. setup_error: somebody listens there, or it is no
/// socket.
void remove_stale_socket(std::string const& path);

/// As the listener was told. setup_error: there is no such user, or one may not.
void set_owner_and_mode(listener_settings const& chosen);

} // namespace proxy
