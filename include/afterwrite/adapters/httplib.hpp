// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/afterwrite.hpp>
#include <afterwrite/transport/send.hpp>
#include <afterwrite/transport/transport_traits.hpp>
#include <afterwrite/version.hpp>

#include <httplib.h>

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// cpp-httplib, as a single header or as Debian's compiled library. Compile with the flags that go with your
// copy (Debian: pkg-config --cflags cpp-httplib): they change its types, and nothing here depends on them.
// `send` and what it needs come along.

namespace afterwrite::inline AFTERWRITE_VERSION {

template <>
struct message_traits<httplib::Request> {
    template <class Visit>
    static void for_each(httplib::Request const& request, std::string_view name, Visit&& visit)
    {
        auto const [first, last] = request.headers.equal_range(std::string(name));
        for (auto field = first; field != last; ++field)
            visit(std::string_view(field->second));
    }

    static void set(httplib::Request& request, std::string_view name,
                    std::span<std::string_view const> values)
    {
        std::string const key(name);
        request.headers.erase(key);
        for (auto const value : values)
            request.headers.emplace(key, value);
    }

    static void remove(httplib::Request& request, std::string_view name)
    {
        request.headers.erase(std::string(name));
    }
    static std::string_view method(httplib::Request const& request) noexcept { return request.method; }
    static std::string_view path(httplib::Request const& request) noexcept { return request.path; }
};

template <>
struct message_traits<httplib::Response> {
    template <class Visit>
    static void for_each(httplib::Response const& response, std::string_view name, Visit&& visit)
    {
        auto const [first, last] = response.headers.equal_range(std::string(name));
        for (auto field = first; field != last; ++field)
            visit(std::string_view(field->second));
    }

    static int status(httplib::Response const& response) noexcept { return response.status; }
    static std::string_view body(httplib::Response const& response) noexcept { return response.body; }
};

static_assert(request_message<httplib::Request>);
static_assert(response_message<httplib::Response>);

/// How an attempt ended: an answer, or httplib's error. Like httplib::Result, but it can also stand for
/// nothing sent. To read the answer of an error is a mistake that yields an empty answer, never undefined
/// behaviour.
class httplib_reply {
public:
    httplib_reply() = default; ///< nothing was sent
    /// `may_be_second`: httplib may have sent it before, over a connection that it kept and that broke.
    httplib_reply(httplib::Error error, bool may_be_second = false)
        : error_(error), may_be_second_(may_be_second)
    {}
    httplib_reply(httplib::Response&& answer) : answer_(std::move(answer)), error_(httplib::Error::Success) {}

    [[nodiscard]] explicit operator bool() const noexcept { return error_ == httplib::Error::Success; }
    [[nodiscard]] httplib::Response const& operator*() const noexcept { return answer_; }
    [[nodiscard]] httplib::Response& operator*() noexcept { return answer_; }
    [[nodiscard]] httplib::Response const* operator->() const noexcept { return &answer_; }
    [[nodiscard]] httplib::Response* operator->() noexcept { return &answer_; }

    /// Success if there is an answer.
    [[nodiscard]] httplib::Error error() const noexcept { return error_; }

    /// There was no connection to send it over, so it was not executed.
    [[nodiscard]] bool is_unsent() const noexcept
    {
        return !may_be_second_ &&
               (error_ == httplib::Error::Connection || error_ == httplib::Error::ConnectionTimeout ||
                error_ == httplib::Error::SSLConnection);
    }

    /// The error as a sentence for people.
    [[nodiscard]] std::string what() const { return httplib::to_string(error_); }

private:
    httplib::Response answer_;
    httplib::Error error_ = httplib::Error::Unknown;
    bool may_be_second_ = false;
};

namespace detail {

/// Takes the body out of a request as long as it lives.
class taken_body {
public:
    explicit taken_body(httplib::Request& from) noexcept : from_(from), body_(std::move(from.body)) {}
    ~taken_body() { from_.body = std::move(body_); }
    taken_body(taken_body const&) = delete;
    taken_body& operator=(taken_body const&) = delete;

    [[nodiscard]] std::string const& bytes() const noexcept { return body_; }

private:
    httplib::Request& from_;
    std::string body_;
};

/// One attempt. httplib writes fields of its own into the request that it is given (Host, Content-Length, the
/// client's defaults), and copies it once more inside. So it is given a copy without the body, which is read
/// where it is instead. The caller's request stays as it was, and may go to another address next time.
inline httplib_reply send_by_httplib(httplib::Client& client, httplib::Request& request)
{
    if (!client.is_valid())
        return httplib::Error::Connection;
    client.set_follow_location(false);
    taken_body const body(request);
    httplib::Request attempt = request;
    if (!body.bytes().empty()) {
        attempt.content_length_ = body.bytes().size();
        attempt.content_provider_ = [&body](std::size_t offset, std::size_t length, httplib::DataSink& to) {
            return to.write(body.bytes().data() + offset, length);
        };
    }
    httplib::Response answer;
    auto error = httplib::Error::Success;
    if (client.send(attempt, answer, error))
        return httplib_reply(std::move(answer));
    if (error == httplib::Error::Success)
        return httplib::Error::Unknown;
#ifdef CPPHTTPLIB_OPENSSL_SUPPORT // newer versions repeat over TLS what a kept connection lost
    return {error, client.ssl_context() != nullptr && !request_facts::of_method(request.method).safe};
#else
    return error;
#endif
}

} // namespace detail

/// A httplib::Client is a transport as it is, to the one address that it is bound to. Following redirects is
/// switched off on it, because each attempt is a decision of the exchange's; its other settings stay. A
/// request's content_receiver sees the bodies of refusals too. One thread at a time.
///
///     httplib::Client vault{"http://127.0.0.1:8200"};
///     auto seen = afterwrite::send(vault, request, session, cluster);
///     if (seen.delivered()) use(seen.response->body);
template <>
struct transport_traits<httplib::Client> {
    static httplib_reply send(httplib::Client& client, httplib::Request& request)
    {
        return detail::send_by_httplib(client, request);
    }
};

static_assert(transport_of<httplib::Client, httplib::Request>);

/// Several nodes, a client each: a transport that can also be told where to send, as redirects and
/// `route::active_node` need where the server does not forward. One thread at a time.
class httplib_nodes {
public:
    /// Is called with each new client: to set timeouts, certificates, keep-alive.
    using configuration = std::function<void(httplib::Client&)>;

    /// `address`: where requests go that may go to any node, "http://127.0.0.1:8200".
    explicit httplib_nodes(std::string address, configuration configure = {})
        : address_(std::move(address)), configure_(std::move(configure))
    {}

    void set_address(std::string address) { address_ = std::move(address); }

    /// The client for an address, made when it is first asked for.
    [[nodiscard]] httplib::Client& at(std::string const& address)
    {
        auto const known = clients_.find(address);
        if (known != clients_.end())
            return known->second;
        httplib::Client client(address);
        if (configure_)
            configure_(client);
        return clients_.emplace(address, std::move(client)).first->second;
    }

    httplib_reply operator()(httplib::Request& request, destination const& where)
    {
        return detail::send_by_httplib(at(where.address.empty() ? address_ : std::string(where.address)),
                                       request);
    }

private:
    std::map<std::string, httplib::Client> clients_; // of declared nodes: as many as a replication view holds
    std::string address_;
    configuration configure_;
};

static_assert(addressable_transport<httplib_nodes, httplib::Request>);

} // namespace afterwrite::inline AFTERWRITE_VERSION
