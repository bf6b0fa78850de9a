// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/portable_text.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/portable_texts.hpp"
#include "support/test_message.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

/// Text that is sealed as ours is, whatever it says: what a forger, or a mistake in a writer, could send.
std::string sealed(std::string_view payload)
{
    std::string bytes = "aw1.";
    bytes += payload;
    auto const checksum = crc32(bytes);
    for (int shift = 24; shift >= 0; shift -= 8)
        bytes += static_cast<char>(checksum >> shift & 0xff);
    auto text = base64_encode(std::string_view(bytes).substr(4));
    while (text.ends_with('='))
        text.pop_back();
    for (char& c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    return "aw1." + text;
}

std::string item(int kind, std::string_view bytes)
{
    return std::string{static_cast<char>(kind), static_cast<char>(bytes.size() - 1)} + std::string(bytes);
}

std::string payload(int flags, std::vector<std::string> const& items)
{
    std::string bytes{static_cast<char>(flags), static_cast<char>(items.size())};
    for (auto const& each : items)
        bytes += each;
    return bytes;
}

session imported(std::string_view text, hmac_key const& with)
{
    session into;
    REQUIRE(import_session(into, text, at(0s), with).has_value());
    return into;
}

/// That `text` is refused, for this reason, and that nothing is required afterwards that was not before.
void check_refused(std::string_view text, portable_error why)
{
    auto const before = session_of({vault("c", 5, 3)});
    auto into = before;
    auto const imported = import_session(into, text, at(9s));
    CHECK_FALSE(imported.has_value());
    CHECK(imported.error() == why);
    CHECK(requires_the_same(into, before));
    CHECK(into.raised() == before.raised());
}

} // namespace

TEST_CASE("the kinds of state are what they are meant to be")
{
    std::size_t empty = 0;
    for (auto const& kind : kinds())
        empty += kind.empty() ? 1 : 0;
    CHECK(empty == 1);
}

TEST_CASE("the text needs no quotes anywhere: letters, digits, '-', '_' and '.'")
{
    constexpr std::string_view safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    for (auto const& kind : kinds())
        for (auto const& text : {exported(session_of(kind)), exported(session_of(kind), key)}) {
            CHECK(text.find_first_not_of(safe) == text.npos);
            CHECK(text.size() <= max_portable_size);
        }
}

TEST_CASE("the text is whole wherever it may go: as a field, a cookie, a variable, a word of a shell, a "
          "file's name")
{
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string const alphanumeric = std::string(letters) + "0123456789";
    struct place {
        std::string_view what;
        std::string allowed;
    };
    std::string visible;
    for (char c = '!'; c <= '~'; ++c)
        visible += c;
    std::string cookie = visible; // all but these
    std::erase_if(cookie,
                  [](char c) { return std::string_view("\",;\\").find(c) != std::string_view::npos; });
    place const places[] = {
        {"a field's value: field-vchar (RFC 9110, 5.5)", visible},
        {"a parameter of a field: token (RFC 9110, 5.6.2)", alphanumeric + "!#$%&'*+-.^_`|~"},
        {"a cookie: cookie-octet (RFC 6265, 4.1.1)", cookie},
        {"a URL, unescaped: unreserved (RFC 3986, 2.3)", alphanumeric + "-._~"},
        {"a file's name: POSIX.1-2017, 3.282", alphanumeric + "._-"},
        {"a word of a shell, or a line NAME=text", alphanumeric + "%+,-./:=@_"},
    };
    for (auto const& where : places)
        for (auto const& kind : kinds())
            for (auto const& text : {exported(session_of(kind)), exported(session_of(kind), key)})
                CHECK_MESSAGE(text.find_first_not_of(where.allowed) == text.npos, where.what);
}

