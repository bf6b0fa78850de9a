// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/hmac_sha256.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/result.hpp>
#include <afterwrite/state/opaque_index.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/state/wal_state.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/consistent_token.hpp>
#include <afterwrite/wire/decode_error.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/field_names.hpp>
#include <afterwrite/wire/index_field.hpp>
#include <afterwrite/wire/openbao_index.hpp>
#include <afterwrite/wire/vault_index.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What one value of `X-Vault-Inconsistent` says.
enum class inconsistent_word : std::uint8_t { none, fail, forward_active_node, await_state, other };

/// What `X-Vault-Forward` says. An empty one is absent.
enum class forward_word : std::uint8_t { absent, active_node, other };

/// What OpenBao makes of an index.
enum class openbao_reading : std::uint8_t {
    absent,     ///< none, or one that names no state or a cluster that nobody can be: nothing is required
    readable,   ///< see `requirement::openbao`
    unreadable, ///< neither base64 nor JSON: an error of the request
    past_bound, ///< longer than we keep; nobody knows what it requires, so every standby lacks it
};

/// What a request requires of the node that it came to: its fields as both dialects read them, taken apart
/// once. A plain value below 512 bytes that refers to nothing, so it may be kept while the request waits.
///
/// `requirement_of` fills it from a message; the members with a verb do it from bare field values.
struct requirement {
    /// So many lines of an index are read. A session sends two a cluster; whoever sends more than this gets
    /// an answer from no standby of Vault.
    static constexpr std::size_t max_index_lines = 32;

    /// How many lines of `X-Vault-Index` there are, the empty ones too.
    std::size_t index_lines = 0;

    /// Vault: what its lines demand together, as far as they can be read and are of one cluster.
    wal_state vault{};

    /// Vault: a line says nothing that a node could have. It is no index, is not signed (where the key is
    /// known), is of another cluster than the lines before it, or is one too many.
    bool has_unusable_line = false;

    /// OpenBao: what its only line says.
    openbao_reading reading = openbao_reading::absent;
    opaque_index openbao{};

    /// How many lines of `X-Vault-Inconsistent` there are, and the first two.
    std::size_t inconsistent_lines = 0;
    std::array<inconsistent_word, 2> inconsistent{};

    /// Vault: the first line of `X-Vault-Forward`.
    forward_word forward = forward_word::absent;

    /// `X-Vault-No-Request-Forwarding`: rather a redirect than a node that forwards. A performance standby
    /// of Vault does not heed it.
    bool refuses_forwarding = false;

    /// The index in the token; none if it has none, or cannot be read: whether a token is valid is decided
    /// where it is looked up.
    std::optional<consistent_token> token{};

    /// A login: it comes without a token, so one that it has anyway is not checked.
    bool is_login = false;

    /// `sys/health`, `sys/leader` or `sys/seal-status`, which tell of the node alone. Vault looks at no
    /// field of theirs, OpenBao does.
    bool asks_node = false;

    /// One line of `X-Vault-Index`; with `key`, a Vault index counts only if it is signed with it.
    constexpr void add_index_line(std::string_view line, hmac_key const* key = nullptr) noexcept
    {
        ++index_lines;
        bool const is_vault = dialect_of(line) == dialect::vault;
        if (index_lines == 1)
            read_openbao(line, is_vault);
        auto const state = !is_vault || index_lines > max_index_lines
                               ? result<wal_state, decode_error>(unexpected(decode_error::unknown_form))
                           : key != nullptr ? decode_vault_index(line, *key)
                                            : decode_vault_index(line);
        bool const is_first = vault.cluster.empty();
        if (!state || (!is_first && state->cluster != vault.cluster)) {
            has_unusable_line = true;
            return;
        }
        vault.cluster = state->cluster;
        vault.position = join(vault.position, state->position);
    }

    /// One line of `X-Vault-Inconsistent`.
    constexpr void add_inconsistent_line(std::string_view line) noexcept
    {
        auto const word = line == field_names::fail                  ? inconsistent_word::fail
                          : line == field_names::forward_active_node ? inconsistent_word::forward_active_node
                          : line == field_names::await_state         ? inconsistent_word::await_state
                                                                     : inconsistent_word::other;
        if (inconsistent_lines < inconsistent.size())
            inconsistent[inconsistent_lines] = word;
        ++inconsistent_lines;
    }

    /// The first line of `X-Vault-Forward`.
    constexpr void set_forward(std::string_view line) noexcept
    {
        forward = line.empty()                       ? forward_word::absent
                  : line == field_names::active_node ? forward_word::active_node
                                                     : forward_word::other;
    }

