// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/curl.hpp>

#include "cluster/tls.hpp"
#include "end_to_end/cases.hpp"
#include "end_to_end/rounds.hpp"
#include "end_to_end/sessions.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

namespace {

using cluster::dialect;

struct stack {
    using transport = afterwrite::curl_transport;
    using request = afterwrite::curl_request;

    /// `body` must outlive the request.
    static request make(std::string method, std::string path, std::string_view body)
    {
        request made{.method = std::move(method), .path = std::move(path), .body = body};
        made.fields.set("X-Vault-Token", "root");
        made.fields.set("X-Vault-Request", "true");
        return made;
    }
};

} // namespace

TEST_CASE("curl: no mode ever delivers a stale value, Vault")
{
    end_to_end::check_modes<stack>(dialect::vault);
}

TEST_CASE("curl: no mode ever delivers a stale value, OpenBao")
{
    end_to_end::check_modes<stack>(dialect::openbao);
}

TEST_CASE("curl: forwarding that is barred is asked for once")
{
    end_to_end::check_barred_forwarding<stack>();
}

TEST_CASE("curl: a write gets a connection of its own, lest libcurl sends it twice; a read need not")
{
    cluster::http_server server{cluster::settings{}};
    afterwrite::curl_transport vault{server.address(0)};
    auto const new_connections = [&](std::string method) {
        auto request = stack::make(std::move(method), "/v1/kv/foo", R"({"v":1})");
        REQUIRE(vault(request, {}));
        long count = -1;
        curl_easy_getinfo(vault.handle(), CURLINFO_NUM_CONNECTS, &count);
        return count;
    };
    CHECK(new_connections("GET") == 1);
    CHECK(new_connections("GET") == 0);
    CHECK(new_connections("PUT") == 1);
    CHECK(new_connections("GET") == 0);
    vault.set_reuse_for_writes(true);
    CHECK(new_connections("PUT") == 0);
}

TEST_CASE("curl: redirects are followed to declared nodes alone")
{
    end_to_end::check_redirects<stack>(dialect::vault);
    end_to_end::check_redirects<stack>(dialect::openbao);
}

TEST_CASE("curl: OpenBao holds a request until the state is there") { end_to_end::check_await<stack>(); }

TEST_CASE("curl: what one caller wrote delays no other")
{
    end_to_end::check_callers<stack>(dialect::vault);
    end_to_end::check_callers<stack>(dialect::openbao);
}

TEST_CASE("curl: of several nodes the one that has the state answers")
{
    end_to_end::check_best_node<stack>(dialect::vault);
    end_to_end::check_best_node<stack>(dialect::openbao);
}

TEST_CASE("curl: the active node answers where it is asked for")
{
    end_to_end::check_active_node<stack>(dialect::vault, true);
    end_to_end::check_active_node<stack>(dialect::vault, false);
    end_to_end::check_active_node<stack>(dialect::openbao, false);
}

TEST_CASE("curl: TLS is the caller's, and stays")
{
    cluster::http_options secure;
    secure.tls = cluster::make_self_signed();
    cluster::http_server nodes{end_to_end::settings_of(dialect::vault, "constant:20ms"), secure};
    afterwrite::curl_transport vault{nodes.address(0)};
    afterwrite::session session;
    afterwrite::replication_view view;
    auto const trust = [&vault](std::string& pem) {
        curl_blob trusted{pem.data(), pem.size(), CURL_BLOB_COPY};
        curl_easy_setopt(vault.handle(), CURLOPT_CAINFO_BLOB, &trusted);
    };
    auto other = cluster::make_self_signed();
    trust(other.certificate); // not the system's authorities, of which there may be none
    auto const distrusted = afterwrite::send(vault, stack::make("GET", "/v1/kv/foo", {}), session, view);
    CHECK(distrusted.response.error() == CURLE_PEER_FAILED_VERIFICATION);

    trust(secure.tls->certificate);
    auto const was_refused = [&] { return nodes.counters(1).refused > 0; };
    end_to_end::run_until(3, was_refused, [&](int i) {
        auto const value = std::to_string(i);
        auto const body = R"({"v":")" + value + R"("})";
        vault.set_address(nodes.address(0));
        afterwrite::send(vault, stack::make("PUT", "/v1/kv/foo", body), session, view);
        vault.set_address(nodes.address(1));
        auto const seen = afterwrite::send(vault, stack::make("GET", "/v1/kv/foo", {}), session, view);
        CHECK(end_to_end::shows(seen, value));
    });
    CHECK(nodes.counters(1).refused > 0);
}

TEST_CASE("curl: a token is known at once at every node, though it carries no index")
{
    end_to_end::check_births<stack>(dialect::vault);
    end_to_end::check_births<stack>(dialect::openbao);
}

TEST_CASE("curl: wrapped answers and leases are known at once at every node")
{
    end_to_end::check_wrapping_and_leases<stack>(dialect::vault);
    end_to_end::check_wrapping_and_leases<stack>(dialect::openbao);
}

TEST_CASE("curl: a read shows the write before it even if that one's answer was lost")
{
    end_to_end::check_lost_answer<stack>(dialect::vault);
    end_to_end::check_lost_answer<stack>(dialect::openbao);
}

TEST_CASE("curl: a restored snapshot holds nobody up")
{
    end_to_end::check_restore<stack>(dialect::openbao);
    end_to_end::check_refused_restore<stack>();
}

TEST_CASE("curl: another cluster behind the addresses is reported")
{
    end_to_end::check_change_of_cluster<stack>(dialect::vault);
    end_to_end::check_change_of_cluster<stack>(dialect::openbao);
}
