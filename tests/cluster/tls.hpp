// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace cluster {

/// A certificate and its private key, both PEM text.
struct tls_identity {
    std::string certificate;
    std::string key;
};

/// A fresh self-signed P-256 certificate for 127.0.0.1 and localhost, valid for one day.
/// It is its own root: hand `certificate` to a client as the authority that it trusts.
[[nodiscard]] tls_identity make_self_signed();

} // namespace cluster
