// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <concepts>
#include <span>
#include <string_view>
#include <type_traits>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Teaches the library somebody's HTTP message: specialise it for your type; nothing is wrapped, derived or
/// copied.
///
/// Every message:
///     static void for_each(Message const& m, std::string_view name, Visit&& visit);
///         calls visit(std::string_view value) once for each field of that name, in any order, names compared
///         without regard to case (RFC 9110, 5.1). A stack that joins fields of one name with commas visits
///         the joined text.
/// A request:
///     static void set(Message& m, std::string_view name, std::span<std::string_view const> values);
///         afterwards the message has exactly these fields of that name, one field line a value
///     static void remove(Message& m, std::string_view name);
///         afterwards it has none
/// A response:
///     static int status(Message const& m);
///
/// What a type can tell besides is used where it is there:
///     static std::string_view method(Message const& m);   "GET", "LIST"; else a request counts as unsafe
///     static std::string_view path(Message const& m);     request target; tells sys/health apart
///     static std::string_view body(Message const& m);     what is at hand of a response's body; tells
///                                                         a stale answer from others of its status
///     static constexpr bool repeats_fields = false;       this stack can send one field a name only
///     static constexpr bool joins_fields = true;          this stack joins fields of one name with commas;
///                                                         only a node that decides must know
template <class Message>
struct message_traits;

namespace detail {

/// Stands for any visitor where a concept has to name one.
struct field_visitor {
    void operator()(std::string_view) const noexcept {}
};

} // namespace detail

/// A message whose fields can be read.
template <class M>
concept message = requires(M const& m, std::string_view name, detail::field_visitor visit)
{
    message_traits<M>::for_each(m, name, visit);
};

/// A message that the library may prepare: it sets and removes fields, and never appends to what is there.
template <class M>
concept request_message = message<M> &&
    requires(M& m, std::string_view name, std::span<std::string_view const> values)
{
    message_traits<M>::set(m, name, values);
    message_traits<M>::remove(m, name);
};

/// A message that answers: it has a status code. 0 stands for no answer at all.
template <class M>
concept response_message = message<M> && requires(M const& m)
{
    {
        message_traits<M>::status(m)
        } -> std::convertible_to<int>;
};

/// The method of a request, or nothing where its type cannot tell.
template <class M>
[[nodiscard]] constexpr std::string_view method_of(M const& m)
{
    if constexpr (requires { message_traits<M>::method(m); })
        return message_traits<M>::method(m);
    else
        return {};
}

/// The target of a request, or nothing where its type cannot tell.
template <class M>
[[nodiscard]] constexpr std::string_view path_of(M const& m)
{
    if constexpr (requires { message_traits<M>::path(m); })
        return message_traits<M>::path(m);
    else
        return {};
}

/// What is at hand of a response's body, or nothing where its type cannot tell.
template <class M>
[[nodiscard]] constexpr std::string_view body_of(M const& m)
{
    if constexpr (requires { message_traits<M>::body(m); })
        return message_traits<M>::body(m);
    else
        return {};
}

/// Whether several fields of one name can be sent: true unless the traits say otherwise.
template <class M>
inline constexpr bool repeats_fields = [] {
    if constexpr (requires { message_traits<M>::repeats_fields; })
        return static_cast<bool>(message_traits<M>::repeats_fields);
    else
        return true;
}();

/// Whether several fields of one name may come as one, joined with commas: false unless the traits say so.
template <class M>
inline constexpr bool joins_fields = [] {
    if constexpr (requires { message_traits<M>::joins_fields; })
        return static_cast<bool>(message_traits<M>::joins_fields);
    else
        return false;
}();

} // namespace afterwrite::inline AFTERWRITE_VERSION
