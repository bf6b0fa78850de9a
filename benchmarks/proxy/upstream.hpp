// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "child.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace proxy_load {

/// A folder that is gone at the end.
class scratch_folder {
public:
    scratch_folder();
    ~scratch_folder();
    scratch_folder(scratch_folder const&) = delete;
    scratch_folder& operator=(scratch_folder const&) = delete;

    [[nodiscard]] std::filesystem::path const& path() const { return path_; }

    /// Writes a file, and returns its path.
    [[nodiscard]] std::string write(std::string const& name, std::string const& text) const;

private:
    std::filesystem::path path_;
};

/// An nginx on 127.0.0.1 that answers at once: a write with an index, a read with a small secret, and below
/// /v1/seen with the index that was asked for, so that it can be checked what a proxy sends.
class upstream {
public:
    /// `program`: the path of nginx. `by_tls`: as a Vault is reached.
    upstream(std::string const& program, scratch_folder const& folder, bool by_tls);

    [[nodiscard]] std::string address() const { return scheme_ + "://127.0.0.1:" + std::to_string(port_); }

    /// Whom a proxy has to trust; empty without TLS.
    [[nodiscard]] std::string const& authority() const { return authority_; }

private:
    std::string scheme_;
    std::string authority_;
    unsigned short port_ = 0;
    std::unique_ptr<child> nginx_;
};

} // namespace proxy_load
