// SPDX-License-Identifier: BSL-1.0
#include "server/relay.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

// That a byte is late is shown by what is there before it: nothing here looks at a clock.

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using server::relay;

constexpr auto never = std::chrono::hours(24);

/// What the relay leads to, and those who connect. Reads block until the bytes are there.
struct scene {
    tcp::socket connect()
    {
        tcp::socket client{loop};
        client.connect({asio::ip::address_v4::loopback(), between.port()});
        return client;
    }
    tcp::socket accept() { return acceptor.accept(); }

    asio::io_context loop{};
    tcp::acceptor acceptor{loop, {asio::ip::address_v4::loopback(), 0}};
    relay between{acceptor.local_endpoint().port()};
};

void say(tcp::socket& to, std::string const& words) { asio::write(to, asio::buffer(words)); }

std::string hear(tcp::socket& from, std::size_t size)
{
    std::string words(size, ' ');
    asio::read(from, asio::buffer(words));
    return words;
}

/// The end of what the other side sends: orderly, or a reset.
error_code end_of(tcp::socket& from)
{
    std::array<char, 16> buffer{};
    error_code error;
    from.read_some(asio::buffer(buffer), error);
    return error;
}

} // namespace

TEST_CASE("what comes is handed on, both ways")
{
    scene s;
    auto client = s.connect();
    auto target = s.accept();
    say(client, "question");
    CHECK(hear(target, 8) == "question");
    say(target, "answer");
    CHECK(hear(client, 6) == "answer");
}

TEST_CASE("what is delayed is overtaken by what is not, on another connection and on the way back")
{
    scene s;
    auto slow = s.connect();
    auto slow_target = s.accept();
    auto fast = s.connect();
    auto fast_target = s.accept();
    say(slow, "before");
    CHECK(hear(slow_target, 6) == "before");

    s.between.set_delay(never, {});
    say(slow, "late");
    say(slow_target, "back");
    CHECK(hear(slow, 4) == "back"); // the other way has no delay, and the relay has had time to read `late`
    s.between.set_delay({}, {});
    say(fast, "soon");
    CHECK(hear(fast_target, 4) == "soon");
    CHECK(slow_target.available() == 0);
}

TEST_CASE("what is delayed comes in the end, in its order")
{
    scene s;
    auto client = s.connect();
    auto target = s.accept();
    s.between.set_delay(std::chrono::milliseconds(20), std::chrono::milliseconds(20));
    say(client, "one ");
    s.between.set_delay({}, {});
    say(client, "two");
    CHECK(hear(target, 7) == "one two");
}

TEST_CASE("a link that is held loses nothing, and makes connections all the same")
{
    scene s;
    auto first = s.connect();
    auto first_target = s.accept();
    s.between.hold();
    say(first, "one");
    auto second = s.connect();
    auto second_target = s.accept();
    say(second, "two");
    say(second_target, "three");
    CHECK(first_target.available() == 0);
    CHECK(second_target.available() == 0);
    CHECK(second.available() == 0);

    s.between.release();
    CHECK(hear(first_target, 3) == "one");
    CHECK(hear(second_target, 3) == "two");
    CHECK(hear(second, 5) == "three");
}

TEST_CASE("an end is handed on behind what was said before it, one way at a time")
{
    scene s;
    auto client = s.connect();
    auto target = s.accept();
    s.between.set_delay(std::chrono::milliseconds(5), {});
    say(client, "last words");
    client.shutdown(tcp::socket::shutdown_send);
    CHECK(hear(target, 10) == "last words");
    CHECK(end_of(target) == asio::error::eof);
    say(target, "heard");
    CHECK(hear(client, 5) == "heard");
    target.close();
    CHECK(end_of(client) == asio::error::eof);
}

TEST_CASE("who cannot reach the target is told so, and so are both when the relay ends")
{
    scene s;
    auto client = s.connect();
    auto target = s.accept();
    auto nobody = std::make_unique<relay>([&] {
        tcp::acceptor const closed{s.loop, {asio::ip::address_v4::loopback(), 0}};
        return closed.local_endpoint().port();
    }());
    tcp::socket lost{s.loop};
    lost.connect({asio::ip::address_v4::loopback(), nobody->port()});
    CHECK(end_of(lost));

    auto own = std::make_unique<relay>(s.acceptor.local_endpoint().port());
    tcp::socket other{s.loop};
    other.connect({asio::ip::address_v4::loopback(), own->port()});
    auto other_target = s.accept();
    CHECK(own->connections() == 1);
    own.reset();
    CHECK(end_of(other));
    CHECK(end_of(other_target));
}

TEST_CASE("many connections, and more bytes than fit in any buffer")
{
    scene s;
    constexpr std::size_t many = 50;
    std::string const large(100'000, 'x');
    std::vector<tcp::socket> clients;
    std::vector<tcp::socket> targets;
    for (std::size_t i = 0; i < many; ++i) {
        clients.push_back(s.connect());
        targets.push_back(s.accept());
    }
    CHECK(s.between.connections() == many);
    for (std::size_t i = 0; i < many; ++i)
        say(clients[i], std::to_string(i % 10) + large);
    for (std::size_t i = many; i-- > 0;)
        CHECK(hear(targets[i], 1 + large.size()) == std::to_string(i % 10) + large);
}
