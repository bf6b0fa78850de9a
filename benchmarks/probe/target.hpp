// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "options.hpp"

#include <afterwrite/adapters/curl.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {
class http_server;
}

namespace probe {

/// The cluster that is measured: an embedded one, which lives as long as this object, or a real one.
class target {
public:
    explicit target(options const& chosen);
    ~target();
    target(target const&) = delete;
    target& operator=(target const&) = delete;

    [[nodiscard]] bool is_embedded() const noexcept { return embedded_ != nullptr; }
    [[nodiscard]] std::vector<std::string> const& nodes() const noexcept { return nodes_; }

    /// "kv/afterwrite-probe-3f9a…": nothing outside of it is touched.
    [[nodiscard]] std::string const& folder() const noexcept { return folder_; }
    [[nodiscard]] std::string const& mount() const noexcept { return mount_; }

    [[nodiscard]] afterwrite::dialect form() const noexcept { return form_; }
    void set_form(afterwrite::dialect form) noexcept { form_ = form; }

    /// The settings of an embedded cluster, or the addresses of a real one, for people.
    [[nodiscard]] std::string description() const;

    /// How a node is called in a sentence.
    [[nodiscard]] std::string name_of(std::size_t node) const;

    /// A view that knows what is known beforehand: the dialect, the nodes, and of the embedded cluster which
    /// is active.
    [[nodiscard]] afterwrite::replication_view view() const;

    /// A connection of its own to a node. It is cut when a signal asks to stop, unless it is there to clean
    /// up.
    [[nodiscard]] std::unique_ptr<afterwrite::curl_transport> connect(std::size_t node,
                                                                      bool cleans_up = false) const;

    /// A request for /v1/PATH with the credentials. `body` must live as long as the request.
    [[nodiscard]] afterwrite::curl_request request(std::string_view method, std::string_view path,
                                                   std::string_view body = {}) const;

    /// Begins anew to count which node serves reads.
    void forget_served_reads();

    /// The share of the reads since then that the active node served; nothing if nobody knows.
    [[nodiscard]] std::optional<double> active_share();

private:
    std::unique_ptr<cluster::http_server> embedded_;
    std::size_t first_node_ = 0; ///< of `embedded_`; the nodes before it are not asked
    std::string lag_;
    std::vector<std::string> nodes_;
    std::string token_;
    std::string name_space_;
    std::string ca_file_;
    std::string mount_;
    std::string folder_;
    afterwrite::dialect form_;
};

} // namespace probe
