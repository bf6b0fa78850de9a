// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/portable_session.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/sequences.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

constexpr hmac_key key("a key of the caller's");
constexpr hmac_key other_key("another one");

session session_of(required_states const& required)
{
    session made;
    made.merge(required, at(0s));
    return made;
}

session session_of(std::vector<std::string> const& recorded) { return session_of(states(recorded)); }

std::string exported(session const& from)
{
    auto const text = export_session(from);
    REQUIRE(text.has_value());
    return *text;
}

std::string exported(session const& from, hmac_key const& with)
{
    auto const text = export_session(from, with);
    REQUIRE(text.has_value());
    return *text;
}

/// What is sent, and behind which fences.
bool requires_the_same(required_states const& a, required_states const& b)
{
    if (texts_of(a) != texts_of(b) || a.clusters() != b.clusters() ||
        a.unplaced().has_strays() != b.unplaced().has_strays() ||
        a.unplaced().is_crowded() != b.unplaced().is_crowded())
        return false;
    std::size_t alike = 0;
    for (std::uint8_t i = 0; i < a.clusters(); ++i)
        for (std::uint8_t j = 0; j < b.clusters(); ++j)
            if (a[i].cluster() == b[j].cluster() && a[i].form() == b[j].form() &&
                a[i].fenced() == b[j].fenced())
                ++alike;
    return alike == a.clusters();
}

bool requires_the_same(session const& a, session const& b)
{
    return requires_the_same(a.required(), b.required());
}

required_states fenced(std::vector<std::string> const& recorded, std::string_view cluster, dialect form)
{
    auto required = states(recorded);
    required.fence(cluster_id(cluster), form);
    return required;
}

std::vector<std::string> indices_of_clusters(std::size_t count)
{
    std::vector<std::string> indices;
    for (std::size_t i = 0; i < count; ++i) {
        auto const cluster = "cluster-" + std::to_string(i);
        indices.push_back(vault(cluster, i + 1, 0));
        indices.push_back(vault(cluster, 0, i + 1));
    }
    return indices;
}

std::string const uuid = "6f0e3a52-8c1d-4b7e-9a60-2d5c41f8b937";

/// One of each kind of state that a session can be in.
std::vector<required_states> kinds()
{
    auto crowd = indices_of_clusters(required_states::max_clusters);
    crowd.push_back(vault("ninth", 1, 1));
    return {
        required_states(),
        states({vault(uuid, 1701, 42)}),
        states({vault(uuid, 1701, 42), vault(uuid, 1600, 43)}),
        states({vault("a", 1, 0), vault("b", 1, 1), vault("b", 2, 0)}),
        states({openbao(uuid, "1701")}),
        states({openbao(uuid, "16/B374D848")}),
        states({openbao(uuid, "abc"), openbao(uuid, "def")}),
        states({openbao("c", "5"), openbao("c", "0/5")}),
        states({base64_encode(R"({"cluster":"c","value":"5","namespace":"n"})")}),
        states({vault("c", 1, 2), openbao("c", "5")}), // one id, two dialects: two clusters
        states({base64_encode("v1:c:007:00:ABCDEF")}), // as no server writes it, but must come back so
        states({"djE6Yzo3MDowOh=="}),                  // bits set that padding cuts off
        states({"a-future.form~of;\"an\\index'"}),
        states({std::string(max_index_size, '~')}),
        states({"a-future-form", vault("c", 1, 0)}),
        states({openbao("c", "abc"), openbao("c", "def"), openbao("c", "xyz")}), // a fence of its cluster
        states({openbao_past_bound("c")}),                                       // a fence of none
        states(crowd),                                                           // a lasting one
        fenced({vault("c", 1, 2), vault("d", 1, 2)}, "d", dialect::vault),
        fenced({"a-future-form"}, "c", dialect::openbao),
        fenced({}, std::string(cluster_id::max_size, 'c'), dialect::unknown),
        states(indices_of_clusters(required_states::max_clusters)),
    };
}

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

