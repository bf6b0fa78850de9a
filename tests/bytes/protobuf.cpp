// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/protobuf.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace std::string_view_literals;

namespace {

/// What a message holds; nothing if it is malformed.
std::optional<std::vector<protobuf_field>> fields_of(std::string_view message)
{
    std::vector<protobuf_field> found;
    protobuf_reader reader(message);
    while (auto const field = reader.next())
        found.push_back(*field);
    if (!reader.is_whole())
        return std::nullopt;
    return found;
}

bool is_refused(std::string_view message) { return !fields_of(message); }

constexpr std::uint64_t varint(std::string_view bytes)
{
    std::string_view const message = bytes; // "\x08" stands before it
    auto const field = protobuf_reader(message).next();
    return field && field->is_varint(1) ? field->value : 0;
}

// The number 150 in field 1, the first example of protobuf.dev, "Encoding".
static_assert(varint("\x08\x96\x01") == 150);
static_assert(varint("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") == UINT64_MAX);

} // namespace

TEST_CASE("the fields of a message come in its order")
{
    auto const fields = fields_of("\x08\x96\x01\x12\x03"
                                  "abc\x1d"
                                  "1234\x21"
                                  "12345678\x12\x00"sv);
    REQUIRE(fields);
    REQUIRE(fields->size() == 5);
    CHECK((*fields)[0].is_varint(1));
    CHECK((*fields)[0].value == 150);
    CHECK_FALSE((*fields)[0].is_bytes(1));
    CHECK((*fields)[1].is_bytes(2));
    CHECK_FALSE((*fields)[1].is_varint(2));
    CHECK((*fields)[1].bytes == "abc");
    CHECK((*fields)[1].value == 0);
    CHECK((*fields)[2].type == protobuf_type::fixed32);
    CHECK((*fields)[2].bytes == "1234");
    CHECK((*fields)[3].number == 4);
    CHECK((*fields)[3].type == protobuf_type::fixed64);
    CHECK((*fields)[3].bytes == "12345678");
    CHECK((*fields)[4].is_bytes(2));
    CHECK((*fields)[4].bytes.empty());
}

TEST_CASE("an empty message is whole and has no fields")
{
    auto const fields = fields_of("");
    REQUIRE(fields);
    CHECK(fields->empty());
}

TEST_CASE("a message of which something is left is not whole")
{
    protobuf_reader reader("\x08\x01\x08\x02");
    CHECK_FALSE(reader.is_whole());
    CHECK(reader.next());
    CHECK_FALSE(reader.is_whole());
    CHECK(reader.next());
    CHECK(reader.is_whole());
    CHECK_FALSE(reader.next());
}

TEST_CASE("numbers that have no end, or more than 64 bits, are refused")
{
    CHECK(is_refused("\x08"sv));
    CHECK(is_refused("\x08\x80"sv));
    CHECK(is_refused("\x80"sv));
    CHECK(is_refused("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv));
    CHECK(is_refused("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"sv));
    CHECK_FALSE(is_refused("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"sv)); // longer than it need be
}

TEST_CASE("lengths beyond the message are refused")
{
    CHECK(is_refused("\x12\x04"
                     "abc"sv));
    CHECK(is_refused("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv));
    CHECK(is_refused("\x12"sv));
    CHECK(is_refused("\x1d"
                     "123"sv));
    CHECK(is_refused("\x21"
                     "1234567"sv));
}

TEST_CASE("field numbers are from 1 to 2^29 - 1, and groups are refused")
{
    CHECK(is_refused("\x00\x01"sv));
    CHECK_FALSE(is_refused("\xf8\xff\xff\xff\x0f\x01"sv));
    CHECK(is_refused("\x80\x80\x80\x80\x10\x01"sv));
    for (auto const* const group : {"\x0b\x0c", "\x0b", "\x0c", "\x0e\x01", "\x0f\x01"})
        CHECK(is_refused(group));
}

TEST_CASE("nothing follows what is malformed")
{
    protobuf_reader reader("\x0b\x08\x01");
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.is_whole());
}

TEST_CASE("whatever the bytes, what is read lies within them and it ends")
{
    std::mt19937 random(1);
    for (int round = 0; round < 20000; ++round) {
        std::string message(random() % 40, '\0');
        for (auto& byte : message)
            byte = static_cast<char>(random() % 3 == 0 ? random() : random() % 32);
        protobuf_reader reader(message);
        std::size_t count = 0;
        std::size_t size = 0;
        while (auto const field = reader.next()) {
            ++count;
            size += field->bytes.size();
            REQUIRE(field->number > 0);
        }
        CHECK(count <= message.size() / 2);
        CHECK(size <= message.size());
    }
}

TEST_CASE("what was not read is no field that a message can have")
{
    protobuf_field const none;
    CHECK(none.number == 0); // which no message may have
    CHECK_FALSE(none.is_varint(1));
    CHECK_FALSE(none.is_bytes(1));
    protobuf_reader reader(std::string_view("\x00\x01", 2));
    CHECK_FALSE(reader.next());
}
