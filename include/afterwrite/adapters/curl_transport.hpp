// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/adapters/curl_request.hpp>
#include <afterwrite/adapters/curl_response_head.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/transport/transport_traits.hpp>
#include <afterwrite/version.hpp>

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// An answer that came through `curl_transport`. It owns what it shows.
struct curl_answer {
    int status = 0;
    curl_response_head head{}; ///< head.field("Content-Type"), or all of them by for_each
    std::string body{};        ///< empty of an answer 2xx whose body went to a sink
};

template <>
struct message_traits<curl_answer> {
    template <class Visit>
    static void for_each(curl_answer const& answer, std::string_view name, Visit&& visit)
    {
        answer.head.for_each(name, visit);
    }

    static int status(curl_answer const& answer) noexcept { return answer.status; }
    static std::string_view body(curl_answer const& answer) noexcept { return answer.body; }
};

static_assert(response_message<curl_answer>);

/// How an attempt ended: an answer, or libcurl's error. To read the answer of an error is a mistake that
/// yields an empty answer, never undefined behaviour.
class curl_reply {
public:
    curl_reply() noexcept = default; ///< nothing was sent
    /// `may_be_second`: libcurl may have sent it before, over a connection that it kept and that broke.
    curl_reply(CURLcode error, bool may_be_second = false) noexcept
        : error_(error), may_be_second_(may_be_second)
    {}
    curl_reply(curl_answer answer) noexcept : answer_(std::move(answer)), error_(CURLE_OK) {}

    [[nodiscard]] explicit operator bool() const noexcept { return error_ == CURLE_OK; }
    [[nodiscard]] curl_answer const& operator*() const noexcept { return answer_; }
    [[nodiscard]] curl_answer& operator*() noexcept { return answer_; }
    [[nodiscard]] curl_answer const* operator->() const noexcept { return &answer_; }
    [[nodiscard]] curl_answer* operator->() noexcept { return &answer_; }

    /// CURLE_OK if there is an answer. CURLE_FILESIZE_EXCEEDED also stands for a head or body that is too
    /// large here.
    [[nodiscard]] CURLcode error() const noexcept { return error_; }

    /// There was no connection to send it over, so it was not executed.
    [[nodiscard]] bool is_unsent() const noexcept
    {
        bool const is_unconnected = error_ == CURLE_COULDNT_CONNECT || error_ == CURLE_COULDNT_RESOLVE_HOST ||
                                    error_ == CURLE_COULDNT_RESOLVE_PROXY ||
                                    error_ == CURLE_SSL_CONNECT_ERROR || error_ == CURLE_URL_MALFORMAT;
        return is_unconnected && !may_be_second_;
    }

    /// The error as a sentence for people.
    [[nodiscard]] char const* what() const noexcept { return curl_easy_strerror(error_); }

private:
    curl_answer answer_{};
    CURLcode error_ = CURLE_GOT_NOTHING;
    bool may_be_second_ = false;
};

/// A blocking transport over an easy handle: a node's address, and any other that the library asks for.
///
///     afterwrite::curl_transport vault{"http://127.0.0.1:8200"};
///     curl_easy_setopt(vault.handle(), CURLOPT_TIMEOUT_MS, 5000L); // TLS, proxies: yours
///     auto seen = afterwrite::send(vault, curl_request{.path = "/v1/kv/foo"}, session, cluster);
///     if (seen.delivered()) use(seen.response->body);
///
/// What belongs to one attempt is set for it and taken back afterwards: URL, method, HTTPHEADER, POSTFIELDS
/// and its size, NOBODY, FRESH_CONNECT, WRITEFUNCTION, HEADERFUNCTION and their data. FOLLOWLOCATION,
/// FAILONERROR and HEADER are off and NOSIGNAL is on: a redirect or a refusal is an answer. Every other
/// option of the handle stays as it is.
///
/// libcurl by itself repeats a request, of any method, on a new connection if a kept one was closed before a
/// byte of the answer came. A write might then be executed twice, so what does not only read gets a
/// connection of its own, see `set_reuse_for_writes`. A body above 1 MB is announced by an Expect field,
/// which spares a refused one; `fields.suppress("Expect")` sends it at once.
///
/// One thread at a time.
class curl_transport {
public:
    /// Takes the body of an answer 2xx piece by piece. `offset` counts from the body's beginning, so 0 starts
    /// anew what a broken attempt may have begun. False ends the transfer. It must not throw: libcurl's
    /// frames are in between.
    using sink = std::function<bool(std::uint64_t offset, std::string_view bytes)>;

    /// The longest body that is kept in memory, in bytes, unless chosen otherwise. Vault accepts no request
    /// above 32 MiB, so that a value of any kind fits.
    static constexpr std::size_t default_max_body = std::size_t{64} * 1024 * 1024;

    /// A handle of its own, with libcurl's defaults. `address`: "https://127.0.0.1:8200".
    explicit curl_transport(std::string address) : curl_transport(curl_easy_init(), std::move(address))
    {
        owned_.reset(easy_);
    }

    /// The caller's handle, with what was set on it. It stays the caller's, and must live as long as this
    /// object.
    curl_transport(CURL* easy, std::string address) : easy_(easy), address_(std::move(address)) {}

    [[nodiscard]] CURL* handle() const noexcept { return easy_; }

    /// Where requests go that may go to any node.
    [[nodiscard]] std::string const& address() const noexcept { return address_; }
    void set_address(std::string address) { address_ = std::move(address); }

    /// A longer body than this ends its transfer with CURLE_FILESIZE_EXCEEDED, unless a sink takes it.
    void set_max_body(std::size_t bytes) noexcept { max_body_ = bytes; }

