// SPDX-License-Identifier: BSL-1.0

// What does the library cost a request? Measured against the least that consistency takes when it is written
// by hand: the same fields set and read, for one cluster and one caller, without order, retries or any check.
//
//     no_refusal, baseline     a read after a write: the answer brings no index
//     write, write_baseline    a write: the answer brings a new one
//     one_refusal              a read that is refused once, waits (in virtual time) and is sent again
//
// Each contestant works on the same messages, whose own cost is small, and reports how often it allocated.
#include "support/ratios.hpp"

#include <afterwrite/afterwrite.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <string_view>

namespace {

std::atomic<std::uint64_t> allocations{0};

} // namespace

// Not inlined, or the compiler sees malloc and free where it expects new and delete, and warns.
[[gnu::noinline]] void* operator new(std::size_t size)
{
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* const memory = std::malloc(size != 0 ? size : 1))
        return memory;
    throw std::bad_alloc();
}

[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

/// A message as cheap as one can be that owns what it says, as all do: its fields stand in an array and are
/// found by walking it.
class minimal_message {
public:
    explicit minimal_message(int code) noexcept : status(code) {}

    template <class Visit>
    void for_each(std::string_view name, Visit&& visit) const
    {
        for (auto const& each : std::span(fields_).first(count_))
            if (is_same(each.name, name))
                visit(std::string_view(each.value.data(), each.size));
    }

    void set(std::string_view name, std::string_view value) noexcept
    {
        for (auto& each : std::span(fields_).first(count_))
            if (is_same(each.name, name))
                return each.assign(value);
        add(name, value);
    }

    void add(std::string_view name, std::string_view value) noexcept
    {
        fields_[count_].name = name;
        fields_[count_++].assign(value);
    }

    void remove(std::string_view name) noexcept
    {
        for (std::size_t i = 0; i < count_;)
            if (is_same(fields_[i].name, name))
                fields_[i] = fields_[--count_];
            else
                ++i;
    }

    int status;
    std::string_view body{};

private:
    struct field {
        std::string_view name; // of a constant
        std::size_t size = 0;
        std::array<char, afterwrite::max_index_size> value;

        void assign(std::string_view text) noexcept
        {
            size = text.size();
            std::memcpy(value.data(), text.data(), size);
        }
    };

    /// The case of names does not matter, but nearly always it is the expected one. Names differ at their
    /// ends.
    static bool is_same(std::string_view a, std::string_view b) noexcept
    {
        if (a.size() != b.size() || lower(a.back()) != lower(b.back()))
            return false;
        if (std::memcmp(a.data(), b.data(), a.size()) == 0)
            return true;
        for (std::size_t i = a.size(); i-- > 0;)
            if (lower(a[i]) != lower(b[i]))
                return false;
        return true;
    }

    static char lower(char c) noexcept
    {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }

    std::array<field, 8> fields_;
    std::size_t count_ = 0;
};

} // namespace

template <>
struct afterwrite::message_traits<minimal_message> {
    template <class Visit>
    static void for_each(minimal_message const& m, std::string_view name, Visit&& visit)
    {
        m.for_each(name, visit);
    }
    static void set(minimal_message& m, std::string_view name, std::span<std::string_view const> values)
    {
        if (values.size() == 1)
            return m.set(name, values.front());
        m.remove(name);
        for (auto const& value : values)
            m.add(name, value);
    }
    static void remove(minimal_message& m, std::string_view name) { m.remove(name); }
    static int status(minimal_message const& m) { return m.status; }
    static std::string_view body(minimal_message const& m) { return m.body; }
};

namespace {

using afterwrite::exchange;
using afterwrite::replication_view;
using afterwrite::request_facts;
using afterwrite::session;
using afterwrite::time_point;

constexpr time_point start{std::chrono::hours(1)};
constexpr request_facts reading{.safe = true, .idempotent = true};

std::string index_at(std::uint64_t local)
{
    static afterwrite::hmac_key const key("6a1f7d0e-8c5b-4a57-9c1e-0123456789ab");
    return afterwrite::encode_vault_index(
        {afterwrite::cluster_id("00af5aa8-c87d-b5fc-e82e-97cd8dfaf731"), {local, 7654321}}, key);
}

/// What the messages of both contestants are made of, and what each of them has to remember.
struct scene {
    scene()
    {
        request.add("X-Vault-Token", "hvs." + std::string(91, 'C')); // as long as those that the server makes
        request.add("X-Vault-Request", "true");
        answer.add("Content-Type", "application/json");
        answer.add("Cache-Control", "no-store");
        written.add("Cache-Control", "no-store");
        written.add(afterwrite::field_names::index, indices[0]);
        refused.add("Content-Type", "application/json");
        refused.body = R"({"errors":["required index state not present"]})";
        caller.record(written, {}, start);
        view.learn(afterwrite::dialect::vault,
                   afterwrite::cluster_id("00af5aa8-c87d-b5fc-e82e-97cd8dfaf731"));
        latest = indices[0];
    }

