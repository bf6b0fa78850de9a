// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/adapters/curl_request.hpp>
#include <afterwrite/adapters/curl_response_head.hpp>
#include <afterwrite/adapters/curl_transport.hpp>
#include <afterwrite/afterwrite.hpp>
#include <afterwrite/transport/send.hpp>

#include <curl/curl.h>

#include <cstddef>
#include <string_view>

// libcurl, easy interface. Who lets the library send uses `curl_transport`; `send` and what it needs come
// along. Who has code around libcurl already keeps it, and drives the exchange by hand; a request is then its
// `curl_fields`, or a `curl_request` if its method is to be known, and an answer is a `curl_response`:
//
//     exchange exchange(policy, session.required(view), request_facts::of_method("GET"), clock::now(), seed);
//     curl_request request{.method = "GET", .path = "/v1/kv/foo"};
//     for (auto next = exchange.first(view); !next.is_final();) {
//         if (next.not_before > clock::now()) {
//             std::this_thread::sleep_until(next.not_before);     // never inside a callback
//             next = exchange.resume(view, clock::now());
//             continue;
//         }
//         exchange.prepare(request, view);
//         if (request.fields.is_out_of_memory())
//             break;                                              // a field may be missing: do not send
//         curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request.fields.list());
//         body.clear();                                           // what your WRITEFUNCTION appends to
//         CURLcode const error = curl_easy_perform(easy);         // FOLLOWLOCATION and FAILONERROR off
//         curl_response const response{easy, body};
//         if (error == CURLE_OK) {
//             session.record(response, exchange.carried(), clock::now());
//             next = exchange.on_response(response, view, clock::now());
//         } else {
//             session.record_lost(exchange.carried(), clock::now());
//             next = exchange.on_transport_error(view, clock::now());
//         }
//     }
//
// A body by POSTFIELDS is sent again as it is; one by READFUNCTION must be rewound before each attempt.
// With the multi interface, a timer of yours takes the place of the sleep.

namespace afterwrite::inline AFTERWRITE_VERSION {

// 7.83.0 is the first that has curl_easy_header. Before it: `curl_response_head`.
#if LIBCURL_VERSION_NUM >= 0x075300

/// The answer of a handle's last transfer, read off the handle itself. It owns nothing and is valid until the
/// next transfer. Interim answers, those of proxies to CONNECT and trailers are not seen. One thread at a
/// time.
struct curl_response {
    CURL* easy = nullptr;
    std::string_view body{}; ///< its beginning, if you have it: it tells a stale answer from other refusals
};

template <>
struct message_traits<curl_response> {
    template <class Visit>
    static void for_each(curl_response const& response, std::string_view name, Visit&& visit)
    {
        char text[longest_name + 1] = {}; // libcurl wants it to end with a zero
        if (response.easy == nullptr || name.size() > longest_name)
            return;
        name.copy(text, name.size());
        curl_header* found = nullptr;
        for (std::size_t i = 0; i < max_values; ++i) {
            if (curl_easy_header(response.easy, text, i, CURLH_HEADER, -1, &found) != CURLHE_OK)
                return;
            visit(std::string_view(found->value));
        }
    }

    /// 0, as if no answer had come, where it has more indices than are visited: one might be lost unseen.
    static int status(curl_response const& response) noexcept
    {
        long code = 0;
        curl_header* index = nullptr;
        if (response.easy == nullptr)
            return 0;
        curl_easy_getinfo(response.easy, CURLINFO_RESPONSE_CODE, &code);
        bool const has_index =
            curl_easy_header(response.easy, "X-Vault-Index", 0, CURLH_HEADER, -1, &index) == CURLHE_OK;
        return has_index && index->amount > max_values ? 0 : static_cast<int>(code);
    }

    static std::string_view body(curl_response const& response) noexcept { return response.body; }

private:
    /// Field names that the library asks for are below 24 bytes.
    static constexpr std::size_t longest_name = 63;

    /// libcurl searches from the beginning for each value, so a head full of them costs the square of their
    /// number, and what a server sends beyond is passed over.
    static constexpr std::size_t max_values = 4096;
};

static_assert(response_message<curl_response>);

#endif

} // namespace afterwrite::inline AFTERWRITE_VERSION
