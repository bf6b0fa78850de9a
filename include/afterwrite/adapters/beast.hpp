// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/adapters/beast_async_send.hpp>
#include <afterwrite/adapters/beast_message.hpp>
#include <afterwrite/adapters/beast_transport.hpp>
#include <afterwrite/afterwrite.hpp>
#include <afterwrite/transport/send.hpp>

// Boost.Beast, from 1.74 on, without OpenSSL: connections with TLS are in adapters/beast_tls.hpp. Boost 1.74
// does not know that clang 14 has coroutines (1.81 does): define BOOST_ASIO_HAS_CO_AWAIT and
// BOOST_ASIO_HAS_STD_COROUTINE there, or do without them. A request has any body that Beast can send twice:
//
//     using request = boost::beast::http::request<boost::beast::http::string_body>;
//
// A program that may block lets `beast_transport` send:
//
//     afterwrite::beast_transport vault{"http://127.0.0.1:8200"};
//     request read{boost::beast::http::verb::get, "/v1/kv/foo", 11};
//     auto seen = afterwrite::send(vault, read, session, cluster);
//     if (seen.delivered()) use(seen.response->body());
//
// A coroutine does not block; many of them may share a transport and a thread:
//
//     afterwrite::beast_async_transport vault{context.get_executor(), "http://127.0.0.1:8200"};
//     request read{boost::beast::http::verb::get, "/v1/kv/foo", 11};
//     auto seen = co_await afterwrite::async_send(vault, read, session, cluster);
//
// Who has code around Beast already, a proxy perhaps, drives the exchange by hand. A head alone is a message
// too, so that a body may stream past:
//
//     exchange.prepare(request.base(), cluster);
//     // write the request, read the head of the answer
//     session.record(parser.get().base(), exchange.carried(), clock::now());
//     auto const next = exchange.on_response(parser.get().base(), cluster, clock::now());

// needs exceptions: Boost.Beast does.
