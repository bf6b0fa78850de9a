// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/beast.hpp>
#include <afterwrite/adapters/beast_tls.hpp>

#include "cluster/tls.hpp"
#include "end_to_end/cases.hpp"
#include "end_to_end/rounds.hpp"
#include "end_to_end/sessions.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using cluster::dialect;

/// What the cases look at in an answer.
struct answer {
    int status = 0;
    std::string body{};
    http::response_header<> head{};
};

struct reply : std::optional<answer> {
    reply() = default;
    explicit reply(afterwrite::beast_reply of) : is_unsent_(of.is_unsent())
    {
        if (of)
            emplace(answer{static_cast<int>(of->result_int()), of->body(), of->base()});
    }
    [[nodiscard]] bool is_unsent() const { return is_unsent_; }

private:
    bool is_unsent_ = false;
};

struct stack {
    using request = http::request<http::string_body>;

    class transport {
    public:
        explicit transport(std::string address) : sends_(std::move(address)) {}
        void set_address(std::string address) { sends_.set_address(std::move(address)); }

        reply operator()(request& what, afterwrite::destination const& where)
        {
            return reply(sends_(what, where));
        }

    private:
        afterwrite::beast_transport sends_;
    };

    static request make(std::string_view method, std::string_view path, std::string_view body)
    {
        request made{http::verb::unknown, boost::beast::string_view(path.data(), path.size()), 11};
        made.method_string(boost::beast::string_view(method.data(), method.size()));
        made.set("X-Vault-Token", "root");
        made.set("X-Vault-Request", "true");
        made.body() = body;
        return made;
    }
};

} // namespace

template <>
struct afterwrite::message_traits<answer> {
    template <class Visit>
    static void for_each(answer const& one, std::string_view name, Visit&& visit)
    {
        message_traits<http::response_header<>>::for_each(one.head, name, visit);
    }
    static int status(answer const& one) noexcept { return one.status; }
    static std::string_view body(answer const& one) noexcept { return one.body; }
};

namespace {

/// A caller among others on one thread: writes at one node, reads at another, and counts what is stale.
struct reader_and_writer {
    boost::asio::io_context& context;
    cluster::http_server& nodes;
    int number;
    int rounds;
    int stale = 0;
    int done = 0;
    afterwrite::session session{};
    afterwrite::replication_view view{};

    boost::asio::awaitable<void> run()
    {
        afterwrite::beast_async_transport vault{context.get_executor(), nodes.address(0)};
        auto const path = "/v1/kv/of" + std::to_string(number);
        for (; done < rounds; ++done) {
            auto const body = R"({"v":")" + std::to_string(done) + R"("})";
            vault.set_address(nodes.address(0));
            auto write = stack::make("PUT", path, body);
            auto const written = co_await afterwrite::async_send(vault, write, session, view);
            vault.set_address(nodes.address(1));
            auto read = stack::make("GET", path, {});
            auto const seen = co_await afterwrite::async_send(vault, read, session, view);
            bool const is_fresh =
                written.delivered() && seen.delivered() &&
                seen.response->body().find(body.substr(1, body.size() - 2)) != std::string::npos;
            stale += is_fresh ? 0 : 1;
        }
    }
};

} // namespace

TEST_CASE("beast: no mode ever delivers a stale value, Vault")
{
    end_to_end::check_modes<stack>(dialect::vault);
}

TEST_CASE("beast: no mode ever delivers a stale value, OpenBao")
{
    end_to_end::check_modes<stack>(dialect::openbao);
}

TEST_CASE("beast: forwarding that is barred is asked for once")
{
    end_to_end::check_barred_forwarding<stack>();
}

TEST_CASE("beast: redirects are followed to declared nodes alone")
{
    end_to_end::check_redirects<stack>(dialect::vault);
    end_to_end::check_redirects<stack>(dialect::openbao);
}

TEST_CASE("beast: OpenBao holds a request until the state is there") { end_to_end::check_await<stack>(); }

TEST_CASE("beast: what one caller wrote delays no other")
{
    end_to_end::check_callers<stack>(dialect::vault);
    end_to_end::check_callers<stack>(dialect::openbao);
}

TEST_CASE("beast: of several nodes the one that has the state answers")
{
    end_to_end::check_best_node<stack>(dialect::vault);
    end_to_end::check_best_node<stack>(dialect::openbao);
}