TEST_CASE("the text comes back whole out of a header, a cookie and the environment")
{
    for (auto const& kind : kinds()) {
        auto const from = session_of(kind);
        auto const text = exported(from, key);

        std::string from_field;
        auto const message = get().with("X-Session", text).with("Cookie", "a=b; session=" + text + "; c=d");
        message_traits<test_message>::for_each(message, "x-session", [&](auto value) { from_field = value; });
        CHECK(requires_the_same(imported(from_field, key), from));

        auto const cookies = message.values("cookie").at(0);
        auto const begin = cookies.find("session=") + 8;
        CHECK(
            requires_the_same(imported(cookies.substr(begin, cookies.find(';', begin) - begin), key), from));

        REQUIRE(setenv("AFTERWRITE_TEST_SESSION", text.c_str(), 1) == 0);
        CHECK(requires_the_same(imported(std::getenv("AFTERWRITE_TEST_SESSION"), key), from));
        unsetenv("AFTERWRITE_TEST_SESSION");
    }
}

TEST_CASE("a usual session is little longer than its indices")
{
    auto const index = vault(uuid, 1'000'000, 1'000'000);
    CHECK(exported(session_of({index})).size() <= index.size() + 16);
    CHECK(exported(session_of({index}), key).size() <= index.size() + 56);
}

// These texts lie in variables and cookies, and later versions read them. So this may go red only with a new
// prefix, and then the old texts stay here, as ones that are still read.
TEST_CASE("the texts of this version stay readable")
{
    auto const from = session_of(fenced({vault("c", 5, 3), openbao("b", "7")}, "b", dialect::openbao));
    std::string const said =
        "BAMDhAFIdjE6Yzo1OjM6NmFhY2JlNDlhZTVlODM1OTZlZmQ1ZmY5YmFlOTJlMGU2OWU3NDI2YjM0N2JhYzliMmZkOWJm"
        "ZTIwNDM0MWQ4ZQEaeyJjbHVzdGVyIjoiYiIsInZhbHVlIjoiNyJ9BQBi";
    CHECK(exported(from) == "aw1." + said + "JpmXcw");
    CHECK(exported(from, key) == "aw1s." + said + "R4dyhOFE8t0dVkI4_WGoKrG38R65pnVC17DNClP9090");
    CHECK(exported(session()) == "aw1.AABD3LWt");
}

TEST_CASE("every truncation, and every longer text, is refused")
{
    std::size_t cut = 0;
    for (auto const& kind : kinds()) {
        auto const text = exported(session_of(kind));
        auto const with_mac = exported(session_of(kind), key);
        for (std::size_t size = 0; size < text.size(); ++size)
            REQUIRE_FALSE(read_session(std::string_view(text).substr(0, size)).has_value());
        for (std::size_t size = 0; size < with_mac.size(); ++size)
            REQUIRE_FALSE(read_session(std::string_view(with_mac).substr(0, size), key).has_value());
        cut += text.size() + with_mac.size();
        for (auto const* more : {"A", "AA", "AAA", "AAAA", ".", "=", " ", "\n"}) {
            REQUIRE_FALSE(read_session(text + more).has_value());
            REQUIRE_FALSE(read_session(with_mac + more, key).has_value());
        }
    }
    MESSAGE("exhaustive: " << cut << " truncations of sessions that were handed on");
}

TEST_CASE("every flipped bit is found")
{
    std::size_t flips = 0;
    for (auto const& kind : kinds()) {
        auto const from = session_of(kind);
        auto const text = exported(from);
        auto const with_mac = exported(from, key);
        flips += 8 * (text.size() + with_mac.size());
        for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
            auto flipped = text;
            flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
            REQUIRE_FALSE(read_session(flipped).has_value());
        }
        for (std::size_t bit = 0; bit < 8 * with_mac.size(); ++bit) {
            auto flipped = with_mac;
            flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
            REQUIRE_FALSE(read_session(flipped, key).has_value());
        }
    }
    MESSAGE("exhaustive: " << flips << " flipped bits of such sessions");
}

