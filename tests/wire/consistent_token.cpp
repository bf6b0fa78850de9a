// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/consistent_token.hpp>

#include <doctest/doctest.h>

#include "support/tokens.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

using namespace afterwrite;
using namespace std::string_view_literals;
using support::bytes_field;
using support::number_field;
using support::signed_token;
using support::token_key;

static_assert(std::is_trivially_copyable_v<result<consistent_token, decode_error>>);
static_assert(noexcept(decode_consistent_token("")));

namespace {

constexpr std::string_view secret = "hvs.ABCDEFGHIJKLMNOPQRSTUVWX";

constexpr std::string_view of_index_300 =
    "hvs.CAESIOf6frcizywv6QlIggeHtEc47r9-zFLMPTMnL-3TR_4cGiEKHGh2cy5BQkNERUZHSElKS0xNTk9QUVJTVFVWV1gQrAI";
constexpr std::string_view of_epoch_2 =
    "hvs.CAESIJUcPCZ9yLvf8-0ETSJcCZsLmkyjOa_DXHcD1ytuB2ZEGiUKHGh2cy5BQkNERUZHSElKS0xNTk9QUVJTVFVWV1gQlZrvOhg"
    "C";
constexpr std::string_view of_openbao = "hvs.CAESIPvQ7L7xQmlQspU2b8fUwTEsDp9P_zOuNbSR-"
                                        "ya8foksGiQKHGh2cy5BQkNERUZHSElKS0xNTk9QUVJTVFVWV1iSAwMzMDA";

consistent_token token(dialect form, std::string_view local_index, std::uint32_t epoch = 0)
{
    return {form, inline_string<64>(local_index), epoch};
}

std::optional<consistent_token> token_of(std::string_view inner)
{
    auto const decoded = decode_consistent_token(signed_token(inner), token_key);
    return decoded ? std::optional(*decoded) : std::nullopt;
}

std::optional<decode_error> error_of(std::string_view text)
{
    auto const decoded = decode_consistent_token(text);
    return decoded ? std::nullopt : std::optional(decoded.error());
}

std::optional<decode_error> error_of_inner(std::string_view inner) { return error_of(signed_token(inner)); }

std::string const letters = bytes_field(1, secret);

} // namespace

TEST_CASE("a token of Vault tells the index of its making, and its epoch")
{
    constexpr auto decoded = decode_consistent_token(of_index_300);
    static_assert(decoded.has_value());
    static_assert(decoded->form == dialect::vault);
    static_assert(decoded->local_index == "300");
    static_assert(decoded->number() == 300);
    static_assert(decoded->epoch == 0);
    constexpr auto later = decode_consistent_token(of_epoch_2);
    static_assert(later->local_index == "123456789");
    static_assert(later->epoch == 2);
    CHECK(decode_consistent_token(of_index_300, token_key) == decoded);
    CHECK(decode_consistent_token(of_epoch_2, token_key) == later);
}

TEST_CASE("a token of OpenBao tells the value of its storage")
{
    constexpr auto decoded = decode_consistent_token(of_openbao);
    static_assert(decoded->form == dialect::openbao);
    static_assert(decoded->local_index == "300");
    CHECK(decode_consistent_token(of_openbao, token_key) == decoded);
    auto const lsn = token_of(letters + number_field(3, 7) + bytes_field(50, "16/B374D848"));
    CHECK(lsn == token(dialect::openbao, "16/B374D848", 7));
    CHECK(lsn->number() == 0x16B374D848u);
    auto const other = token_of(letters + bytes_field(50, "etcd-revision:5"));
    CHECK(other == token(dialect::openbao, "etcd-revision:5"));
    CHECK_FALSE(other->number());
}

TEST_CASE("fields that are left out are zero")
{
    CHECK(token_of(letters) == token(dialect::vault, "0"));
    CHECK(token_of(letters + number_field(3, 1)) == token(dialect::vault, "0", 1));
    CHECK(token_of(number_field(2, 1)) == token(dialect::vault, "1"));
}