TEST_CASE("beast: the active node answers where it is asked for")
{
    end_to_end::check_active_node<stack>(dialect::vault, true);
    end_to_end::check_active_node<stack>(dialect::vault, false);
    end_to_end::check_active_node<stack>(dialect::openbao, false);
}

TEST_CASE("beast: TLS is by the caller's context, and verified whatever it says")
{
    cluster::http_options secure;
    secure.tls = cluster::make_self_signed();
    cluster::http_server nodes{end_to_end::settings_of(dialect::vault, "constant:20ms"), secure};
    afterwrite::session session;
    afterwrite::replication_view view;

    ssl::context others{ssl::context::tls_client};
    others.add_certificate_authority(boost::asio::buffer(cluster::make_self_signed().certificate));
    afterwrite::beast_tls_transport distrusting{nodes.address(0), others};
    auto const distrusted =
        afterwrite::send(distrusting, stack::make("GET", "/v1/kv/foo", {}), session, view);
    CHECK_FALSE(distrusted.delivered());
    CHECK(distrusted.response.is_unsent());
    CHECK(distrusted.response.what().find("certificate verify failed") != std::string::npos);

    ssl::context trusted{ssl::context::tls_client};
    trusted.add_certificate_authority(boost::asio::buffer(secure.tls->certificate));
    afterwrite::beast_tls_transport vault{nodes.address(0), trusted};
    auto const was_refused = [&] { return nodes.counters(1).refused > 0; };
    end_to_end::run_until(3, was_refused, [&](int i) {
        auto const body = R"({"v":")" + std::to_string(i) + R"("})";
        vault.set_address(nodes.address(0));
        CHECK(afterwrite::send(vault, stack::make("PUT", "/v1/kv/foo", body), session, view).delivered());
        vault.set_address(nodes.address(1));
        auto const seen = afterwrite::send(vault, stack::make("GET", "/v1/kv/foo", {}), session, view);
        CHECK(seen.response->body().find(body.substr(1, body.size() - 2)) != std::string::npos);
    });
    CHECK(nodes.counters(1).refused > 0);

    // Trusted, but for another name.
    auto elsewhere = nodes.address(0);
    elsewhere.replace(elsewhere.find("127.0.0.1"), 9, "127.0.0.2");
    vault.set_address(elsewhere);
    auto what = stack::make("GET", "/v1/kv/foo", {});
    CHECK(vault(what, {}).is_unsent());
}

TEST_CASE("beast: callers on one thread read what they wrote, each its own")
{
    for (auto const speaks : {dialect::vault, dialect::openbao}) {
        cluster::http_server nodes{end_to_end::settings_of(speaks, "constant:20ms")};
        auto const has_lagged = [&] { return nodes.counters(1).refused + nodes.counters(1).held > 0; };
        end_to_end::run_until(1, has_lagged, [&](int) {
            boost::asio::io_context context;
            std::deque<reader_and_writer> all;
            for (int i = 0; i < 20; ++i) {
                all.push_back({context, nodes, i, 5});
                boost::asio::co_spawn(context, all.back().run(), boost::asio::detached);
            }
            context.run();
            for (auto const& each : all) {
                CHECK(each.done == 5);
                CHECK(each.stale == 0);
            }
        });
        CHECK(nodes.counters(1).refused + nodes.counters(1).held > 0);
    }
}

TEST_CASE("beast: a token is known at once at every node, though it carries no index")
{
    end_to_end::check_births<stack>(dialect::vault);
    end_to_end::check_births<stack>(dialect::openbao);
}

TEST_CASE("beast: wrapped answers and leases are known at once at every node")
{
    end_to_end::check_wrapping_and_leases<stack>(dialect::vault);
    end_to_end::check_wrapping_and_leases<stack>(dialect::openbao);
}

TEST_CASE("beast: a read shows the write before it even if that one's answer was lost")
{
    end_to_end::check_lost_answer<stack>(dialect::vault);
    end_to_end::check_lost_answer<stack>(dialect::openbao);
}

TEST_CASE("beast: a restored snapshot holds nobody up")
{
    end_to_end::check_restore<stack>(dialect::openbao);
    end_to_end::check_refused_restore<stack>();
}

TEST_CASE("beast: another cluster behind the addresses is reported")
{
    end_to_end::check_change_of_cluster<stack>(dialect::vault);
    end_to_end::check_change_of_cluster<stack>(dialect::openbao);
}
