// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/hmac_sha256.hpp>
#include <afterwrite/clock.hpp>
#include <afterwrite/lock.hpp>
#include <afterwrite/result.hpp>
#include <afterwrite/session/portable_error.hpp>
#include <afterwrite/session/portable_text.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/session/shared_session.hpp>
#include <afterwrite/version.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Something whose states can be written: `session`, `shared_session`, a handle of a store.
template <class S>
concept exportable_session = requires(S const& from)
{
    {
        from.required()
        } -> std::convertible_to<required_states>;
};

/// Something that can require what was read.
template <class S>
concept importing_session = requires(S& into, required_states const& required, time_point now)
{
    {
        into.merge(required, now)
        } -> std::same_as<recorded>;
};

/// Whether a session keeps what it is told to itself. What is not signed may come from anybody, and whoever
/// makes up an index can make those wait for ever who require it. So it may enter a session that one caller
/// has for himself, and nothing else: no session that is kept for others, as a proxy does, and none that a
/// floor takes in when it is evicted. A type is trusted with it only if this is specialised for it.
template <class S>
inline constexpr bool keeps_to_itself = false;
template <>
inline constexpr bool keeps_to_itself<session> = true;
template <basic_lockable Lock>
inline constexpr bool keeps_to_itself<shared_session<Lock>> = true;

/// What the text of a session says. `import_session` takes it, and heeds whether it is authenticated.
struct portable_session {
    required_states required{};

    /// Whether it was signed with the reader's key. If not, anybody may have written it.
    bool is_authenticated = false;

    /// For how long its fences still stand, at most; the end of time if the text does not say.
    duration fences_last = duration::max();
};

/// Writes all that a session requires, its fences included: at most `max_portable_size` letters, digits, '-',
/// '_' and '.'. What does not fit is `portable_error::too_long`, never cut. A text of neither dialect travels
/// only where nothing else is required, just as it is sent. Allocates.
///
/// Anybody can write such a text. It tells how much a cluster writes, but no secret, and no time but for how
/// long a fence still stood when the session last heard of one. It says nothing of epochs: a text from before
/// a restore requires the old history again, until that is noticed once more.
template <exportable_session S>
[[nodiscard]] result<std::string, portable_error> export_session(S const& from)
{
    return detail::write_portable(from.required(), nullptr);
}

/// The same, signed, for where it passes through hands that are not trusted: HMAC-SHA256 with a key that is
/// used for nothing else. It does not say whose session it is: take a key for each identity where that
/// matters. Whoever has an old text can bring it again, but then it asks for nothing new.
template <exportable_session S>
[[nodiscard]] result<std::string, portable_error> export_session(S const& from, hmac_key const& key)
{
    return detail::write_portable(from.required(), &key);
}

/// Reads the text of a session that is not signed, without merging it in anywhere. A text that was cut off,
/// or of which one character was altered, is always refused. See `portable_error`. Allocates.
[[nodiscard]] inline result<portable_session, portable_error> read_session(std::string_view text)
{
    auto fences_last = duration::max();
    auto const required = detail::read_portable(text, nullptr, fences_last);
    if (!required)
        return unexpected(required.error());
    return portable_session{*required, false, fences_last};
}

/// The same for a text that must be signed with this key; compared in constant time.
[[nodiscard]] inline result<portable_session, portable_error> read_session(std::string_view text,
                                                                           hmac_key const& key)
{
    auto fences_last = duration::max();
    auto const required = detail::read_portable(text, &key, fences_last);
    if (!required)
        return unexpected(required.error());
    return portable_session{*required, true, fences_last};
}

/// Requires from now on what was read, beside what `into` requires already. What is not authenticated enters
/// only what `keeps_to_itself`; elsewhere it is `portable_error::mac_missing`. An error changes nothing.
template <class S>
    requires importing_session<std::remove_reference_t<S>> result<recorded, portable_error>
    import_session(S&& into, portable_session const& read, time_point now)
    {
        if (!read.is_authenticated && !keeps_to_itself<std::remove_cvref_t<S>>)
            return unexpected(portable_error::mac_missing);
        if (read.fences_last == duration::max())
            return into.merge(read.required, now); // a fence begins anew
        auto required = read.required;
        required.advance(now, read.fences_last);
        return into.merge(required, now);
    }

/// Reads the text of a session that is not signed, and requires from now on what that session did, beside
/// what `into` requires already. An error changes nothing. What the text says is believed: so this is there
/// only for what `keeps_to_itself`. Allocates.
template <class S>
    requires(importing_session<std::remove_reference_t<S>>&& keeps_to_itself<std::remove_cvref_t<S>>)
result<recorded, portable_error> import_session(S&& into, std::string_view text, time_point now)
{
    auto const read = read_session(text);
    if (!read)
        return unexpected(read.error());
    return import_session(into, *read, now);
}

/// The same for a text that must be signed with this key, into any session.
template <class S>
    requires importing_session<std::remove_reference_t<S>> result<recorded, portable_error>
    import_session(S&& into, std::string_view text, time_point now, hmac_key const& key)
    {
        auto const read = read_session(text, key);
        if (!read)
            return unexpected(read.error());
        return import_session(into, *read, now);
    }

} // namespace afterwrite::inline AFTERWRITE_VERSION
