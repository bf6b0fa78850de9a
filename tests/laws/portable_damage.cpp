// SPDX-License-Identifier: BSL-1.0
// Whatever becomes of the text of a session on its way, and whoever forges one: see `portable_trial`. The
// texts are drawn from one seed, so each run sees the same. tests/fuzz/ looks for others.
#include <afterwrite/session/portable_session.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/portable_promises.hpp"
#include "support/sanitizers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

constexpr hmac_key other_key("another one");

/// Draws the same numbers everywhere, which the distributions of the standard library need not do.
class dice {
public:
    /// Below `end`, which is not 0.
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
    bool one_in(std::size_t count) { return below(count) == 0; }
    char byte() { return static_cast<char>(random_() & 0xff); }

    template <class List>
    auto const& of(List const& list)
    {
        return list[below(list.size())];
    }

    std::string bytes(std::size_t size)
    {
        std::string drawn;
        while (drawn.size() < size)
            drawn += byte();
        return drawn;
    }

    std::string letters(std::size_t size)
    {
        std::string drawn;
        while (drawn.size() < size)
            drawn += of(portable_letters);
        return drawn;
    }

private:
    std::mt19937_64 random_{20260901};
};

/// What stands between prefix and seal, taken apart.
struct contents {
    struct item {
        char kind;
        std::string bytes;
    };
    char flags = 0;
    std::vector<item> items{};
    std::string seconds{}; ///< for how long the fences stand; two bytes if the flags say so
    char miscounted = 0;   ///< added to the count
};

std::string payload_of(contents const& from)
{
    std::string payload{from.flags,
                        static_cast<char>(from.items.size() + static_cast<unsigned char>(from.miscounted))};
    payload += from.seconds;
    for (auto const& [kind, bytes] : from.items) {
        payload += kind;
        payload += static_cast<char>(bytes.size() - 1);
        payload += bytes;
    }
    return payload;
}

/// Of a text that is right, and not signed.
contents contents_of(std::string const& text)
{
    auto const payload = unsealed(text);
    contents found{payload[0]};
    bool const has_seconds = (payload[0] & 4) != 0;
    if (has_seconds)
        found.seconds = payload.substr(2, 2);
    for (std::size_t at = has_seconds ? 4 : 2; at < payload.size();) {
        auto const size = std::size_t{static_cast<unsigned char>(payload[at + 1])} + 1;
        found.items.push_back({payload[at], payload.substr(at + 2, size)});
        at += 2 + size;
    }
    REQUIRE(payload_of(found) == payload);
    return found;
}

/// Indices of all kinds, of few clusters, so that they meet.
std::vector<std::string> letters()
{
    std::vector<std::string> all = {"a-future-form", "another.form", openbao_past_bound("c"),
                                    base64_encode(R"({"cluster":"c","value":"5","namespace":"n"})"),
                                    base64_encode("v1:c:007:00:ABCDEF")};
    for (char cluster = 'a'; cluster <= 'i'; ++cluster) // one more than there is room for
        for (std::uint64_t local = 2; local <= 6; local += 4)
            for (std::uint64_t replicated = 2; replicated <= 6; replicated += 4)
                all.push_back(vault(std::string(1, cluster), local, replicated));
    for (auto const* const value : {"4", "5", "00005", "6", "0/4", "0/6", "abc", "def", "xyz"})
        for (auto const* const cluster : {"c", "d"})
            all.push_back(openbao(cluster, value));
    return all;
}

/// Right texts to damage, each not signed and signed, and taken apart.
struct original {
    std::string text;
    std::string signed_text;
    contents of;
};

std::vector<original> originals(dice& random)
{
    auto const all = letters();
    std::vector<original> made;
    while (made.size() < 60) {
        session from;
        for (auto count = random.below(made.size() % 20 == 0 ? 30 : 4); count > 0; --count)
            from.record(random.of(all), at(0s));
        if (random.one_in(4)) {
            cluster_id const cluster(random.one_in(2) ? "c" : "d");
            required_states fence;
            fence.fence(cluster, static_cast<dialect>(random.below(3)));
            from.merge(fence, at(0s));
        }
        auto const text = export_session(from);
        auto const signed_text = export_session(from, portable_key);
        REQUIRE(text.has_value());
        REQUIRE(signed_text.has_value());
        made.push_back({*text, *signed_text, contents_of(*text)});
    }
    return made;
}

void flip_bit(std::string& text, dice& random)
{
    if (text.empty())
        return;
    auto& c = text[random.below(text.size())];
    c = static_cast<char>(c ^ 1 << random.below(8));
}

