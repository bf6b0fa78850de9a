// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace proxy {

/// What is wrong with a word: the rest of a sentence that begins with the name of its setting, such as
/// `takes a duration such as "30s", not "soon"`. Empty if nothing is.
using complaint = std::string;

/// In quotes, and nothing but visible ASCII as it is.
[[nodiscard]] std::string in_quotes(std::string_view text);

// Each reads a word of a configuration file, a flag or an environment variable into a setting, as Vault reads
// it there. Sources: Vault's parseutil, configutil and listenerutil.

/// Anything without control bytes.
complaint set_text(std::string& to, std::string_view word);
/// A file that can be read; its name counts from the folder where the proxy was started.
complaint set_file(std::string& to, std::string_view word);
complaint set_folder(std::string& to, std::string_view word);
/// 1, t, T, true, True, TRUE, and the same for false.
complaint set_switch(bool& to, std::string_view word);
/// A number of seconds, or with units ns, us, ms, s, m, h and (alone) d: "1m30s", "0.5s". Not 0, and no more
/// than a year.
complaint set_duration(std::chrono::nanoseconds& to, std::string_view word);
/// The same, or 0.
complaint set_grace(std::chrono::nanoseconds& to, std::string_view word);
/// A number of bytes, or with units kb (1000), kib (1024), mb, mib, gb, gib, tb, tib. Not 0.
complaint set_size(std::uint64_t& to, std::string_view word);
/// The same, up to 64 KiB: see `client_limits::max_header_bytes`.
complaint set_header_size(std::size_t& to, std::string_view word);
/// As `set_count`, up to 10 000 000, which take 1 GB.
complaint set_identities(std::size_t& to, std::string_view word);
/// A whole number from 1 on.
complaint set_count(std::size_t& to, std::string_view word);
/// A whole number from 0 on.
complaint set_count_or_none(std::size_t& to, std::string_view word);
/// As `set_count`, up to 256.
complaint set_workers(std::size_t& to, std::string_view word);
/// `num_retries`, to a count of attempts: 0 is the default, which is 0 here too; -1 means none.
complaint set_num_retries(std::uint32_t& to, std::string_view word);
/// `VAULT_MAX_RETRIES`, to a count of attempts.
complaint set_max_retries(std::uint32_t& to, std::string_view word);
/// `http://HOST[:PORT]`, `https://HOST[:PORT]` or `unix:///PATH`.
complaint set_upstream(std::string& to, std::string_view word);
/// The same without unix.
complaint set_node(std::string& to, std::string_view word);
/// `HOST:PORT`; without a host: all of IPv4.
complaint set_tcp_address(std::string& to, std::string_view word);
/// What may stand in a header field, so no blanks.
complaint set_namespace(std::string& to, std::string_view word);
/// Octal permissions.
complaint set_mode(std::string& to, std::string_view word);
/// trace, debug, info, warn, error, in any case; notice and err as with Vault.
complaint set_level(log_level& to, std::string_view word);
/// standard, json; `to` is whether it is JSON.
complaint set_format(bool& to, std::string_view word);
/// default, metrics_only; `to` is whether it is the latter.
complaint set_role(bool& to, std::string_view word);

complaint set_enforce(afterwrite::enforce_consistency& to, std::string_view word);
complaint set_when(afterwrite::when_inconsistent& to, std::string_view word);
complaint set_scope(afterwrite::proxy_scope& to, std::string_view word);

/// One of the comma-separated words of `disable_keep_alives` or `disable_idle_connections`: whether it means
/// the proxying of requests.
complaint set_disabled(bool& to, std::string_view word);

} // namespace proxy