TEST_CASE("unknown fields are skipped, and so are those of another type")
{
    auto const unknown = number_field(9, 44) + bytes_field(11, "abc") +
                         "\x65"
                         "1234" +
                         "\x69"
                         "12345678";
    CHECK(token_of(unknown + letters + unknown + number_field(2, 5) + unknown) == token(dialect::vault, "5"));
    CHECK(token_of(letters + bytes_field(2, "x") + number_field(2, 5) + bytes_field(3, "y")) ==
          token(dialect::vault, "5"));
    CHECK(token_of(letters + number_field(2, 5) + number_field(50, 6)) == token(dialect::vault, "5"));
    auto const outer = unknown + support::signed_message(letters + number_field(2, 5)) + unknown;
    CHECK(*decode_consistent_token(support::token_of_message(outer), token_key) ==
          token(dialect::vault, "5"));
}

TEST_CASE("of several fields of one number the last counts")
{
    CHECK(token_of(letters + number_field(2, 5) + number_field(2, 6)) == token(dialect::vault, "6"));
    CHECK(token_of(bytes_field(50, "5") + letters + bytes_field(50, "6")) == token(dialect::openbao, "6"));
    auto const twice = bytes_field(3, "\x08") + support::signed_message(letters + number_field(2, 7));
    CHECK(*decode_consistent_token(support::token_of_message(twice), token_key) ==
          token(dialect::vault, "7"));
}

TEST_CASE("numbers reach to the end of their types, and an epoch is cut as Go cuts it")
{
    CHECK(token_of(letters + number_field(2, UINT64_MAX)) == token(dialect::vault, "18446744073709551615"));
    CHECK(token_of(letters + number_field(3, UINT32_MAX)) == token(dialect::vault, "0", UINT32_MAX));
    CHECK(token_of(letters + number_field(3, (1ull << 32) + 5)) == token(dialect::vault, "0", 5));
}

TEST_CASE("tokens of other kinds carry none, whatever follows their prefix")
{
    auto const rest = std::string(of_index_300.substr(4));
    for (auto const& text :
         {std::string(), std::string("root"), std::string("hvs."), "hvb." + rest, "hvr." + rest, "s." + rest,
          "b." + rest, "HVS." + rest, " hvs." + rest, "hvs." + rest.substr(0, 30), std::string(9999, 'x')}) {
        CAPTURE(text);
        CHECK(error_of(text) == decode_error::not_consistent);
    }
    CHECK(error_of("hvs." + rest.substr(0, 31)) == decode_error::token_message);
}

TEST_CASE("a token has at most 512 bytes")
{
    auto const with = [](std::size_t size) {
        return signed_token(letters + bytes_field(9, std::string(size, 'x')));
    };
    CHECK(with(309).size() == max_token_size);
    CHECK(decode_consistent_token(with(309)));
    CHECK(with(310).size() == max_token_size + 2); // no base64 has one more
    CHECK(error_of(with(310)) == decode_error::token_too_long);
    CHECK(error_of("hvs." + std::string(1'000'000, '!')) == decode_error::token_too_long);
}

TEST_CASE("what is not base64url without padding is told apart from what is no token in it")
{
    auto const good = std::string(of_index_300);
    CHECK(error_of(good + "=") == decode_error::token_base64);
    CHECK(error_of(good + "/") == decode_error::token_base64);
    CHECK(error_of(good.substr(0, 50) + '\n' + good.substr(51)) == decode_error::token_base64);
    CHECK(error_of(good.substr(0, good.size() - 1)) == decode_error::token_message);
    CHECK(error_of("hvs." + std::string(60, '_')) == decode_error::token_message);
}

TEST_CASE("the outer message must have an HMAC of 32 bytes and an inner message")
{
    auto const inner = letters + number_field(2, 5);
    auto const hmac = bytes_field(2, std::string(32, 'h'));
    auto const of_message = [](std::string_view outer) { return error_of(support::token_of_message(outer)); };
    CHECK(of_message(hmac + bytes_field(3, inner)) == std::nullopt);
    CHECK(of_message(bytes_field(3, inner)) == decode_error::token_message);
    CHECK(of_message(hmac) == decode_error::token_message);
    CHECK(of_message(hmac + bytes_field(3, "")) == decode_error::token_message);
    CHECK(of_message(bytes_field(2, std::string(31, 'h')) + bytes_field(3, inner)) ==
          decode_error::token_message);
    CHECK(of_message(hmac + bytes_field(3, inner) + "\x0b") == decode_error::token_message);
}