    /// The token, without `Bearer`.
    constexpr void set_token(std::string_view text, hmac_key const* key = nullptr) noexcept
    {
        auto const decoded =
            key != nullptr ? decode_consistent_token(text, *key) : decode_consistent_token(text);
        token = decoded ? std::optional(*decoded) : std::nullopt;
    }

    /// The target of the request, with its query or without. A gateway may have something before `/v1/`.
    constexpr void set_path(std::string_view path) noexcept
    {
        path = path.substr(0, path.find('?'));
        auto const api = path.find("/v1/");
        if (api == path.npos)
            return;
        auto const below = path.substr(api + 3); // with its slash
        asks_node = below == "/sys/health" || below == "/sys/leader" || below == "/sys/seal-status";
        auto const mount = below.find("/auth/"); // a namespace may stand before it
        // between them the name of a mount, one byte at least
        auto const login = mount != below.npos ? below.find("/login", mount + 7) : below.npos;
        is_login = login != below.npos && (login + 6 == below.size() || below[login + 6] == '/');
    }

private:
    constexpr void read_openbao(std::string_view line, bool is_vault) noexcept
    {
        if (line.empty())
            return;
        auto const index = is_vault ? result<opaque_index, decode_error>(unexpected(decode_error::not_json))
                                    : decode_openbao_index(line);
        reading = index ? openbao_reading::readable : reading_of(index.error());
        openbao = *index;
    }

    static constexpr openbao_reading reading_of(decode_error why) noexcept
    {
        switch (why) {
        case decode_error::missing_field:    // names no state
        case decode_error::cluster_too_long: // no node's cluster
            return openbao_reading::absent;
        case decode_error::too_long:
        case decode_error::value_too_long: return openbao_reading::past_bound;
        default: return openbao_reading::unreadable;
        }
    }
};

namespace detail {

inline constexpr std::string_view no_request_forwarding = "X-Vault-No-Request-Forwarding";

template <message M, class Visit>
constexpr void for_each_line(M const& m, std::string_view name, Visit&& visit)
{
    message_traits<M>::for_each(m, name, [&visit](std::string_view value) {
        if constexpr (joins_fields<M>)
            for_each_index(value, visit);
        else
            visit(value);
    });
}

/// The first line of that name, as Go's `Header.Get` finds it, goes to `visit`.
template <message M, class Visit>
constexpr void visit_first(M const& m, std::string_view name, Visit&& visit)
{
    bool is_first = true;
    message_traits<M>::for_each(m, name, [&](std::string_view value) {
        if (is_first)
            visit(value);
        is_first = false;
    });
}

template <message M>
[[nodiscard]] constexpr requirement read_requirement(M const& request, hmac_key const* key)
{
    requirement found;
    for_each_line(request, field_names::index,
                  [&](std::string_view line) { found.add_index_line(line, key); });
    for_each_line(request, field_names::inconsistent,
                  [&](std::string_view line) { found.add_inconsistent_line(line); });
    visit_first(request, field_names::forward, [&](std::string_view line) { found.set_forward(line); });
    visit_first(request, no_request_forwarding,
                [&](std::string_view line) { found.refuses_forwarding = !line.empty(); });

    bool has_token = false;
    visit_first(request, field_names::token, [&](std::string_view line) {
        has_token = !line.empty();
        found.set_token(line, key);
    });
    message_traits<M>::for_each(request, field_names::authorization, [&](std::string_view line) {
        constexpr std::string_view scheme = "Bearer ";
        if (has_token || !line.starts_with(scheme))
            return;
        has_token = true;
        line.remove_prefix(scheme.size());
        while (line.starts_with(' '))
            line.remove_prefix(1);
        found.set_token(line, key);
    });
    found.set_path(path_of(request));
    return found;
}

} // namespace detail

/// Reads what a request requires, for `decide`. Allocates nothing.
///
/// Lines of one name must be visited in the order in which they came. They are taken as they are: no server
/// splits them at commas, but where the stack has joined lines, see `joins_fields`. Without a path in the
/// traits, a request counts as neither a login nor one that asks for the node's health.
///
/// Tokens in bodies (`auth/token/lookup` and its like) are not seen; Vault checks their index too.
template <message M>
[[nodiscard]] constexpr requirement requirement_of(M const& request)
{
    return detail::read_requirement(request, nullptr);
}

/// The same beside the server, which has the key: what is not signed with it is no index of Vault's, and no
/// token.
template <message M>
[[nodiscard]] constexpr requirement requirement_of(M const& request, hmac_key const& key)
{
    return detail::read_requirement(request, &key);
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