TEST_CASE("what is no text of ours is refused, with the reason")
{
    auto const text = exported(session_of({vault("c", 5, 3)}));
    for (auto const* const malformed : {"", "a", "aw", "aw1", "bw1.AAAA", "AW1.AAAA", "aw1.", "aw1.A",
                                        "aw1.AAA", "aw1.AAAA", "aw1..", "aw1.AA.A", "..", "-"})
        check_refused(malformed, portable_error::malformed);
    for (auto const* const later : {"aw2.", "aw2.AAAAAAAA", "aw10.AAAA", "aw1t.AAAA", "aw.AAAA"})
        check_refused(later, portable_error::unknown_version);
    check_refused("aw1.AAAAAAAA", portable_error::checksum_mismatch);
    check_refused("aw1.AAAAAA", portable_error::checksum_mismatch); // of the size of a checksum
    check_refused(vault("c", 9, 9), portable_error::unsafe_bytes);  // an index is for session::record
    std::string huge = "aw1.";
    huge.resize(10'000'000, 'A');
    check_refused(huge, portable_error::too_long);
    check_refused(std::string_view(huge).substr(4), portable_error::too_long);
    check_refused("aw1." + std::string(max_portable_size - 4, 'A'), portable_error::checksum_mismatch);
}

TEST_CASE("a byte that needs quotes somewhere is refused wherever it stands")
{
    auto const text = exported(session_of({vault("c", 5, 3)}));
    for (int byte = 0; byte < 256; ++byte) {
        auto const c = static_cast<char>(byte);
        bool const is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (is_letter || c == '-' || c == '_' || c == '.')
            continue;
        for (std::size_t place : {std::size_t{0}, std::size_t{3}, text.size() / 2, text.size()})
            check_refused(std::string(text).insert(place, 1, c), portable_error::unsafe_bytes);
    }
}

TEST_CASE("a text that is sealed but says nonsense is refused whole")
{
    auto const good = item(1, "v1:c:9:9:");
    auto const empty = payload(0, {});
    CHECK(read_session(sealed(empty)).has_value()); // so what follows is refused for what it says
    CHECK(read_session(sealed(payload(3, {good, item(5, "c")}))).has_value());
    auto const timed = read_session(sealed(std::string("\4\2\3\4", 4) + good + item(5, "c")));
    REQUIRE(timed.has_value());
    CHECK(timed->fences_last == 772s);
    std::vector<std::string> nine;
    for (char cluster = 'a'; cluster <= 'i'; ++cluster)
        nine.push_back(item(1, std::string("v1:") + cluster + ":1:1:"));
    std::string const payloads[] = {
        "",
        std::string(1, '\0'),
        payload(4, {good}),
        std::string("\4\1\1\1", 4) + good, // nothing stands for so long
        std::string("\4\0\1\1", 4),
        std::string("\4\0\1", 3),
        std::string("\4\0", 2),
        payload(8, {good}),
        payload(0x80, {good}),
        empty + good,
        std::string("\0\2", 2) + good,
        payload(0, {good}) + "x",
        payload(0, {good, item(0, "x")}),
        payload(0, {good, item(6, "c")}),
        payload(0, {good, item(255, "c")}),
        payload(0, {good, item(1, "v1:c:1")}),
        payload(0, {good, item(1, "v1:c:1:1:00")}).substr(0, 20),
        payload(0, {good, item(1, std::string(193, 'x'))}),
        payload(0, {good, item(2, "a,b")}),
        payload(0, {good, item(2, vault("c", 1, 0) + "," + vault("c", 0, 1))}),
        payload(0, {good, item(2, "a b")}),
        payload(0, {good, item(2, "a\r\nX-Vault-Token: t")}),
        payload(0, {good, item(2, std::string("a\0b", 3))}),
        payload(0, {good, item(2, "djE6")}),
        payload(0, {good, item(2, openbao_past_bound("c").substr(0, 256))}),
        payload(0, {good, item(2, "a-future-form"), item(2, "another")}),
        payload(0, {good, item(4, std::string(cluster_id::max_size + 1, 'c'))}),
        payload(0, {item(1, R"({"cluster":"c","value":"a"})"), item(1, R"({"cluster":"c","value":"b"})"),
                    item(1, R"({"cluster":"c","value":"d"})")}),
        payload(0, nine),
    };
    for (auto const& bad : payloads) {
        CAPTURE(bad);
        check_refused(sealed(bad), portable_error::malformed);
    }
    for (std::size_t size = 0; size + 1 < payload(0, {good}).size(); ++size)
        check_refused(sealed(payload(0, {good}).substr(0, size)), portable_error::malformed);
}