TEST_CASE("what one session requires is required by the one that imports it")
{
    for (auto const& kind : kinds()) {
        auto const from = session_of(kind);
        CHECK(requires_the_same(from.required(), kind));
        auto const text = exported(from);
        CAPTURE(text);
        session into;
        CHECK(import_session(into, text, at(0s)).has_value());
        CHECK(requires_the_same(into, from));
        CHECK(exported(into) == text);

        session verified;
        CHECK(import_session(verified, exported(from, key), at(0s), key).has_value());
        CHECK(requires_the_same(verified, from));
    }
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
        "AAMBSHYxOmM6NTozOjZhYWNiZTQ5YWU1ZTgzNTk2ZWZkNWZmOWJhZTkyZTBlNjllNzQyNmIzNDdiYWM5"
        "YjJmZDliZmUyMDQzNDFkOGUBGnsiY2x1c3RlciI6ImIiLCJ2YWx1ZSI6IjcifQUAY";
    CHECK(exported(from) == "aw1." + said + "ic819U");
    CHECK(exported(from, key) == "aw1s." + said + "lleugyzymQdnGfM7BD7A1hddAsQs3P4iWcnrAMUxtrL");
    CHECK(exported(session()) == "aw1.AABD3LWt");
}

TEST_CASE("an import never lowers what is required, and says what became of it")
{
    auto into = session_of({vault("c", 5, 3), vault("d", 1, 1)});
    auto const import = [&](std::vector<std::string> const& indices, time_point now) {
        return import_session(into, exported(session_of(indices)), now);
    };
    CHECK(import({vault("c", 4, 3)}, at(1s)) == recorded{.held = 1});
    CHECK(into.raised() == at(0s));
    CHECK(import({}, at(1s)) == recorded());
    CHECK(into.raised() == at(0s));
    CHECK(import({vault("c", 6, 3), vault("d", 0, 2)}, at(2s)) == recorded{.kept = 1, .superseded = 1});
    CHECK(into.raised() == at(2s));
    CHECK(into.required().demand("c") == wal_position{6, 3});
    CHECK(into.required().demand("d") == wal_position{1, 2});
}

TEST_CASE("of two texts of neither dialect ours stays, and a fence stands for the other")
{
    auto into = session_of({"a-future-form"});
    CHECK(import_session(into, exported(session_of({"a-future-form"})), at(0s)) == recorded{.held = 1});
    CHECK_FALSE(into.required().fenced());
    CHECK(import_session(into, exported(session_of({"another"})), at(0s)) ==
          recorded{.unkept = 1, .why = decode_error::no_room});
    CHECK(texts_of(into.required()) == std::vector<std::string>{"a-future-form"});
    CHECK(into.required().fenced());
}

TEST_CASE("a session without room for the cluster of an imported state is fenced")
{
    auto into = session_of(indices_of_clusters(required_states::max_clusters));
    auto const before = texts_of(into.required());
    auto const imported = import_session(into, exported(session_of({vault("ninth", 1, 0)})), at(1s));
    CHECK(imported == recorded{.unkept = 1, .why = decode_error::no_room});
    CHECK(texts_of(into.required()) == before);
    CHECK(into.required().unplaced().is_crowded());
    CHECK(into.raised() == at(1s));
}

TEST_CASE("a fence that came along is repaid here as any other, by no request that was sent before it")
{
    auto into = session_of({openbao("c", "5")});
    auto const before = into.required();
    auto const text = exported(session_of(fenced({}, "c", dialect::openbao)));
    CHECK(import_session(into, text, at(0s)) == recorded{.unkept = 1, .why = decode_error::no_room});
    CHECK(into.required().fenced());
    auto const carried = into.required();
    auto required = carried;
    required.record(openbao("c", "6"), before);
    CHECK(required.fenced());
    required.record(openbao("c", "7"), carried);
    CHECK_FALSE(required.fenced());
}

