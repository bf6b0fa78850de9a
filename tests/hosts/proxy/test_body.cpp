// SPDX-License-Identifier: BSL-1.0
#include "body.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace proxy;

namespace {

struct reading {
    std::string body;
    std::string left;
    bool is_done;
    bool is_broken;
};

/// Hands the bytes over in parts of this size, as a connection might.
[[nodiscard]] reading read(framing how, std::string const& bytes, std::size_t part, bool is_closed = false)
{
    body_reader reader(how);
    reading got{};
    std::string at_hand;
    for (std::size_t next = 0; next < bytes.size();) {
        auto const size = std::min(part, bytes.size() - next);
        at_hand += bytes.substr(next, size);
        next += size;
        for (;;) {
            auto const taken = reader.take(at_hand);
            got.body += taken.content;
            at_hand.erase(0, taken.used);
            if (taken.used == 0)
                break;
        }
    }
    if (is_closed)
        reader.close(true);
    got.left = at_hand;
    got.is_done = reader.is_done();
    got.is_broken = reader.is_broken();
    return got;
}

constexpr framing chunked{framing::kind::chunked, 0};

} // namespace

TEST_CASE("a body of a known length leaves what comes behind it")
{
    for (std::size_t part = 1; part < 12; ++part) {
        auto const got = read({framing::kind::length, 5}, "helloGET /", part);
        CHECK(got.body == "hello");
        CHECK(got.left == "GET /");
        CHECK(got.is_done);
    }
    CHECK(body_reader({framing::kind::length, 0}).is_done());
    CHECK(body_reader().is_done());
}

TEST_CASE("chunks come apart wherever they are cut; extensions and trailers are passed over")
{
    std::string const bytes =
        "5;a=b\r\nhello\r\nA\r\n, world...\r\n0;x\r\nX-Vault-Token: evil\r\nB: c\r\n\r\nGET /";
    for (std::size_t part = 1; part <= bytes.size(); ++part) {
        auto const got = read(chunked, bytes, part);
        CHECK(got.body == "hello, world...");
        CHECK(got.left == "GET /");
        CHECK(got.is_done);
    }
    CHECK(read(chunked, "0\r\n\r\n", 1).is_done);
}

TEST_CASE("what is no chunk breaks the body, and it stays broken")
{
    for (std::string const bytes :
         {"x\r\n", "\r\n", "-1\r\n", " 5\r\nhello\r\n", "5 \r\nhello\r\n", "0x5\r\nhello\r\n", "5\nhello\n",
          "5\rxhello", "5\r\nhelloX\r\n", "5\r\nhello\n\n", "5\r\nhello\rx", "11111111111111111\r\n",
          ";a\r\n", "5;a\nb\r\nhello", "0\r\nA: b\nC: d\r\n\r\n", "0\r\nA\rB\r\n\r\n"}) {
        CAPTURE(bytes);
        for (std::size_t const part : {std::size_t{1}, bytes.size()}) {
            auto const got = read(chunked, bytes, part);
            CHECK(got.is_broken);
            CHECK_FALSE(got.is_done);
        }
    }
}

TEST_CASE("what is passed over has a bound")
{
    CHECK(read(chunked, "5;" + std::string(17 * 1024, 'x'), 4096).is_broken);
    std::string trailers = "0\r\n";
    for (int i = 0; i < 2000; ++i)
        trailers += "A: 123456\r\n";
    CHECK(read(chunked, trailers, 4096).is_broken);
    std::string tiny;
    for (int i = 0; i < 2000; ++i)
        tiny += "1;0123456789\r\nx\r\n";
    CHECK(read(chunked, tiny, 4096).is_broken);
}

TEST_CASE("a body up to the end of the connection; one that is cut off is told apart")
{
    framing const until_close{framing::kind::until_close, 0};
    CHECK_FALSE(read(until_close, "hello", 2).is_done);
    CHECK(read(until_close, "hello", 2, true).is_done);
    CHECK(read(until_close, "hello", 2, true).body == "hello");
    body_reader torn(until_close);
    torn.close(false);
    CHECK(torn.is_broken());
    CHECK(read({framing::kind::length, 9}, "hello", 9, true).is_broken);
    CHECK(read(chunked, "5\r\nhello\r\n", 9, true).is_broken);
}
