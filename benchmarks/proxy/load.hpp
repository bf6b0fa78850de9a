// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "child.hpp"
#include "upstream.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace proxy_load {

/// How hard the proxies are driven.
struct load_options {
    double seconds = 1;    ///< of each measurement
    int connections = 32;  ///< kept alive
    int identities = 200;  ///< callers, each with a token; each has written once
    bool is_write = false; ///< PUT instead of GET
    bool by_tls = false;   ///< between proxy and nginx
};

/// One proxy program, before the upstream.
class contestant {
public:
    /// `enforce`: `never` or `always`. `name` is also that of its configuration's file.
    contestant(std::string name, std::string_view enforce, upstream const& behind,
               scratch_folder const& folder);

    [[nodiscard]] std::string const& name() const { return name_; }
    [[nodiscard]] std::string const& address() const { return address_; }
    [[nodiscard]] std::chrono::duration<double> cpu_time() const { return program_->cpu_time(); }

private:
    std::string name_;
    std::unique_ptr<child> program_;
    std::string address_;
};

/// What one measurement has shown.
struct measured {
    double requests_per_second = 0;
    double cpu_seconds_per_request = 0; ///< of the proxy
};

/// wrk, the load generator.
class load {
public:
    load(load_options chosen, scratch_folder const& folder);

    /// Each identity writes once. std::runtime_error if any of that is refused.
    void prepare(contestant const& which) const;

    /// What the upstream was asked for by a read through this proxy: an index, or nothing.
    [[nodiscard]] static std::string seen_upstream(contestant const& which);

    /// std::runtime_error if anything but success was answered.
    [[nodiscard]] measured measure(contestant const& which) const;

private:
    [[nodiscard]] std::string wrk(contestant const& which, double seconds, std::string const& script) const;

    load_options chosen_;
    std::string reading_;
    std::string writing_;
};

} // namespace proxy_load