/// Does to a text what a wire, an editor or a shell does.
void damage(std::string& text, std::string const& other, dice& random)
{
    auto const from = random.below(text.size() + 1);
    auto const size = random.below(text.size() - from + 1);
    switch (random.below(10)) {
    case 0: flip_bit(text, random); break;
    case 1: text.resize(from); break;
    case 2: text.erase(0, from); break;
    case 3: text.erase(from, size); break;
    case 4: text.insert(from, text.substr(from, size)); break;
    case 5: text.replace(from, text.npos, other, random.below(other.size() + 1)); break;
    case 6: text.insert(from, 1, random.byte()); break;
    case 7: text.insert(from, random.letters(random.one_in(8) ? max_portable_size : 3)); break;
    case 8: text.replace(0, text.find('.') + 1, random.one_in(2) ? "aw1." : "aw1s."); break;
    default: text.replace(0, text.find('.') + 1, random.one_in(2) ? "aw2." : "aw1"); break;
    }
}

/// Does to the contents what a mistake in a writer, or a forger, does.
void damage(contents& of, contents const& other, dice& random)
{
    if (of.items.empty() || random.one_in(8)) {
        of.items.push_back(other.items.empty()
                               ? contents::item{random.byte(), random.bytes(1 + random.below(40))}
                               : random.of(other.items));
        return;
    }
    auto const place = static_cast<std::ptrdiff_t>(random.below(of.items.size()));
    auto& item = of.items[static_cast<std::size_t>(place)];
    switch (random.below(11)) {
    case 0: of.items.insert(of.items.begin(), contents::item(item)); break;
    case 1: std::swap(item, of.items.front()); break;
    case 2: of.items.erase(of.items.begin() + place); break;
    case 3: item.kind = random.one_in(4) ? random.byte() : static_cast<char>(random.below(8)); break;
    case 4: flip_bit(item.bytes, random); break;
    case 5: item.bytes.resize(1 + random.below(item.bytes.size())); break;
    case 6: item.bytes.resize(256, random.byte()); break;
    case 7: of.flags = static_cast<char>(of.flags ^ 1 << random.below(random.one_in(4) ? 8 : 3)); break;
    case 8: of.miscounted = random.one_in(2) ? 1 : random.byte(); break;
    case 9: item.bytes.insert(item.bytes.begin(), random.byte()); break;
    default: of.items.insert(of.items.end(), other.items.begin(), other.items.end()); break;
    }
    for (auto& each : of.items)
        if (each.bytes.size() > 256)
            each.bytes.resize(256);
}

std::string draw(std::vector<original> const& all, dice& random)
{
    auto const& one = random.of(all);
    auto const& other = random.of(all);
    auto const* const key = !random.one_in(4) ? nullptr : random.one_in(8) ? &other_key : &portable_key;
    auto const kind = random.below(16);
    if (kind == 0)
        return random.one_in(2) ? random.bytes(random.below(300)) : random.letters(random.below(300));
    if (kind == 1) {
        std::string const prefix = random.one_in(2) ? "aw1." : "aw1s.";
        return prefix + random.letters(random.below(300));
    }
    if (kind == 2)
        return sealed(random.bytes(random.below(60)), key);
    if (kind < 8) {
        auto text = key == nullptr ? one.text : one.signed_text;
        for (auto times = 1 + random.below(2); times > 0; --times)
            damage(text, other.text, random);
        return text;
    }
    auto of = one.of;
    for (auto times = random.below(4); times > 0; --times)
        damage(of, other.of, random);
    auto payload = payload_of(of);
    if (random.one_in(8))
        flip_bit(payload, random);
    return sealed(payload, key);
}

} // namespace

TEST_CASE(
    "no text does harm: what is read is whole, what is not changes nothing, and nothing is ever lowered")
{
    constexpr std::size_t texts = rounds(200'000, 20'000);
    dice random;
    auto const all = originals(random);
    auto const hosts = portable_hosts();
    std::array<std::size_t, 8> refused{}; // by portable_error
    std::size_t read = 0;
    std::size_t authenticated = 0;
    std::size_t broken = 0;
    std::string first_broken;
    for (std::size_t i = 0; i < texts; ++i) {
        auto const text = draw(all, random);
        auto const& mine = random.of(hosts);
        // With the key that the text asks for, and now and then without.
        bool const with_key = text.starts_with("aw1s.") != random.one_in(16);
        portable_trial const trial(mine, text, with_key ? &portable_key : nullptr);
        if (!trial.broken().empty() && broken++ == 0)
            first_broken = std::string(trial.broken()) + ": " + text;
        auto const& outcome = trial.outcome();
        if (!outcome) {
            ++refused[static_cast<std::size_t>(outcome.error())];
            continue;
        }
        ++read;
        authenticated += outcome->is_authenticated ? 1 : 0;
    }
    CHECK_MESSAGE(broken == 0, first_broken);
    // That the texts reach what they are meant to reach.
    CHECK(read > texts / 10);
    CHECK(authenticated > texts / 60);
    for (auto const count : refused)
        CHECK(count > texts / 2000);
}
