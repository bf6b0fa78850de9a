// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/ascii_case.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/version.hpp>

#include <utility> // before anything of Asio, some versions of which lack it

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <concepts>
#include <span>
#include <string_view>

// needs exceptions: Boost.Beast does.

namespace afterwrite::inline AFTERWRITE_VERSION {

namespace detail {

/// Beast's text is Boost's own type in older versions.
[[nodiscard]] inline std::string_view of_beast(boost::beast::string_view text) noexcept
{
    return {text.data(), text.size()};
}

[[nodiscard]] inline boost::beast::string_view to_beast(std::string_view text) noexcept
{
    return {text.data(), text.size()};
}

/// What requests and answers have in common. A message has few fields, and most of other sizes than the name
/// that is looked for: so to pass by them all is faster than Beast's search, which compares texts.
template <class Message>
struct beast_fields {
    template <class Visit>
    static void for_each(Message const& m, std::string_view name, Visit&& visit)
    {
        for (auto const& field : m)
            if (equal_ignoring_case(of_beast(field.name_string()), name))
                visit(of_beast(field.value()));
    }
};

template <class Header>
struct beast_request : beast_fields<Header> {
    static void set(Header& m, std::string_view name, std::span<std::string_view const> values)
    {
        remove(m, name);
        for (auto const value : values)
            m.insert(to_beast(name), to_beast(value));
    }

    static void remove(Header& m, std::string_view name)
    {
        bool is_there = false;
        beast_fields<Header>::for_each(m, name, [&is_there](std::string_view) { is_there = true; });
        if (is_there)
            m.erase(to_beast(name));
    }
    static std::string_view method(Header const& m) { return of_beast(m.method_string()); }
    static std::string_view path(Header const& m) { return of_beast(m.target()); }
};

template <class Header>
struct beast_response : beast_fields<Header> {
    static int status(Header const& m) noexcept { return static_cast<int>(m.result_int()); }
};

} // namespace detail

/// A request, and its head alone, which is what a proxy has while the body still streams. Every body is good
/// that Beast can send twice: a file_body must be rewound by the caller before each attempt.
template <class Body, class Fields>
struct message_traits<boost::beast::http::message<true, Body, Fields>>
    : detail::beast_request<boost::beast::http::header<true, Fields>> {};

template <class Fields>
struct message_traits<boost::beast::http::header<true, Fields>>
    : detail::beast_request<boost::beast::http::header<true, Fields>> {};

/// An answer's head. Without a body it cannot be told which refusal a 412 is.
template <class Fields>
struct message_traits<boost::beast::http::header<false, Fields>>
    : detail::beast_response<boost::beast::http::header<false, Fields>> {};

template <class Body, class Fields>
struct message_traits<boost::beast::http::message<false, Body, Fields>>
    : detail::beast_response<boost::beast::http::header<false, Fields>> {};

/// An answer whose body is a text at hand, such as a string_body's.
template <class Body, class Fields>
    requires std::convertible_to<typename Body::value_type const&, std::string_view>
struct message_traits<boost::beast::http::message<false, Body, Fields>>
    : detail::beast_response<boost::beast::http::header<false, Fields>> {
    static std::string_view body(boost::beast::http::message<false, Body, Fields> const& m)
    {
        return m.body();
    }
};

static_assert(request_message<boost::beast::http::request_header<>>);
static_assert(response_message<boost::beast::http::response_header<>>);

} // namespace afterwrite::inline AFTERWRITE_VERSION
