// SPDX-License-Identifier: BSL-1.0
#include "afterwrite_c.h"

#include <afterwrite/adapters/curl_response_head.hpp>
#include <afterwrite/afterwrite.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct afterwrite_caller {
    afterwrite::session session;
    afterwrite::replication_view view;
};

namespace {

/// The fields of an attempt, on their way to the host.
struct outgoing {
    std::string path;
    std::vector<std::pair<std::string, std::string>> fields;
};

/// An answer as the host received it.
struct incoming {
    afterwrite::curl_response_head head;
    std::string_view body;
};

} // namespace

template <>
struct afterwrite::message_traits<outgoing> {
    static void for_each(outgoing const&, std::string_view, auto&&) {
    } // the host's own fields stay with the host
    static std::string_view path(outgoing const& request) { return request.path; }
    static void set(outgoing& request, std::string_view name, std::span<std::string_view const> values)
    {
        for (auto const value : values)
            request.fields.emplace_back(name, value);
    }
    static void remove(outgoing&, std::string_view) {} // each attempt begins with none
};

template <>
struct afterwrite::message_traits<incoming> {
    static void for_each(incoming const& answer, std::string_view name, auto&& visit)
    {
        answer.head.for_each(name, visit);
    }
    static int status(incoming const& answer) { return answer.head.status(); }
    static std::string_view body(incoming const& answer) { return answer.body; }
};

struct afterwrite_exchange {
    afterwrite_caller& caller;
    outgoing request;
    afterwrite::exchange machine;
};

namespace {

/// No exception crosses into C: what is thrown, which can only be for want of memory, becomes `otherwise`.
template <class Result>
Result guarded(Result otherwise, auto&& f) noexcept
{
    try {
        return f();
    } catch (...) {
        return otherwise;
    }
}

afterwrite_step step_of(afterwrite::step const& next, afterwrite::time_point now)
{
    if (next.is_final()) {
        bool const is_answer = next.what == afterwrite::action::deliver;
        return {is_answer ? AFTERWRITE_DELIVER : AFTERWRITE_GIVE_UP, 0, to_string(next.why).data()};
    }
    auto const wait = std::chrono::ceil<std::chrono::milliseconds>(next.not_before - now).count();
    auto const longest = std::int64_t{std::numeric_limits<int>::max()};
    return {AFTERWRITE_SEND_AGAIN, static_cast<unsigned>(std::clamp<std::int64_t>(wait, 0, longest)),
            to_string(next.why).data()};
}

bool read_head(afterwrite::curl_response_head& head, std::string_view text)
{
    while (!text.empty()) {
        auto const size = std::min(text.find('\n'), text.size() - 1) + 1;
        if (!head.add_line(text.substr(0, size)))
            return false;
        text.remove_prefix(size);
    }
    return true;
}

} // namespace

extern "C" afterwrite_caller* afterwrite_open(void)
{
    return guarded<afterwrite_caller*>(nullptr, [] { return new afterwrite_caller; });
}

extern "C" void afterwrite_close(afterwrite_caller* caller) { delete caller; }

extern "C" afterwrite_exchange* afterwrite_begin(afterwrite_caller* caller, char const* method,
                                                 char const* path)
{
    return guarded<afterwrite_exchange*>(nullptr, [&] {
        auto const now = afterwrite::clock::now();
        auto const seed = static_cast<std::uint64_t>(now.time_since_epoch().count()) * 0x9e3779b97f4a7c15;
        auto const facts = afterwrite::request_facts::of_method(method);
        auto* const made = new afterwrite_exchange{
            *caller, {path, {}}, {{}, caller->session.required(caller->view), facts, now, seed}};
        static_cast<void>(made->machine.first(caller->view)); // who is alone waits for nobody
        return made;
    });
}

extern "C" void afterwrite_end(afterwrite_exchange* exchange) { delete exchange; }

extern "C" int afterwrite_prepare(afterwrite_exchange* exchange, afterwrite_add_field add, void* context)
{
    return guarded(-1, [&] {
        exchange->request.fields.clear();
        exchange->machine.prepare(exchange->request, exchange->caller.view);
        for (auto const& [name, value] : exchange->request.fields)
            if (int const error = add(context, name.c_str(), value.c_str()); error != 0)
                return error;
        return 0;
    });
}

extern "C" afterwrite_step afterwrite_next(afterwrite_exchange* exchange, char const* head, size_t head_size,
                                           char const* body, size_t body_size)
{
    afterwrite_step const no_memory{AFTERWRITE_GIVE_UP, 0, "There is no memory to read the answer."};
    return guarded(no_memory, [&] {
        auto const now = afterwrite::clock::now();
        auto& [caller, request, machine] = *exchange;
        incoming answer;
        if (head == nullptr || !read_head(answer.head, {head, head_size})) {
            caller.session.record_lost(machine.carried(), now);
            return step_of(machine.on_transport_error(caller.view, now), now);
        }
        if (body != nullptr)
            answer.body = {body, body_size};
        caller.session.record(answer, machine.carried(), now);
        return step_of(machine.on_response(answer, caller.view, now), now);
    });
}
