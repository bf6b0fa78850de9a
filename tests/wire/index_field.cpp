// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/index_field.hpp>

#include <afterwrite/bytes/base64.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

std::vector<std::string> members(std::string_view field_value)
{
    std::vector<std::string> found;
    for_each_index(field_value, [&](std::string_view index) { found.emplace_back(index); });
    return found;
}

constexpr std::size_t count_of(std::string_view field_value)
{
    std::size_t count = 0;
    for_each_index(field_value, [&count](std::string_view) { ++count; });
    return count;
}

constexpr char blank[] = {' '};
static_assert(count_of("") == 0); // and nothing before or behind it is read
static_assert(count_of({blank, sizeof blank}) == 0);

decode_error error_of(std::string_view index)
{
    auto const decoded = decode_index(index);
    REQUIRE_FALSE(decoded);
    return decoded.error();
}

} // namespace

TEST_CASE("a field holds one index, or several that a stack has joined with commas")
{
    CHECK(members("a") == std::vector<std::string>{"a"});
    CHECK(members("a,b,c") == std::vector<std::string>{"a", "b", "c"});
    CHECK(members("b==, a=") == std::vector<std::string>{"b==", "a="});
}

TEST_CASE("blanks around an index are not part of it")
{
    CHECK(members(" a") == std::vector<std::string>{"a"});
    CHECK(members("\t a \t,\t b ") == std::vector<std::string>{"a", "b"});
    CHECK(members("a b") == std::vector<std::string>{"a b"});
}

TEST_CASE("empty members are passed over")
{
    CHECK(members("").empty());
    CHECK(members(" \t ").empty());
    CHECK(members(",").empty());
    CHECK(members(", ,\t,").empty());
    CHECK(members(",a,,b,") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("what is neither comma nor blank belongs to an index, control bytes too")
{
    CHECK(members("a\r\nb") == std::vector<std::string>{"a\r\nb"});
    CHECK(members("\na\n") == std::vector<std::string>{"\na\n"});
    CHECK(members(std::string_view("\0", 1)) == std::vector<std::string>{std::string(1, '\0')});
}

TEST_CASE("two thousand members are two thousand indices, in their order")
{
    std::string joined;
    for (int i = 0; i < 2000; ++i)
        joined += std::to_string(i) + ", ";
    auto const found = members(joined);
    REQUIRE(found.size() == 2000);
    CHECK(found.front() == "0");
    CHECK(found.back() == "1999");
}

TEST_CASE("an index can be sent again if it is visible ASCII, without a comma, and within the bound")
{
    static_assert(is_sendable("djE6Y2lkOjE6MDo="));
    CHECK(is_sendable("!~"));
    CHECK(is_sendable(std::string(max_index_size, 'a')));
    CHECK_FALSE(is_sendable(""));
    CHECK_FALSE(is_sendable(std::string(max_index_size + 1, 'a')));
    for (int byte = 0; byte < 256; ++byte) {
        std::string const text{'a', static_cast<char>(byte), 'a'};
        bool const is_visible = byte > 0x20 && byte < 0x7f && byte != ',';
        CHECK(is_sendable(text) == is_visible);
    }
}

TEST_CASE("an index is read whichever server wrote it")
{
    auto const by_vault = decode_index(vault("cid", 3, 4));
    REQUIRE(by_vault);
    CHECK(by_vault->form == dialect::vault);
    CHECK(by_vault->vault == wal_state{cluster_id("cid"), {3, 4}});
    CHECK(by_vault->cluster() == "cid");

    auto const by_openbao = decode_index(openbao("cid", "42"));
    REQUIRE(by_openbao);
    CHECK(by_openbao->form == dialect::openbao);
    CHECK(by_openbao->openbao.value == "42");
    CHECK(by_openbao->cluster() == "cid");
}

TEST_CASE("an OpenBao index may begin with white space, as JSON may")
{
    auto const decoded = decode_index(base64_encode(" \n{\"cluster\":\"c\",\"value\":\"1\"}"));
    REQUIRE(decoded);
    CHECK(decoded->form == dialect::openbao);
}

TEST_CASE("what cannot be read says why")
{
    CHECK(error_of(base64_encode("v1:c:10")) == decode_error::format);
    CHECK(error_of(base64_encode("v1:c:18446744073709551616:0:")) == decode_error::local_index);
    CHECK(error_of(base64_encode("{\"cluster\":1}")) == decode_error::not_json);
    CHECK(error_of(base64_encode("{}")) == decode_error::missing_field);
    CHECK(error_of(base64_encode("v2:c:1:0:")) == decode_error::unknown_form);
    CHECK(error_of("?garbage") == decode_error::unknown_form);
    CHECK(error_of(std::string(max_index_size + 1, 'a')) == decode_error::too_long);
    CHECK(error_of(std::string(max_index_size, 'a')) == decode_error::unknown_form);
    CHECK(error_of("") == decode_error::unsafe_bytes);
    CHECK(error_of("djE6\r\nX-Evil: 1") == decode_error::unsafe_bytes);
    CHECK(error_of(vault("c", 1, 0) + ",") == decode_error::unsafe_bytes);
}

TEST_CASE("an OpenBao number is a place in one log")
{
    CHECK(decode_index(openbao("c", "42"))->position() == wal_position{42, 0});
    CHECK(decode_index(vault("c", 3, 4))->position() == wal_position{3, 4});
    CHECK_FALSE(decode_index(openbao("c", "abc"))->position().has_value());
}

TEST_CASE("past a bound is what may well be an index: too long and of a known form, not what is malformed")
{
    std::string const long_tail(max_index_size, 'a');
    CHECK(is_past_bound("djE6" + long_tail, decode_error::too_long));
    CHECK(is_past_bound("eyJj" + long_tail, decode_error::too_long));
    CHECK_FALSE(is_past_bound(long_tail + "a", decode_error::too_long));
    CHECK_FALSE(is_past_bound(base64_encode("v1:c:10"), decode_error::format));
    CHECK_FALSE(is_past_bound(base64_encode("{}"), decode_error::missing_field));
    CHECK(is_past_bound("", decode_error::cluster_too_long));
    CHECK(is_past_bound("", decode_error::value_too_long));
}
