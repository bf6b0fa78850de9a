// SPDX-License-Identifier: BSL-1.0
// How a node is reached by the name of its host.
#include "node_pool.hpp"

#include "front.hpp"
#include "scripted_node.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <sys/socket.h>

using namespace proxy_tests;

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using tcp = asio::ip::tcp;

/// A node whose name stands for what a test says, and attempts to connect to it.
struct named_node {
    explicit named_node(proxy::name_lookup::function ask)
        : all(before("http://vault.example:8200"), log, {}),
          node(all, rounds, io, "http://vault.example:8200", std::move(ask))
    {}

    /// All of them at the same time, and until the last is over.
    void connect(std::size_t count, proxy::monotonic::duration patience)
    {
        links.clear();
        errors.assign(count, {});
        left = count;
        for (std::size_t i = 0; i < count; ++i) {
            links.push_back(node.open());
            links.back()->bytes.expire_after(patience);
            asio::co_spawn(io.get_executor(), connect(i), asio::detached);
        }
        io.restart();
        rounds.begin(io);
        io.run();
    }

    proxy::task<> connect(std::size_t i)
    {
        errors[i] = co_await node.connect(*links[i]);
        if (--left == 0)
            rounds.end();
    }

    kept_lines lines;
    proxy::log log{lines.settings(), lines.sink()};
    proxy::rounds rounds;
    asio::io_context io{1};
    proxy::shared all;
    proxy::node node;
    std::vector<std::unique_ptr<proxy::node_link>> links;
    std::vector<proxy::error_code> errors;
    std::size_t left = 0;
};

[[nodiscard]] tcp::endpoint endpoint_of(std::string const& address)
{
    auto const port = std::stoul(address.substr(address.rfind(':') + 1));
    return {asio::ip::address_v4::loopback(), static_cast<unsigned short>(port)};
}

/// An address at which packets vanish: whoever listens there has not taken those that came before.
class swallowing_address {
public:
    swallowing_address() : acceptor_(io_)
    {
        acceptor_.open(tcp::v4());
        acceptor_.bind({asio::ip::address_v4::loopback(), 0});
        acceptor_.listen(0);
        auto const to = endpoint();
        for (int i = 0; i < 8; ++i) {
            waiting_.emplace_back(io_, tcp::v4());
            waiting_.back().native_non_blocking(true);
            (void)::connect(waiting_.back().native_handle(), to.data(), static_cast<socklen_t>(to.size()));
        }
    }

    [[nodiscard]] tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

private:
    asio::io_context io_;
    tcp::acceptor acceptor_;
    std::vector<tcp::socket> waiting_;
};

/// An address at which nobody listens.
[[nodiscard]] tcp::endpoint refusing_address() { return {asio::ip::address_v4::loopback(), 1}; }

} // namespace

TEST_CASE("a name that nobody knows in time costs no more than that time, and one thread")
{
    auto const calls = std::make_shared<std::atomic<int>>(0);
    std::promise<void> over;
    std::promise<void> left;
    {
        named_node named([calls, &left, until = over.get_future().share()](auto const&, auto const&) {
            ++*calls;
            until.wait();
            left.set_value_at_thread_exit();
            return proxy::found_addresses{};
        });
        for (int i = 0; i < 2; ++i) {
            named.connect(3, 1ms);
            for (std::size_t each = 0; each < 3; ++each) {
                CHECK(named.errors[each]);
                CHECK(named.links[each]->bytes.has_expired());
            }
        }
    }
    over.set_value(); // when nobody waits for it any more
    left.get_future().get();
    CHECK(*calls == 1);
}

TEST_CASE("a connection that is given up ends its wait for a name, and nobody else's")
{
    listening_node listens;
    std::promise<void> may_answer;
    named_node named([&, until = may_answer.get_future().share()](auto const&, auto const&) {
        until.wait();
        return proxy::found_addresses{{}, {endpoint_of(listens.address())}};
    });
    asio::steady_timer soon(named.io, 0ms);
    soon.async_wait([&](proxy::error_code const&) {
        named.links[0]->bytes.close();
        may_answer.set_value();
    });
    named.connect(2, 1h);
    CHECK(named.errors[0] == asio::error::operation_aborted);
    CHECK_FALSE(named.errors[1]);
}

TEST_CASE("a connection that is given up is not opened again by an answer that is there by then")
{
    listening_node listens;
    std::promise<void> may_answer;
    std::promise<void> answered;
    named_node named([&, until = may_answer.get_future().share()](auto const&, auto const&) {
        until.wait();
        answered.set_value_at_thread_exit();
        return proxy::found_addresses{{}, {endpoint_of(listens.address())}};
    });
    asio::steady_timer soon(named.io, 0ms);
    soon.async_wait([&](proxy::error_code const&) {
        may_answer.set_value();
        answered.get_future().get();
        named.links[0]->bytes.close();
    });
    named.connect(2, 1h);
    CHECK(named.errors[0] == asio::error::operation_aborted);
    CHECK_FALSE(named.links[0]->bytes.is_open());
    CHECK_FALSE(named.errors[1]);
}

TEST_CASE("of a name's addresses each gets a share of the time, and the good one is remembered")
{
    listening_node listens;
    swallowing_address swallows;
    named_node named([&](std::string const& host, std::string const& port) {
        CHECK(host == "vault.example");
        CHECK(port == "8200");
        return proxy::found_addresses{
            {}, {swallows.endpoint(), refusing_address(), endpoint_of(listens.address())}};
    });
    named.connect(1, 300ms);
    CHECK_FALSE(named.errors[0]);
    CHECK_FALSE(named.links[0]->bytes.has_expired());
    named.connect(1, 1h); // of which the first address would get a third
    CHECK_FALSE(named.errors[0]);
}

TEST_CASE("a name without an address, or with bad ones only, is an error that says why")
{
    named_node unknown([](auto const& host, auto const& port) {
        auto found = proxy::ask_system(host.substr(0, 0), port + "x");
        CHECK(found.all.empty());
        return found;
    });
    unknown.connect(1, 1h);
    CHECK(unknown.errors[0]);
    named_node nothing([](auto const&, auto const&) { return proxy::found_addresses{}; });
    nothing.connect(1, 1h);
    CHECK(nothing.errors[0] == asio::error::host_not_found);
    named_node refused([](auto const&, auto const&) {
        return proxy::found_addresses{{}, {refusing_address(), refusing_address()}};
    });
    refused.connect(1, 1h);
    CHECK(refused.errors[0] == asio::error::connection_refused);
}

TEST_CASE("the system knows the names that it knows")
{
    auto const found = proxy::ask_system("127.0.0.1", "8200");
    CHECK_FALSE(found.error);
    REQUIRE(found.all.size() == 1);
    CHECK(found.all.front() == tcp::endpoint(asio::ip::address_v4::loopback(), 8200));
}
