// SPDX-License-Identifier: BSL-1.0
#include "words.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

using namespace std::chrono_literals;

namespace {

template <class T>
void check_words(proxy::complaint (*set)(T&, std::string_view), T const& before,
                 std::initializer_list<std::pair<char const*, T>> good,
                 std::initializer_list<char const*> bad)
{
    for (auto const& row : good) {
        CAPTURE(row.first);
        auto value = before;
        CHECK(set(value, row.first).empty());
        CHECK(value == row.second);
    }
    for (auto const* const word : bad) {
        CAPTURE(word);
        auto value = before;
        CHECK(set(value, word).ends_with(", not " + proxy::in_quotes(word)));
        CHECK(value == before);
    }
}

} // namespace

TEST_CASE("durations are those of Go, or seconds, or days")
{
    check_words(proxy::set_duration, 7ns,
                {{"30", 30s},
                 {"30s", 30s},
                 {"1m30s", 90s},
                 {"1h0m1s", 3601s},
                 {"250ms", 250ms},
                 {"1.5s", 1500ms},
                 {"0.25m", 15s},
                 {"2us", 2us},
                 {"1ns", 1ns},
                 {"2d", 48h},
                 {"365d", 8760h},
                 {"8760h", 8760h}},
                {"",
                 "0",
                 "0s",
                 "-1",
                 "-1s",
                 "s",
                 "1x",
                 "1.5",
                 "1 s",
                 " 1s",
                 "1S",
                 "1M",
                 "1d2h",
                 "1.s.",
                 ".5s",
                 "1e3",
                 "366d",
                 "8760h1ns",
                 "9223372036s",
                 "9223372037",
                 "9223372037s",
                 "106752d",
                 "99999999999999999999s",
                 "5000000000s5000000000s",
                 "true"});
    check_words(proxy::set_grace, 7ns, {{"0", 0ns}, {"0s", 0ns}, {"1s", 1s}}, {"", "-1", "never"});
}

TEST_CASE("sizes are bytes, or have Vault's units")
{
    check_words<std::uint64_t>(proxy::set_size, 7,
                               {{"1", 1},
                                {"65536", 65536},
                                {"2kb", 2000},
                                {"2KiB", 2048},
                                {"3 mb", 3'000'000},
                                {"3MIB", 3 << 20},
                                {" 4gb ", 4'000'000'000},
                                {"1gib", 1 << 30},
                                {"1tb", 1'000'000'000'000},
                                {"1tib", std::uint64_t(1) << 40}},
                               {"", "0", "0kb", "-1", "1.5mb", "1k", "1b", "mb", "1  mb", "1mb1",
                                "9999999999tib", "99999999999999999999"});
}

TEST_CASE("what is too much for the proxy is refused before it starts")
{
    check_words<std::size_t>(proxy::set_header_size, 7, {{"1", 1}, {"64kib", 65536}},
                             {"", "0", "65537", "1mb"});
    check_words<std::size_t>(proxy::set_identities, 7, {{"1", 1}, {"10000000", 10'000'000}},
                             {"", "0", "10000001", "1000000000"});
}

TEST_CASE("switches are those of Go")
{
    check_words(proxy::set_switch, false, {{"1", true}, {"t", true}, {"true", true}, {"TRUE", true}},
                {"", "yes", "on", "tRUE", "2"});
    check_words(proxy::set_switch, true, {{"0", false}, {"F", false}, {"False", false}}, {"no", "off", "00"});
}

TEST_CASE("counts")
{
    check_words<std::size_t>(proxy::set_count, 7, {{"1", 1}, {"1000000000", 1'000'000'000}},
                             {"", "0", "-1", "1000000001", "1x", "0x10", "+1", "1.0"});
    check_words<std::size_t>(proxy::set_count_or_none, 7, {{"0", 0}, {"1", 1}}, {"-1", ""});
    check_words<std::size_t>(proxy::set_workers, 7, {{"1", 1}, {"256", 256}}, {"0", "257"});
    check_words<std::uint32_t>(proxy::set_num_retries, 7, {{"0", 0}, {"-1", 1}, {"1", 2}, {"12", 13}},
                               {"-2", "", "many", "4294967296"});
    check_words<std::uint32_t>(proxy::set_max_retries, 7, {{"0", 1}, {"2", 3}}, {"-1", ""});
}

TEST_CASE("addresses")
{
    std::string const before = "before";
    check_words<std::string>(proxy::set_upstream, before,
                             {{"http://a", "http://a"},
                              {"https://a.b:443//", "https://a.b:443"},
                              {"HTTPS://A:1", "HTTPS://A:1"},
                              {"https://[fe80::1]", "https://[fe80::1]"},
                              {"unix:///a b", "unix:///a b"}},
                             {"",
                              "a",
                              "a:8200",
                              "ftp://a",
                              "http://",
                              "http:///",
                              "http://a/v1",
                              "http://a?b",
                              "http://a#b",
                              "http://u@a",
                              "http://a:",
                              "http://a:x",
                              "http://a:65536",
                              "http://a b",
                              "http://[a",
                              "http://[]",
                              "http://[::1]x",
                              "unix://",
                              "unix:///",
                              "unix://a",
                              "http://a\n"});
    check_words<std::string>(proxy::set_node, before, {{"http://a:1/", "http://a:1"}}, {"unix:///a", "a:1"});
    check_words<std::string>(proxy::set_tcp_address, before,
                             {{"a:1", "a:1"}, {":8100", "0.0.0.0:8100"}, {"[::]:0", "[::]:0"}},
                             {"", "a", ":", "a:", "a:-1", "a:65536", "[::]", "::1:1", "a/b:1",
                              "{{ GetPrivateIP }}:1", "a b:1", "unix:///a"});
    std::string address;
    CHECK_FALSE(proxy::set_upstream(address, "http://" + std::string(300, 'a')).empty());
}
