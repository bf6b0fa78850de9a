// SPDX-License-Identifier: BSL-1.0
// Once warm, the path of a request allocates nothing: counted by a replaced operator new.
#include <afterwrite/decision/exchange.hpp>
#include <afterwrite/session/session.hpp>

#include <doctest/doctest.h>

#include "support/counted_allocations.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"

#include <cstddef>
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
        if (name == field_names::index && !m.index.empty())
            visit(m.index);
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