    /// The answer to the next write: each brings an index of its own.
    minimal_message const& next_written()
    {
        written.set(afterwrite::field_names::index, indices[turn++ % indices.size()]);
        return written;
    }

    minimal_message request{0};
    minimal_message answer{200};
    minimal_message written{204};
    minimal_message refused{412};
    std::array<std::string, 4> indices{index_at(1234567), index_at(1234568), index_at(1234569),
                                       index_at(1234570)};
    std::size_t turn = 0;

    session caller;
    replication_view view;
    afterwrite::consistency_policy policy;

    std::string latest;
};

/// Counts what is allocated from its construction on, and reports it per iteration.
class allocation_count {
public:
    explicit allocation_count(benchmark::State& state) : state_(state), before_(allocations.load()) {}
    ~allocation_count()
    {
        state_.counters["allocations"] = benchmark::Counter(static_cast<double>(allocations.load() - before_),
                                                            benchmark::Counter::kAvgIterations);
    }
    allocation_count(allocation_count const&) = delete;
    allocation_count& operator=(allocation_count const&) = delete;

private:
    benchmark::State& state_;
    std::uint64_t before_;
};

void hide(scene& s)
{
    benchmark::DoNotOptimize(&s);
    benchmark::ClobberMemory();
}

/// One request by hand: the index that is held goes into it, nothing of an earlier attempt stays in it, and
/// what the answer brings is held from now on. Returns the status.
int by_hand(scene& s, minimal_message const& answer)
{
    s.request.set(afterwrite::field_names::index, s.latest);
    s.request.remove(afterwrite::field_names::inconsistent);
    s.request.remove(afterwrite::field_names::forward);
    int const status = answer.status;
    answer.for_each(afterwrite::field_names::index, [&](std::string_view value) { s.latest = value; });
    return status;
}

/// One request as `send` makes it, without the sending. Returns the last action.
afterwrite::action by_library(scene& s, request_facts const& facts, minimal_message const& answer)
{
    exchange exchange(s.policy, s.caller.required(s.view), facts, start, 42);
    exchange.prepare(s.request, s.view);
    s.caller.record(answer, exchange.carried(), start);
    return exchange.on_response(answer, s.view, start).what;
}

void read_by_hand(benchmark::State& state)
{
    scene s;
    allocation_count const count(state);
    for (auto _ : state) {
        hide(s);
        if (by_hand(s, s.answer) != 200)
            std::abort();
    }
}
BENCHMARK(read_by_hand)->Name("exchange/baseline");

void read_by_library(benchmark::State& state)
{
    scene s;
    allocation_count const count(state);
    for (auto _ : state) {
        hide(s);
        if (by_library(s, reading, s.answer) != afterwrite::action::deliver)
            std::abort();
    }
}
BENCHMARK(read_by_library)->Name("exchange/no_refusal");

void write_by_hand(benchmark::State& state)
{
    scene s;
    allocation_count const count(state);
    for (auto _ : state) {
        hide(s);
        if (by_hand(s, s.next_written()) != 204)
            std::abort();
    }
}
BENCHMARK(write_by_hand)->Name("exchange/write_baseline");

void write_by_library(benchmark::State& state)
{
    scene s;
    allocation_count const count(state);
    for (auto _ : state) {
        hide(s);
        if (by_library(s, {}, s.next_written()) != afterwrite::action::deliver)
            std::abort();
    }
}
BENCHMARK(write_by_library)->Name("exchange/write");

void read_refused_once(benchmark::State& state)
{
    scene s;
    allocation_count const count(state);
    for (auto _ : state) {
        hide(s);
        exchange exchange(s.policy, s.caller.required(s.view), reading, start, 42);
        exchange.prepare(s.request, s.view);
        s.caller.record(s.refused, exchange.carried(), start);
        auto const next = exchange.on_response(s.refused, s.view, start);
        if (next.what != afterwrite::action::send_again)
            std::abort();
        exchange.prepare(s.request, s.view);
        s.caller.record(s.answer, exchange.carried(), next.not_before);
        if (exchange.on_response(s.answer, s.view, next.not_before).what != afterwrite::action::deliver)
            std::abort();
    }
}
BENCHMARK(read_refused_once)->Name("exchange/one_refusal");

} // namespace

int main(int argc, char** argv)
{
    afterwrite_benchmarks::ratio("exchange/no_refusal", "exchange/baseline");
    afterwrite_benchmarks::ratio("exchange/write", "exchange/write_baseline");
    afterwrite_benchmarks::ratio("exchange/one_refusal", "exchange/baseline");
    return afterwrite_benchmarks::run(argc, argv);
}
