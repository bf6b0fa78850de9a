// SPDX-License-Identifier: BSL-1.0
// Once warm, the path of a request allocates nothing: counted by a replaced operator new.
#include <afterwrite/decision/decide.hpp>
#include <afterwrite/decision/exchange.hpp>
#include <afterwrite/decision/proxied_exchange.hpp>
#include <afterwrite/decision/state_waiters.hpp>
#include <afterwrite/lock.hpp>
#include <afterwrite/policy/shared_replication_view.hpp>
#include <afterwrite/session/cached_state.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/session/shared_session.hpp>
#include <afterwrite/wire/consistent_token.hpp>

#include <doctest/doctest.h>

#include "support/counted_allocations.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/tokens.hpp"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>
#include <string>
#include <string_view>

using namespace afterwrite;
using namespace support;

namespace {

/// A message that itself allocates nothing: room for three names with two values each.
struct flat_message {
    static constexpr std::size_t names = 3;
    int status = 200;
    std::string_view body{};
    std::string_view index{}; ///< of a response
    std::string_view token{}; ///< of a request
    char values[names][2][max_index_size]{};
    std::size_t sizes[names][2]{};
    std::size_t counts[names]{};

    static std::size_t place_of(std::string_view name)
    {
        return name == field_names::index ? 0 : name == field_names::inconsistent ? 1 : 2;
    }
};

} // namespace

template <>
struct afterwrite::message_traits<flat_message> {
    template <class Visit>
    static void for_each(flat_message const& m, std::string_view name, Visit&& visit)
    {
        if (name == field_names::token && !m.token.empty())
            visit(m.token);
        if (name == field_names::index && !m.index.empty())
            visit(m.index);
        if (name != field_names::index && name != field_names::inconsistent && name != field_names::forward)
            return;
        auto const place = flat_message::place_of(name);
        for (std::size_t i = 0; i < m.counts[place]; ++i)
            visit(std::string_view(m.values[place][i], m.sizes[place][i]));
    }
    static void set(flat_message& m, std::string_view name, std::span<std::string_view const> values)
    {
        auto const place = flat_message::place_of(name);
        m.counts[place] = values.size();
        for (std::size_t i = 0; i < values.size() && i < 2; ++i)
            m.sizes[place][i] = values[i].copy(m.values[place][i], max_index_size);
    }
    static void remove(flat_message& m, std::string_view name) { m.counts[flat_message::place_of(name)] = 0; }
    static int status(flat_message const& m) { return m.status; }
    static std::string_view method(flat_message const&) { return "GET"; }
    static std::string_view path(flat_message const&) { return "/v1/kv/foo"; }
    static std::string_view body(flat_message const& m) { return m.body; }
};

TEST_CASE("the counter counts: a test that sees nothing would pass for ever")
{
    auto const before = allocations.load();
    auto const text = std::string(1000, 'x');
    CHECK(text.size() == 1000);
    CHECK(allocations.load() > before);
}

TEST_CASE("a write, a refused read and its answer allocate nothing, in both dialects")
{
    std::string const indices[] = {vault("c", 1, 0),  vault("c", 0, 1),  vault("c", 2, 2),
                                   openbao("c", "1"), openbao("c", "2"), "future-format"};
    session mine;
    replication_view view;
    flat_message request;
    for (auto const form : {dialect::vault, dialect::openbao})
        for (int round = 0; round < 3; ++round) {
            mine = session();
            view = replication_view(form);
            bool is_right = true;
            auto const before = allocations.load();

            flat_message response{.status = 204};
            for (auto const& index : indices) {
                if (dialect_of(index) != form && dialect_of(index) != dialect::unknown)
                    continue;
                response.index = index;
                exchange writing({}, mine.required(view), {}, at(0s), 1);
                is_right = is_right && !writing.first(view).is_final();
                writing.prepare(request, view);
                is_right = is_right && mine.record(response, writing.carried(), at(1ms)).rejected == 0;
                is_right = is_right && writing.on_response(response, view, at(1ms)).what == action::deliver;
            }

            exchange reading({}, mine.required(view), request_facts::of_method("GET"), at(2ms), 2);
            is_right = is_right && !reading.first(view).is_final();
            reading.prepare(request, view);
            is_right = is_right && request.counts[0] == 1;
            flat_message const refusal{
                .status = form == dialect::vault ? 412 : 429,
                .body = form == dialect::vault ? R"({"errors":["required index state not present"]})" : ""};
            mine.record(refusal, reading.carried(), at(3ms));
            auto const step = reading.on_response(refusal, view, at(3ms));
            is_right = is_right && step.what == action::send_again;
            reading.prepare(request, view);
            response.index = {};
            response.status = 200;
            mine.record(response, reading.carried(), at(4ms));
            is_right = is_right && reading.on_response(response, view, at(4ms)).what == action::deliver;

            CHECK(allocations.load() == before);
            // An OpenBao refusal without Retry-After and body is a quota: it is sent again all the same.
            CHECK(is_right);
        }
}