TEST_CASE("the inner message must be whole, its secret UTF-8, and OpenBao's index a short visible text")
{
    CHECK(error_of_inner(letters + "\x10") == decode_error::token_message);
    CHECK(error_of_inner(bytes_field(1, "\xff")) == decode_error::token_message);
    CHECK(error_of_inner(letters + bytes_field(50, "")) == decode_error::token_message);
    CHECK(error_of_inner(letters + bytes_field(50, std::string(64, '1'))) == std::nullopt);
    CHECK(token_of(letters + bytes_field(50, "!~")) == token(dialect::openbao, "!~"));
    CHECK(error_of_inner(letters + bytes_field(50, std::string(65, '1'))) == decode_error::value_too_long);
    for (auto const value : {"1\n"sv, "1 2"sv, "\x7f"sv, "\xc3\xa9"sv, "\0"sv})
        CHECK(error_of_inner(letters + bytes_field(50, value)) == decode_error::unsafe_bytes);
}

TEST_CASE("with the key, what is said counts only if it is signed")
{
    constexpr hmac_key other("another key");
    CHECK(decode_consistent_token(of_index_300, other).error() == decode_error::hmac_mismatch);
    auto altered = std::string(of_index_300);
    altered.back() = 'M'; // of the index
    CHECK(decode_consistent_token(altered));
    CHECK(decode_consistent_token(altered, token_key).error() == decode_error::hmac_mismatch);
    auto const unsigned_garbage =
        support::token_of_message(bytes_field(2, std::string(32, '\0')) + bytes_field(3, "\xff"));
    CHECK(decode_consistent_token(unsigned_garbage, token_key).error() == decode_error::hmac_mismatch);
    CHECK(decode_consistent_token(signed_token("\xff"), token_key).error() == decode_error::token_message);
}

TEST_CASE("nothing of the secret is in what comes back")
{
    auto const decoded = decode_consistent_token(of_index_300, token_key);
    char bytes[sizeof decoded];
    std::memcpy(bytes, &decoded, sizeof decoded);
    std::string_view const all(bytes, sizeof bytes);
    for (std::size_t i = 0; i + 4 <= secret.size(); ++i)
        CHECK(all.find(secret.substr(i, 4)) == all.npos);
}

TEST_CASE("a node that is behind the token explains its 412")
{
    constexpr auto made_at_300 = *decode_consistent_token(of_index_300);
    static_assert(explains_412(made_at_300, 299));
    static_assert(!explains_412(made_at_300, 300));
    CHECK_FALSE(explains_412(made_at_300, 301));
    CHECK_FALSE(explains_412(*token_of(letters), 0));
    CHECK(explains_412(token(dialect::openbao, "16/0"), 0xf'ffff'ffff));
    CHECK_FALSE(explains_412(token(dialect::openbao, "etcd-revision:5"), 0));
}

TEST_CASE("a node that has seen a later epoch does not look at the index")
{
    constexpr auto second = *decode_consistent_token(of_epoch_2);
    static_assert(explains_412(second, 5, 2));
    static_assert(explains_412(second, 5, 1));
    static_assert(!explains_412(second, 5, 3));
    CHECK(explains_412(second, 5));
}

TEST_CASE("what two tokens say differs if form, index or epoch do")
{
    using value = inline_string<opaque_index::max_value_size>;
    consistent_token const one{dialect::vault, value("300"), 2};
    CHECK(one == consistent_token{dialect::vault, value("300"), 2});
    CHECK_FALSE(one == consistent_token{dialect::openbao, value("300"), 2});
    CHECK_FALSE(one == consistent_token{dialect::vault, value("301"), 2});
    CHECK_FALSE(one == consistent_token{dialect::vault, value("300"), 3});
}

TEST_CASE("a signature of another length is none")
{
    auto const signature = token_key.sign("message");
    std::string const whole(signature.begin(), signature.end());
    CHECK(detail::is_signed_by(token_key, "message", whole));
    CHECK_FALSE(detail::is_signed_by(token_key, "message", ""));
    CHECK_FALSE(detail::is_signed_by(token_key, "message", whole.substr(1)));
    CHECK_FALSE(detail::is_signed_by(token_key, "message", whole + "x"));
}