    /// From now on bodies of answers 2xx go there; those of others are still found in the answer.
    void set_sink(sink to) { sink_ = std::move(to); }

    /// Whether writes may use a kept connection too: faster, at the risk that libcurl sends one twice.
    void set_reuse_for_writes(bool may_reuse) noexcept { reuses_for_writes_ = may_reuse; }

    /// Sends one attempt and blocks until it has ended, as long as the handle's timeouts allow. See `send`.
    curl_reply operator()(curl_request& request, destination const& where)
    {
        auto const base = where.address.empty() ? std::string_view(address_) : where.address;
        if (easy_ == nullptr)
            return CURLE_FAILED_INIT;
        if (!is_target(base, request.path) || request.method.empty())
            return CURLE_URL_MALFORMAT;
        if (has_body(request.method, request.body) && !request.fields.mentions("Content-Type"))
            request.fields.suppress("Content-Type"); // else libcurl calls the body a form
        if (request.fields.is_out_of_memory())
            return CURLE_OUT_OF_MEMORY;

        incoming answer{*this};
        setting const guard{easy_};
        auto error = set_target(base, request);
        if (error == CURLE_OK)
            error = set_receiver(answer);
        if (error == CURLE_OK)
            error = curl_easy_perform(easy_);
        if (answer.is_too_large || answer.into.head.is_too_large())
            return CURLE_FILESIZE_EXCEEDED;
        if (error != CURLE_OK)
            return {error, reuses_for_writes_ && !request_facts::of_method(request.method).safe};
        answer.into.status = answer.into.head.status();
        return std::move(answer.into);
    }

private:
    /// What an attempt receives.
    struct incoming {
        curl_transport& transport;
        curl_answer into{};
        std::uint64_t size = 0; ///< of what went to the sink
        bool is_too_large = false;

        [[nodiscard]] bool take(std::string_view bytes)
        {
            int const status = into.head.status();
            if (transport.sink_ && status >= 200 && status < 300) {
                auto const offset = std::exchange(size, size + bytes.size());
                return transport.sink_(offset, bytes);
            }
            is_too_large = bytes.size() > transport.max_body_ - into.body.size();
            if (!is_too_large)
                into.body.append(bytes);
            return !is_too_large;
        }

        static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept
        {
            std::string_view const bytes(data, size * count);
            return static_cast<incoming*>(self)->take(bytes) ? bytes.size() : bytes.size() + 1;
        }
    };

    /// Takes back what points to an attempt, so that the handle can be used, or cleaned up, without it.
    struct setting {
        CURL* easy;
        ~setting()
        {
            curl_easy_setopt(easy, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, static_cast<char const*>(nullptr));
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{-1});
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, static_cast<char const*>(nullptr));
            curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L); // and no NOBODY
            curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 0L);
            curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, static_cast<curl_write_callback>(nullptr));
            curl_easy_setopt(easy, CURLOPT_WRITEDATA, static_cast<void*>(stdout));
            curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, static_cast<curl_write_callback>(nullptr));
            curl_easy_setopt(easy, CURLOPT_HEADERDATA, static_cast<void*>(nullptr));
        }
    };

    struct cleanup {
        void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
    };

    /// Only http and https; and the path cannot turn the address into another.
    [[nodiscard]] static bool is_target(std::string_view address, std::string_view path) noexcept
    {
        if (replication_view::origin_of(address).empty() || path.empty() || path.front() != '/')
            return false;
        for (char const c : path)
            if (c <= ' ' || c == 0x7f)
                return false;
        return true;
    }

    /// An empty one too: servers want to be told its length (RFC 9110, 8.6).
    [[nodiscard]] static bool has_body(std::string_view method, std::string_view body) noexcept
    {
        return !body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
    }

    [[nodiscard]] CURLcode set_target(std::string_view base, curl_request const& request)
    {
        std::string url(base);
        while (!url.empty() && url.back() == '/')
            url.pop_back();
        url += request.path;
        auto error = curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
        if (error == CURLE_OK)
            error = set_method(request.method, request.body);
        if (error == CURLE_OK)
            error = curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, request.fields.list());
        return error;
    }

    /// HTTPGET first: it takes back any other kind of request that the caller has left on the handle.
    [[nodiscard]] CURLcode set_method(std::string const& method, std::string_view body)
    {
        curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
        bool const may_reuse = reuses_for_writes_ || request_facts::of_method(method).safe;
        curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, may_reuse ? 0L : 1L);
        if (has_body(method, body)) {
            curl_easy_setopt(easy_, CURLOPT_POST, 1L);
            curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
            curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, body.empty() ? "" : body.data()); // not copied
        } else if (method == "HEAD") {
            curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
        }
        return curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, method.c_str());
    }

    [[nodiscard]] CURLcode set_receiver(incoming& answer)
    {
        curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(easy_, CURLOPT_FAILONERROR, 0L);
        curl_easy_setopt(easy_, CURLOPT_HEADER, 0L);
        curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &incoming::on_body);
        curl_easy_setopt(easy_, CURLOPT_WRITEDATA, static_cast<void*>(&answer));
        curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &curl_response_head::on_line);
        return curl_easy_setopt(easy_, CURLOPT_HEADERDATA, static_cast<void*>(&answer.into.head));
    }

    std::unique_ptr<CURL, cleanup> owned_;
    CURL* easy_;
    std::string address_;
    sink sink_;
    std::size_t max_body_ = default_max_body;
    bool reuses_for_writes_ = false;
};

static_assert(addressable_transport<curl_transport, curl_request>);

} // namespace afterwrite::inline AFTERWRITE_VERSION
