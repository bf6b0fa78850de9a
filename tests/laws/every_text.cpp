// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/index_field.hpp>
#include <afterwrite/wire/retry_after.hpp>
#include <afterwrite/wire/vault_index.hpp>

#include <doctest/doctest.h>

#include "support/sanitizers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What reads texts of the network, for every short one, and for every one that differs from a good one in one
// place or in two (test plan: session.md D5).

using namespace afterwrite;
using support::rounds;

namespace {

/// Calls visit(text) for every text of at most so many bytes, the empty one too. How many there are.
template <class Visit>
std::size_t for_each_text(std::size_t longest, Visit&& visit)
{
    std::array<unsigned char, 4> bytes{};
    std::size_t count = 0;
    for (std::size_t size = 0; size <= longest; ++size)
        for (std::uint32_t number = 0; number < std::uint32_t{1} << 8 * size; ++number, ++count) {
            for (std::size_t i = 0; i < size; ++i)
                bytes[i] = static_cast<unsigned char>(number >> 8 * i & 0xff);
            visit(std::string_view(reinterpret_cast<char const*>(bytes.data()), size));
        }
    return count;
}

/// Every text that comes of leaving a byte out, putting one in, or replacing one.
std::vector<std::string> changes_of(std::string const& text, std::string_view bytes)
{
    std::vector<std::string> all;
    for (std::size_t at = 0; at <= text.size(); ++at) {
        if (at < text.size())
            all.push_back(text.substr(0, at) + text.substr(at + 1));
        for (char const byte : bytes) {
            all.push_back(text.substr(0, at) + byte + text.substr(at));
            if (at < text.size())
                all.push_back(text.substr(0, at) + byte + text.substr(at + 1));
        }
    }
    return all;
}

std::string every_byte()
{
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte)
        bytes += static_cast<char>(byte);
    return bytes;
}

std::optional<std::uint64_t> slow_number(std::string const& digits)
{
    std::uint64_t number = 0;
    auto const* const end = digits.data() + digits.size();
    auto const read = std::from_chars(digits.data(), end, number);
    return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

/// What the text says that an index of Vault encodes, read in another way than the library does.
std::optional<wal_state> slow_state(std::string const& text)
{
    std::vector<std::string> parts(1);
    for (char const c : text)
        if (c == ':')
            parts.emplace_back();
        else
            parts.back() += c;
    if (parts.size() != 5 || parts[0] != "v1" || parts[1].empty() || parts[1].size() > cluster_id::max_size)
        return std::nullopt;
    bool const is_signed =
        parts[4].size() % 2 == 0 && std::all_of(parts[4].begin(), parts[4].end(), [](char c) {
            return std::string_view("0123456789abcdefABCDEF").find(c) != std::string_view::npos;
        });
    auto const local = slow_number(parts[2]);
    auto const replicated = slow_number(parts[3]);
    if (!is_signed || !local || !replicated)
        return std::nullopt;
    return wal_state{cluster_id(parts[1]), {*local, *replicated}};
}

/// How many of them are read otherwise than slowly, and how many are an index.
struct compared {
    std::size_t texts = 0;
    std::size_t indices = 0;
    std::size_t differing = 0;

    void take(std::string const& text)
    {
        auto const read = decode_vault_index(base64_encode(text));
        auto const slow = slow_state(text);
        ++texts;
        indices += slow ? 1 : 0;
        bool const agree =
            slow ? read && read->cluster == slow->cluster && read->position == slow->position : !read;
        differing += agree ? 0 : 1;
    }
};

} // namespace

