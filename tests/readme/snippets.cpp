// SPDX-License-Identifier: BSL-1.0

// The README's code, each piece word for word, with just what it needs around it. tests/readme.cpp compares.

#include <afterwrite/adapters/httplib.hpp>
#include <afterwrite/afterwrite.hpp>
#include <afterwrite/store/session_store.hpp>
#include <afterwrite/transport/send.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace my {

struct request {
    std::string method;
    std::string path;
    std::vector<std::pair<std::string, std::string>> fields;

    void each(std::string_view name, auto&& visit) const
    {
        for (auto const& field : fields)
            if (field.first == name)
                visit(std::string_view(field.second));
    }
    void add(std::string_view name, std::string_view value) { fields.emplace_back(name, value); }
    void erase(std::string_view name)
    {
        std::erase_if(fields, [name](auto const& field) { return field.first == name; });
    }
};

} // namespace my

template <>
struct afterwrite::message_traits<my::request> {
    static std::string_view method(my::request const& r) { return r.method; }
    static std::string_view path(my::request const& r) { return r.path; }
    static void for_each(my::request const& r, std::string_view name, auto&& visit) { r.each(name, visit); }
    static void set(my::request& r, std::string_view name, std::span<std::string_view const> values)
    {
        r.erase(name);
        for (auto const value : values)
            r.add(name, value);
    }
    static void remove(my::request& r, std::string_view name) { r.erase(name); }
};

static_assert(afterwrite::request_message<my::request>);

namespace {

using namespace std::chrono_literals;

[[maybe_unused]] afterwrite::consistency_policy const policy{
    .enforce = afterwrite::enforce_consistency::always,
    .when = afterwrite::when_inconsistent::forward,
    .limit = {.timeout = 3s},
};

template <class Response>
[[maybe_unused]] afterwrite::step loop(httplib::Request request, std::optional<Response>& response,
                                       afterwrite::session& session, afterwrite::replication_view& cluster,
                                       afterwrite::request_facts const& facts, std::uint64_t seed,
                                       auto transport, auto now, auto wait_until)
{
    afterwrite::exchange exchange(policy, session.required(cluster), facts, now(), seed);
    auto step = exchange.first(cluster);
    while (!step.is_final()) {
        if (step.not_before > now()) {
            wait_until(step.not_before);
            step = exchange.resume(cluster, now()); // go, or wait on: another read may be asking already
            continue;
        }
        exchange.prepare(request, cluster);
        response = transport(request, exchange.address(cluster)); // empty: wherever it is bound to
        if (response) {
            session.record(*response, exchange.carried(), now());
            step = exchange.on_response(*response, cluster, now());
        } else {
            session.record_lost(exchange.carried(), now());
            step = exchange.on_transport_error(cluster, now());
        }
    }
    return step; // deliver: response is the answer; give_up: it may be stale, and step.why says why
}

[[maybe_unused]] afterwrite::step run_loop(afterwrite::session& session,
                                           afterwrite::replication_view& cluster)
{
    std::optional<httplib::Response> response;
    auto const transport = [](httplib::Request&, std::string_view) {
        return std::optional<httplib::Response>();
    };
    return loop(
        {}, response, session, cluster, {}, 1, transport, [] { return afterwrite::clock::now(); },
        [](afterwrite::time_point) {});
}

httplib::Request put(std::string path, std::string data)
{
    httplib::Request made;
    made.method = "PUT";
    made.path = std::move(path);
    made.body = std::move(data);
    return made;
}

httplib::Request get(std::string path)
{
    auto made = put(std::move(path), {});
    made.method = "GET";
    return made;
}

[[maybe_unused]] auto record_and_require(httplib::Client& vault, afterwrite::replication_view& cluster,
                                         std::string const& path, std::string const& data)
{
    afterwrite::session writer;
    afterwrite::send(vault, put(path, data), writer, cluster);
    std::string const state = writer.required().field_value();

    afterwrite::session reader;
    reader.record(state, afterwrite::clock::now());
    auto const secret = afterwrite::send(vault, get(path), reader, cluster);
    return secret;
}

[[maybe_unused]] auto make_store(std::span<std::byte> block, afterwrite::siphash_key const& key)
{
    using sessions = afterwrite::session_store<std::mutex>;
    auto store = sessions::create(block, key); // sessions::size_for(1'000'000) bytes; 128 random bits
    return store;
}

[[maybe_unused]] auto ask_for(afterwrite::session_store<std::mutex>* store, std::string const& token,
                              httplib::Client& vault, afterwrite::replication_view& cluster,
                              std::string const& path)
{
    auto caller = store->of(token, afterwrite::clock::now()); // used as a session is; the token is not kept
    auto const secret = afterwrite::send(vault, get(path), caller, cluster);
    return secret;
}

} // namespace
