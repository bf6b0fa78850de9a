// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "document.hpp"
#include "settings.hpp"

#include <afterwrite/result.hpp>

#include <string>
#include <string_view>

namespace proxy {

/// Reads a configuration of Vault Proxy, in HCL or JSON, on top of what earlier ones said: listeners are
/// added, and what else stands in it takes the place of what stood there before, whole blocks at a time.
///
///     vault       address ca_cert ca_path client_cert client_key tls_server_name tls_skip_verify namespace
///                 retry { num_retries }
///                 ours: nodes timeout connect_timeout max_idle_connections
///     listener    of "tcp": address; of "unix": address socket_mode socket_user socket_group
///                 tls_disable tls_cert_file tls_key_file tls_client_ca_file tls_disable_client_certs
///                 tls_require_and_verify_client_cert require_request_header role proxy_api { enable_quit }
///                 ours: pass_forwarded, see `remove_forwarded_fields`
///     api_proxy   enforce_consistency when_inconsistent
///                 ours: consistency_scope; see `parse_proxy_policy`, also for these words in `cache`
///     pid_file log_level log_format log_file disable_idle_connections disable_keep_alives
///     ours:       workers max_identities shutdown_grace proxy_api { enable_quit }, for every listener, and
///     limits      max_connections max_header_size max_request_size max_replay_size
///                 header_timeout body_timeout idle_timeout min_body_rate
///
/// Errors: what Vault Proxy has and this proxy has not, unless it is set to false; a setting that it does not
/// know either (Vault Proxy passes over it); one that is there twice, or of the wrong type; a file that
/// cannot be read; a listener with neither a certificate nor `tls_disable`. Without `num_retries` attempts
/// are limited by time, not to the 12 retries of Vault Proxy.
///
/// Sources: Vault command/proxy/config, internalshared/configutil, internalshared/listenerutil.
[[nodiscard]] afterwrite::result<settings, configuration_error> read_configuration(std::string_view text,
                                                                                   settings so_far = {});

/// The same of a file, or of those of a folder whose names end in .hcl or .json, in their order. The error
/// says which file and line it is about.
[[nodiscard]] afterwrite::result<settings, std::string> read_configuration_files(std::string const& path,
                                                                                 settings so_far = {});

/// What is missing when all is read, with flags and environment; empty if nothing is.
[[nodiscard]] std::string what_is_missing(settings const& chosen);

} // namespace proxy
