// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/transport/transport_traits.hpp>

#include <doctest/doctest.h>

#include "support/scripted_transport.hpp"
#include "support/test_message.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

using namespace afterwrite;
using namespace support;

namespace {

/// Somebody's client, which is no function.
struct client {
    std::string sent_to{};
    test_message perform(test_message const&, std::string_view address)
    {
        sent_to = address;
        return answer(204);
    }
};

using function = test_message (*)(test_message&);

} // namespace

template <>
struct afterwrite::transport_traits<client> {
    static test_message send(client& c, test_message& request, destination const& where)
    {
        return c.perform(request, where.address);
    }
};

static_assert(transport_of<function, test_message>);
static_assert(!addressable_transport<function, test_message>);
static_assert(transport_of<bound_transport, test_message>);
static_assert(!addressable_transport<bound_transport, test_message>);
static_assert(transport_of<scripted_transport, test_message>);
static_assert(addressable_transport<scripted_transport, test_message>);
static_assert(transport_of<client, test_message>);
static_assert(addressable_transport<client, test_message>);

static_assert(!transport_of<int, test_message>);
static_assert(!transport_of<function, std::string>);
static_assert(!transport_of<client, std::string>);

static_assert(std::is_same_v<reply_of<function, test_message>, test_message>);
static_assert(std::is_same_v<reply_of<scripted_transport, test_message>, std::optional<test_message>>);
static_assert(std::is_same_v<reply_of<client, test_message>, test_message>);

TEST_CASE("a function is called with the request, and with the destination if it takes one")
{
    test_message request = get();
    bound_transport bound{.script = {answer(200)}};
    CHECK(detail::send_attempt(bound, request, {route::active_node, "http://a"})->status == 200);
    CHECK(bound.log.at(0).address.empty());

    scripted_transport free{.script = {answer(200)}};
    CHECK(detail::send_attempt(free, request, {route::active_node, "http://a"})->status == 200);
    CHECK(free.log.at(0).address == "http://a");
    CHECK(free.log.at(0).to == route::active_node);
}

TEST_CASE("a client that is no function is taught by its traits")
{
    client somebody;
    test_message request = get();
    CHECK(detail::send_attempt(somebody, request, {route::active_node, "http://a"}).status == 204);
    CHECK(somebody.sent_to == "http://a");
}

TEST_CASE("a reply is a message, or leads to one, or is an error")
{
    auto const message = answer(200);
    CHECK(detail::message_in(message) == &message);
    CHECK(detail::message_in(&message) == &message);
    std::optional<test_message> const optional = message;
    CHECK(detail::message_in(optional) == &*optional);
    auto const owner = std::make_unique<test_message>(message);
    CHECK(detail::message_in(owner) == owner.get());

    CHECK(detail::message_in(std::optional<test_message>()) == nullptr);
    CHECK(detail::message_in(std::unique_ptr<test_message>()) == nullptr);
    CHECK(detail::message_in(static_cast<test_message const*>(nullptr)) == nullptr);
}

namespace {

/// A reply of a client that knows whether it had a connection.
struct knowing_reply {
    bool had_connection = false;
    [[nodiscard]] bool is_unsent() const { return !had_connection; }
};

} // namespace

TEST_CASE("a request counts as sent unless the client knows better")
{
    CHECK_FALSE(detail::is_unsent(std::optional<test_message>()));
    CHECK_FALSE(detail::is_unsent(answer(200)));
    CHECK(detail::is_unsent(knowing_reply{}));
    CHECK_FALSE(detail::is_unsent(knowing_reply{true}));
}