namespace {

/// A proxy's read over several nodes that are all behind for two seconds: waits, turns and forwards. Whether
/// it was answered then.
bool read_through_an_outage(proxy_policy const& policy, flat_message& request, session& mine,
                            replication_view& view, std::uint64_t seed)
{
    flat_message const refusal{.status = 412, .body = R"({"errors":["required index state not present"]})"};
    flat_message const success{};
    auto facts = request_facts::of_method("GET");
    facts.addressable = true;
    facts.to = route::best_node;
    auto now = at(std::chrono::seconds(10 * seed));
    auto const caught_up = now + 2s;
    proxied_exchange reading(policy, request, facts, mine, view, now, seed);
    auto step = reading.first(view);
    while (!step.is_final()) {
        if (step.not_before > now) {
            now = step.not_before;
            step = reading.resume(view, now);
            continue;
        }
        reading.prepare(request, view);
        now += 1ms;
        step = reading.on_response(now < caught_up ? refusal : success, mine, view, now);
    }
    return step.what == action::deliver && step.why == reason::answered && now >= caught_up;
}

} // namespace

TEST_CASE("a proxy's reads of several nodes allocate nothing, however often they are refused")
{
    proxy_policy const policy{.consistency = consistency_policy::patient(), .scope = proxy_scope::identity};
    session mine;
    mine.record(vault("c", 5, 0), at(0s));
    mine.record(vault("c", 0, 5), at(0s));
    replication_view view(dialect::vault);
    for (auto const* const address : {"https://a:8200", "https://b:8200", "https://c:8200"})
        REQUIRE(view.add_node(address));
    bool is_right = true;
    auto const before = allocations.load();
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        flat_message request; // without the fields that the last one was sent with
        is_right = is_right && read_through_an_outage(policy, request, mine, view, seed);
    }
    CHECK(allocations.load() == before);
    CHECK(is_right);
}

TEST_CASE("what many threads share, and what a cache keeps, is had without an allocation")
{
    shared_session<no_lock> mine;
    shared_replication_view<no_lock> view{replication_view(dialect::vault)};
    auto const index = vault("c", 5, 0);
    auto const newer = vault("c", 6, 1);
    auto const before = allocations.load();
    mine.record(index, at(0s));
    auto const required = mine.required();
    cached_state cached(required);
    bool const serves = cached.usable_for(required);
    mine.record(newer, at(0s));
    bool const serves_then = cached.usable_for(mine.required());
    bool const has_changed = cached.revalidate(mine.required());
    mine.merge(required, at(0s));
    mine.record_lost(required, at(1s));
    CHECK(allocations.load() == before);
    CHECK(serves);
    CHECK_FALSE(serves_then);
    CHECK(has_changed);
}

TEST_CASE("a node that decides, and holds what it cannot serve yet, allocates nothing")
{
    auto const index = vault("c", 5, 0);
    auto const token = vault_token(4);
    flat_message request{.token = token};
    std::string_view const indices[] = {index};
    message_traits<flat_message>::set(request, field_names::index, indices);
    node_view node{.cluster = cluster_id("c"), .position = {4, 0}, .now = at(0s)};
    node.settings.hold_before_412 = 1s;
    state_waiters waiters;
    state_waiter waiter;
    auto const before = allocations.load();
    auto const asked = requirement_of(request);
    auto const held = decide(asked, node);
    waiters.add(waiter, held.awaited, held.until);
    node.position = {5, 0};
    waiters.reached(node.position);
    bool const is_ready = waiters.take() == &waiter;
    auto const served = decide(asked, node, held.until);
    CHECK(allocations.load() == before);
    CHECK(held.what == verdict::await_state);
    CHECK(is_ready);
    CHECK(served.what == verdict::serve);
}

TEST_CASE("what may allocate is named here")
{
    // Texts for people and for other programs, and the session as a text: nothing that a request needs.
    std::set<std::string> const named = {"bytes/base64.hpp",
                                         "bytes/hex.hpp",
                                         "bytes/json.hpp",
                                         "wire/openbao_index.hpp",
                                         "wire/vault_index.hpp",
                                         "session/required_states.hpp",
                                         "session/portable_text.hpp",
                                         "session/portable_session.hpp",
                                         "policy/proxy_policy.hpp"};
    std::set<std::string> found;
    auto const top = std::filesystem::path(AFTERWRITE_SOURCE_DIR) / "include" / "afterwrite";
    for (auto const& entry : std::filesystem::recursive_directory_iterator(top)) {
        auto const name = entry.path().lexically_relative(top).generic_string();
        if (!entry.is_regular_file() || name.starts_with("adapters/") || name.starts_with("stores/"))
            continue;
        std::ifstream file(entry.path());
        for (std::string line; std::getline(file, line);) {
            auto const code = line.substr(0, line.find("//"));
            for (std::string const word : {"string", "vector", "map", "set", "list", "deque", "function",
                                           "make_unique", "make_shared", "any"})
                for (std::string const end : {"<", " ", "&", "(", ">", "{", ","})
                    if (code.find("std::" + word + end) != code.npos)
                        found.insert(name);
        }
    }
    CHECK(found == named);
}
