// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/httplib.hpp>

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
    using transport = afterwrite::httplib_nodes;
    using request = httplib::Request;

    static request make(std::string method, std::string path, std::string_view body)
    {
        request made;
        made.method = std::move(method);
        made.path = std::move(path);
        made.body = body;
        made.set_header("X-Vault-Token", "root");
        made.set_header("X-Vault-Request", "true");
        return made;
    }
};

} // namespace

TEST_CASE("httplib: no mode ever delivers a stale value, Vault")
{
    end_to_end::check_modes<stack>(dialect::vault);
}

TEST_CASE("httplib: no mode ever delivers a stale value, OpenBao")
{
    end_to_end::check_modes<stack>(dialect::openbao);
}

TEST_CASE("httplib: forwarding that is barred is asked for once")
{
    end_to_end::check_barred_forwarding<stack>();
}

TEST_CASE("httplib: redirects are followed to declared nodes alone")
{
    end_to_end::check_redirects<stack>(dialect::vault);
    end_to_end::check_redirects<stack>(dialect::openbao);
}

TEST_CASE("httplib: OpenBao holds a request until the state is there") { end_to_end::check_await<stack>(); }

TEST_CASE("httplib: what one caller wrote delays no other")
{
    end_to_end::check_callers<stack>(dialect::vault);
    end_to_end::check_callers<stack>(dialect::openbao);
}

TEST_CASE("httplib: of several nodes the one that has the state answers")
{
    end_to_end::check_best_node<stack>(dialect::vault);
    end_to_end::check_best_node<stack>(dialect::openbao);
}

TEST_CASE("httplib: the active node answers where it is asked for")
{
    end_to_end::check_active_node<stack>(dialect::vault, true);
    end_to_end::check_active_node<stack>(dialect::vault, false);
    end_to_end::check_active_node<stack>(dialect::openbao, false);
}

TEST_CASE("httplib: a client alone reads what it wrote, through a node that lags")
{
    cluster::http_server nodes{end_to_end::settings_of(dialect::vault, "constant:20ms")};
    httplib::Client writing{nodes.address(0)};
    httplib::Client reading{nodes.address(1)};
    reading.set_keep_alive(true);
    afterwrite::session session;
    afterwrite::replication_view view;
    auto const was_refused = [&] { return nodes.counters(1).refused > 0; };
    end_to_end::run_until(5, was_refused, [&](int i) {
        auto const value = std::to_string(i);
        auto const body = R"({"v":")" + value + R"("})";
        afterwrite::send(writing, stack::make("PUT", "/v1/kv/foo", body), session, view);
        auto seen = afterwrite::send(reading, stack::make("GET", "/v1/kv/foo", {}), session, view);
        CHECK(end_to_end::shows(seen, value));
    });
    CHECK(nodes.counters(1).refused > 0);
}

TEST_CASE("httplib: a token is known at once at every node, though it carries no index")
{
    end_to_end::check_births<stack>(dialect::vault);
    end_to_end::check_births<stack>(dialect::openbao);
}

TEST_CASE("httplib: wrapped answers and leases are known at once at every node")
{
    end_to_end::check_wrapping_and_leases<stack>(dialect::vault);
    end_to_end::check_wrapping_and_leases<stack>(dialect::openbao);
}

TEST_CASE("httplib: a read shows the write before it even if that one's answer was lost")
{
    end_to_end::check_lost_answer<stack>(dialect::vault);
    end_to_end::check_lost_answer<stack>(dialect::openbao);
}

TEST_CASE("httplib: a restored snapshot holds nobody up")
{
    end_to_end::check_restore<stack>(dialect::openbao);
    end_to_end::check_refused_restore<stack>();
}

TEST_CASE("httplib: another cluster behind the addresses is reported")
{
    end_to_end::check_change_of_cluster<stack>(dialect::vault);
    end_to_end::check_change_of_cluster<stack>(dialect::openbao);
}