TEST_CASE("bits that mean nothing are not passed over")
{
    auto text = sealed(payload(0, {item(5, "cc")}));
    REQUIRE(text.size() % 4 == 2); // ten bytes: four bits of the last character are not used
    REQUIRE(read_session(text).has_value());
    ++text.back();
    check_refused(text, portable_error::malformed);
}

TEST_CASE("every session of Vault indices fits, also signed; what does not fit is an error, never cut")
{
    std::vector<std::string> longest;
    for (char cluster = 'a'; cluster < 'a' + required_states::max_clusters; ++cluster) {
        std::string const id(cluster_id::max_size, cluster);
        longest.push_back(vault(id, UINT64_MAX, UINT64_MAX - 1));
        longest.push_back(vault(id, UINT64_MAX - 1, UINT64_MAX));
        CHECK(longest.back().size() == 232);
    }
    auto from = session_of(longest);
    CHECK(from.required().size() == 16);
    CHECK(exported(from).size() == 3767);
    CHECK(exported(from, key).size() == 3805);

    required_states too_much = from.required();
    for (std::uint8_t i = 0; i < from.required().clusters(); ++i)
        too_much.fence(from.required()[i].cluster(), dialect::vault);
    for (auto const& text :
         {export_session(session_of(too_much)), export_session(session_of(too_much), key)}) {
        CHECK_FALSE(text.has_value());
        CHECK(text.error() == portable_error::too_long);
    }
}

TEST_CASE("no text does harm, whatever it is")
{
    std::mt19937_64 random(20260901);
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::size_t accepted = 0;
    for (int run = 0; run < 5000; ++run) {
        std::string text = "aw1.";
        for (auto size = random() % 300; size > 0; --size)
            text += letters[random() % letters.size()];
        accepted += read_session(text).has_value() ? 1 : 0;

        std::string bytes; // sealed, so that what reads the items is reached
        for (auto size = random() % 60; size > 0; --size)
            bytes += static_cast<char>(random() % 4 == 0 ? random() % 256 : random() % 7);
        auto const read = read_session(sealed(bytes));
        if (read) {
            session into;
            into.merge(read->required, at(0s));
            REQUIRE(requires_the_same(into.required(), read->required));
            REQUIRE(export_session(into).has_value());
        }
    }
    CHECK(accepted == 0);
}

TEST_CASE("a fence that ends as soon as it is set is handed on with no time left")
{
    session mine({.fence_time = 0s});
    mine.record_lost({}, at(1s));
    REQUIRE(mine.required().fenced());
    auto const read = read_session(exported(mine));
    REQUIRE(read.has_value());
    CHECK(read->required.fenced());
    CHECK(read->required.unplaced().has_strays());
    CHECK_FALSE(read->required.unplaced().is_crowded());
    CHECK(read->fences_last == 0s);
}

TEST_CASE("a fence of a session that never heard of time is handed on without one")
{
    required_states required;
    CHECK(detail::seconds_of_fences(required) == -1);
    required.unplaced().crowd(at(5s));
    CHECK(detail::seconds_of_fences(required) == -1);
    required.advance(at(1s), 10s);
    CHECK(detail::seconds_of_fences(required) == 4);
    required.fence(cluster_id("c"), dialect::vault); // and nobody has told this one the time
    CHECK(detail::seconds_of_fences(required) == -1);
}

TEST_CASE("of several fences the one that stands longest tells for how long, and none that is over")
{
    required_states required;
    for (auto const* cluster : {"a", "b", "c"})
        required.record(vault(cluster, 1, 0));
    required.advance(at(0s));
    CHECK(detail::seconds_of_fences(required) == -1);
    required.fence(cluster_id("b"), dialect::vault, at(300s));
    CHECK(detail::seconds_of_fences(required) == 300);
    required.fence(cluster_id("a"), dialect::vault, at(20s));
    required.fence({}, dialect::unknown, at(40s));
    CHECK(detail::seconds_of_fences(required) == 300);
    required.fence(cluster_id("c"), dialect::vault, at(500s));
    CHECK(detail::seconds_of_fences(required) == 500);
    required.forget("c");
    CHECK(detail::seconds_of_fences(required) == 300);
    required.forget("b");
    CHECK(detail::seconds_of_fences(required) == 40);
    required.advance(at(19s) + 1ns, 1h);
    CHECK(detail::seconds_of_fences(required) == 21); // no second too few
    required.fence({}, dialect::unknown, at(1000h));
    CHECK(detail::seconds_of_fences(required) == 0xffff);
    required.advance(at(1000h), 1h);
    CHECK(detail::seconds_of_fences(required) == -1);
}