TEST_CASE(
    "no text of up to three bytes is an index, neither as it is nor in base64, and none is split wrongly")
{
    std::size_t read = 0;
    std::size_t split_wrongly = 0;
    auto const longest = rounds(3, 2);
    auto const count = for_each_text(longest, [&](std::string_view text) {
        read += decode_index(text) ? 1 : 0;
        std::array<char, 8> encoded{};
        auto const size = base64_encode(text, encoded).value_or(0);
        read += decode_index({encoded.data(), size}) ? 1 : 0;
        std::size_t members = 0;
        std::size_t bytes = 0;
        for_each_index(text, [&](std::string_view member) {
            ++members;
            bytes += member.size();
            split_wrongly += member.find(',') != member.npos ? 1 : 0;
        });
        auto const commas = static_cast<std::size_t>(std::count(text.begin(), text.end(), ','));
        split_wrongly += members > commas + 1 || bytes + commas > text.size() ? 1 : 0;
    });
    CHECK(count == (longest == 3 ? 16'843'009U : 65'793U));
    CHECK(read == 0);
    CHECK(split_wrongly == 0);
    MESSAGE("exhaustive: " << count << " texts, each of up to " << longest << " bytes, decoded and split");
}

TEST_CASE("of every text of up to three bytes those are read as seconds that are digits alone, in blanks")
{
    std::size_t differing = 0;
    std::size_t read = 0;
    auto const count = for_each_text(rounds(3, 2), [&](std::string_view text) {
        auto const wait = read_retry_after(text);
        auto const first = std::min(text.find_first_not_of(" \t"), text.size());
        auto const digits = std::string(text.substr(first, text.find_last_not_of(" \t") + 1 - first));
        auto const slow = slow_number(digits);
        differing += wait.has_value() == slow.has_value() &&
                             (!wait || *wait == std::chrono::seconds(static_cast<std::int64_t>(*slow)))
                         ? 0
                         : 1;
        read += wait ? 1 : 0;
    });
    CHECK(differing == 0);
    CHECK(read > 0);
    MESSAGE("exhaustive: " << count << " texts read as Retry-After, " << read << " of them seconds");
}

TEST_CASE("an index of Vault with one byte changed, or with two, is read as it would be slowly")
{
    compared all;
    std::string const good = "v1:c:18:9:aB";
    for (auto const& once : changes_of(good, every_byte()))
        all.take(once);
    std::string const bytes("v1:0f9g- \0\xff", 11);
    for (auto const& once : changes_of(good, bytes))
        for (auto const& twice : changes_of(once, bytes))
            all.take(twice);
    CHECK(all.differing == 0);
    CHECK(all.indices > 1000);
    CHECK(all.texts - all.indices > 1000);
    MESSAGE("exhaustive: " << all.texts << " texts near an index of Vault, " << all.indices
                           << " of them indices");
}

TEST_CASE("an index of OpenBao with one byte changed, or with two, is refused, or says what stands in it")
{
    std::string const good = R"({"cluster":"c","value":"7"})";
    std::size_t texts = 0;
    std::size_t indices = 0;
    std::size_t invented = 0;
    std::size_t changed = 0;
    auto const take = [&](std::string const& text) {
        ++texts;
        auto const read = decode_openbao_index(base64_encode(text));
        if (!read)
            return;
        ++indices;
        bool const is_escaped = text.find('\\') != text.npos;
        bool const is_ascii = // what is no UTF-8 is replaced, as in Go
            std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
        invented += is_escaped || !is_ascii ||
                            (text.find(read->cluster.view()) != text.npos &&
                             text.find(read->value.view()) != text.npos)
                        ? 0
                        : 1;
        auto const again = decode_openbao_index(encode_openbao_index(*read));
        changed += again && again->cluster == read->cluster && again->value == read->value ? 0 : 1;
    };
    for (auto const& once : changes_of(good, every_byte()))
        take(once);
    std::string const bytes("\"{}:,cu\\7 \0\xff", 12);
    for (auto const& once : changes_of(good, bytes))
        for (auto const& twice : changes_of(once, bytes))
            take(twice);
    CHECK(invented == 0);
    CHECK(changed == 0);
    CHECK(indices > 1000);
    CHECK(texts - indices > 1000);
    MESSAGE("exhaustive: " << texts << " texts near an index of OpenBao, " << indices << " of them indices");
}
