// SPDX-License-Identifier: BSL-1.0
#pragma once

// The README's two jobs, word for word, with what they need around them. tests/readme.cpp compares them,
// handed_on.cpp makes them a program, and tests/end_to_end/handed_on.cpp runs them against a cluster.

#include <afterwrite/adapters/httplib.hpp>
#include <afterwrite/afterwrite.hpp>
#include <afterwrite/session/portable_session.hpp>
#include <afterwrite/transport/send.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

namespace handed_on {

inline httplib::Request request(std::string method, std::string path, std::string body)
{
    httplib::Request made;
    made.method = std::move(method);
    made.path = std::move(path);
    made.body = std::move(body);
    made.headers.emplace("X-Vault-Token", "root");
    return made;
}
inline httplib::Request put(std::string path, std::string data)
{
    return request("PUT", std::move(path), std::move(data));
}
inline httplib::Request get(std::string path) { return request("GET", std::move(path), {}); }

inline int failed(std::string_view why)
{
    std::cerr << why << '\n';
    return 1;
}

inline int write_job(httplib::Client& vault, afterwrite::hmac_key const& key, std::string const& path,
                     std::string const& data)
{
    afterwrite::replication_view cluster;

    afterwrite::session session; // the first job
    auto const written = afterwrite::send(vault, put(path, data), session, cluster);
    auto const text = afterwrite::export_session(session, key);
    if (!written.delivered() || !text)
        return failed(text ? to_string(written.last.why) : to_string(text.error()));
    std::ofstream("vault.env") << "VAULT_SESSION=" << *text << '\n';

    return 0;
}

inline int read_job(httplib::Client& vault, afterwrite::hmac_key const& key, std::string const& path,
                    std::string& body)
{
    afterwrite::replication_view cluster;

    afterwrite::session session; // the next one
    char const* const text = std::getenv("VAULT_SESSION");
    auto const read = afterwrite::import_session(session, text ? text : "", afterwrite::clock::now(), key);
    if (!read)
        return failed(to_string(read.error())); // nothing is required, so what came now could be stale
    auto const secret = afterwrite::send(vault, get(path), session, cluster);

    if (!secret.delivered())
        return failed(to_string(secret.last.why));
    body = secret.response->body;
    return 0;
}

} // namespace handed_on