TEST_CASE("for how long fences stand is told in whole seconds, up to eighteen hours")
{
    for (auto const lasting : {1s, 255s, 256s, 300s, 65534s, 65535s}) {
        session mine({.fence_time = lasting});
        mine.record_lost({}, at(1s));
        auto const read = read_session(exported(mine));
        REQUIRE(read.has_value());
        CHECK(read->fences_last == lasting);
        CHECK(read->required.fenced());
    }
}

TEST_CASE("what was forgotten is not written, and neither is a fence that is over")
{
    required_states required;
    for (auto const* cluster : {"a", "b"}) {
        required.record(vault(cluster, 1, 0));
        required.fence(cluster_id(cluster), dialect::vault);
    }
    session from;
    from.merge(required, at(0s));
    auto const alone = exported(session_of(fenced({vault("a", 1, 0)}, "a", dialect::vault)));
    CHECK_FALSE(exported(from) == alone);
    from.forget("b");
    CHECK(exported(from) == alone);
}

TEST_CASE("the longest text that is written is the longest that is read")
{
    // One letter more in an id is three bytes more: of two indices and a fence, and so four characters.
    std::size_t longest = 0;
    std::size_t refused = 0;
    for (std::uint64_t local : {1U, 10U, 100U})
        for (std::size_t size = 1; size <= cluster_id::max_size; ++size) {
            required_states required;
            for (char cluster = 'a'; cluster < 'h'; ++cluster) {
                std::string const id(cluster_id::max_size, cluster);
                required.record(vault(id, UINT64_MAX, UINT64_MAX - 1));
                required.record(vault(id, UINT64_MAX - 1, UINT64_MAX));
            }
            std::string const id(size, 'h');
            required.record(vault(id, local, 0));
            required.record(vault(id, 0, local));
            for (std::uint8_t i = 0; i < required.clusters(); ++i)
                if (i < 3 || i == 7)
                    required.fence(required[i].cluster(), dialect::vault);
            auto const text = export_session(session_of(required));
            if (!text) {
                ++refused;
                continue;
            }
            longest = std::max(longest, text->size());
            CHECK(requires_the_same(read_session(*text)->required, required));
        }
    CHECK(longest == max_portable_size);
    CHECK(refused > 0);
}

TEST_CASE("a text says why a key was wanted, or was not")
{
    auto const from = session_of({vault("c", 5, 3)});
    CHECK(read_session(exported(from), key).error() == portable_error::mac_missing);
    CHECK(read_session(exported(from, key)).error() == portable_error::key_missing);
    CHECK(read_session(exported(from, other_key), key).error() == portable_error::mac_mismatch);
    check_refused(exported(from, key), portable_error::key_missing);
}

TEST_CASE("what is cut off says nothing: neither an item nor for how long")
{
    auto const read = [](std::string_view bytes) {
        required_states required;
        duration lasting = 7s;
        CHECK_FALSE(detail::read_portable_items(bytes, required, lasting));
        CHECK(required.empty());
        CHECK(lasting == 7s);
    };
    std::string const more(600, '\1'); // what lies behind is not read
    std::string const cut = payload(0, {item(2, "a-future-form")});
    for (std::size_t size = 0; size < cut.size(); ++size) {
        read(std::string_view(cut + more).substr(0, size));
        std::vector<char> const alone(cut.begin(), cut.begin() + static_cast<std::ptrdiff_t>(size));
        read({alone.data(), size}); // a sanitizer sees what is read behind it
    }
    std::string const timed = std::string("\4\1\1\1", 4) + item(5, "c");
    for (std::size_t size = 0; size < 4; ++size)
        read(std::string_view(timed + more).substr(0, size));
}