TEST_CASE("whatever a small world records: it travels whole, and an import is a join")
{
    std::vector<std::string> const world = {
        vault("c", 0, 1),    vault("c", 1, 0),  vault("c", 1, 1),
        vault("d", 1, 1),    openbao("c", "5"), openbao("c", "abc"),
        openbao("c", "def"), "a-future-form",   openbao_past_bound("c"),
    };
    struct told {
        session of;
        std::string text;
        std::vector<std::size_t> letters;
    };
    std::vector<told> sessions;
    for (std::size_t length = 0; length <= 2; ++length)
        for_each_sequence(world.size(), length, [&](std::vector<std::size_t> const& sequence) {
            required_states required;
            for (auto const i : sequence)
                required.record(world[i]);
            sessions.push_back({session_of(required), "", sequence});
            sessions.back().text = exported(sessions.back().of);
        });
    std::size_t lost = 0;
    std::size_t unequal = 0;
    for (auto const& a : sessions)
        for (auto const& b : sessions) {
            auto ab = a.of;
            auto ba = b.of;
            REQUIRE(import_session(ab, b.text, at(0s)).has_value());
            REQUIRE(import_session(ba, a.text, at(0s)).has_value());
            // Of three unordered values two stay, as they arrived: behind a fence, so no more is asked of it.
            bool const both_fenced = ab.required().fenced() && ba.required().fenced();
            unequal += requires_the_same(ab, ba) || both_fenced ? 0 : 1;
            for (auto const* part : {&a, &b})
                for (auto const letter : part->letters) {
                    auto again = ab.required();
                    bool const sent = world[letter] != "a-future-form" || again.clusters() == 0;
                    lost += again.fenced() || !sent || again.record(world[letter]).kept == 0 ? 0 : 1;
                }
            auto twice = ab;
            REQUIRE(import_session(twice, b.text, at(0s)).has_value());
            unequal += requires_the_same(twice, ab) ? 0 : 1;
        }
    CHECK(lost == 0);
    CHECK(unequal == 0);
}

TEST_CASE("every truncation, and every longer text, is refused")
{
    for (auto const& kind : kinds()) {
        auto const text = exported(session_of(kind));
        auto const with_mac = exported(session_of(kind), key);
        for (std::size_t size = 0; size < text.size(); ++size)
            REQUIRE_FALSE(read_session(std::string_view(text).substr(0, size)).has_value());
        for (std::size_t size = 0; size < with_mac.size(); ++size)
            REQUIRE_FALSE(read_session(std::string_view(with_mac).substr(0, size), key).has_value());
        for (auto const* more : {"A", "AA", "AAA", "AAAA", ".", "=", " ", "\n"}) {
            REQUIRE_FALSE(read_session(text + more).has_value());
            REQUIRE_FALSE(read_session(with_mac + more, key).has_value());
        }
    }
}

TEST_CASE("every flipped bit is found")
{
    for (auto const& kind : kinds()) {
        if (kind.clusters() > 2)
            continue; // long, and nothing else in it
        auto const from = session_of(kind);
        auto const text = exported(from);
        auto const with_mac = exported(from, key);
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
}

TEST_CASE("with a key, only what was signed with it is read, and only with a key is it authenticated")
{
    auto const from = session_of({vault("c", 5, 3)});
    auto const text = exported(from);
    auto const with_mac = exported(from, key);
    CHECK(read_session(text, key).error() == portable_error::mac_missing);
    CHECK(read_session(with_mac).error() == portable_error::key_missing);
    CHECK(read_session(with_mac, other_key).error() == portable_error::mac_mismatch);
    CHECK_FALSE(read_session("aw1s." + text.substr(4), key).has_value());
    CHECK_FALSE(read_session("aw1." + with_mac.substr(5)).has_value());

    auto const anybodys = read_session(text);
    REQUIRE(anybodys.has_value());
    CHECK_FALSE(anybodys->is_authenticated);
    auto const ours = read_session(with_mac, key);
    REQUIRE(ours.has_value());
    CHECK(ours->is_authenticated);

    session into;
    CHECK(import_session(into, with_mac, at(0s), other_key).error() == portable_error::mac_mismatch);
    CHECK(import_session(into, text, at(0s), key).error() == portable_error::mac_missing);
    CHECK(into.required().empty());
    CHECK(import_session(into, with_mac, at(0s), key) == recorded{.kept = 1});
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
    check_refused(vault("c", 9, 9), portable_error::unsafe_bytes); // an index is for session::record
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
    std::vector<std::string> nine;
    for (char cluster = 'a'; cluster <= 'i'; ++cluster)
        nine.push_back(item(1, std::string("v1:") + cluster + ":1:1:"));
    std::string const payloads[] = {
        "",
        std::string(1, '\0'),
        payload(4, {good}),
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
        too_much.fence(from.required().cluster(i), dialect::vault);
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
