// SPDX-License-Identifier: BSL-1.0
#include "codec.hpp"
#include "rows.hpp"
#include "virtual_time.hpp"

#include <doctest/doctest.h>

using namespace cluster;
using namespace std::chrono_literals;

namespace {

settings with_lag(std::string_view lag, dialect speaks = dialect::vault)
{
    settings set;
    set.speaks = speaks;
    set.performance_standbys = 2;
    set.lag = parse_lag(lag).spec.value();
    return set;
}

std::string value(std::uint64_t number) { return "{\"v\":" + std::to_string(number) + "}"; }

/// Writes, and reads at a standby, at moments of the seed's choosing; all answers in one text.
std::string history(std::uint64_t seed, std::uint64_t* stale = nullptr)
{
    settings set = with_lag("lognormal:20ms,1");
    set.seed = seed;
    model emulated(set);
    virtual_time time(emulated);
    random_source random(seed, 99);
    std::string text;
    for (int step = 0; step < 400; ++step) {
        auto const delay = nanoseconds(static_cast<std::int64_t>(random.uniform() * 2e9));
        auto const node = random.next() % 3;
        const std::string path = "kv/k" + std::to_string(random.next() % 5);
        const request asked =
            random.next() % 2 == 0 ? ask("GET", path) : ask("PUT", path, {}, value(random.next()));
        time.after(delay, [&time, &text, asked, node] {
            time.send(
                node, asked,
                [&](const response& got, const answer_note& note) {
                    text += std::to_string(time.now().count()) + ' ' + std::to_string(got.status) + ' ' +
                            got.body;
                    text += std::string(field_or_empty(got.fields, "X-Vault-Index")) +
                            (note.newest ? "" : " stale") + '\n';
                },
                1ms);
        });
    }
    time.run();
    if (stale != nullptr) {
        *stale = emulated.counters(1).stale_reads + emulated.counters(2).stale_reads;
    }
    return text;
}

} // namespace

TEST_CASE("a history is a function of its seed, and stale reads are in it")
{
    std::uint64_t stale = 0;
    const std::string once = history(11, &stale);
    CHECK(once == history(11));
    CHECK(once != history(12));
    CHECK(stale > 0);
}

TEST_CASE("entries land in the order of the log, whatever lag they drew")
{
    model emulated(with_lag("bimodal:1ms,100ms,0.2"));
    std::uint64_t last = 0;
    for (int step = 0; step < 2000; ++step) {
        auto const now = nanoseconds(500us) * step;
        (void)emulated.handle(0, ask("PUT", "kv/k", {}, value(static_cast<std::uint64_t>(step))), now);
        const std::uint64_t applied = emulated.applied(1, now).local;
        CHECK(applied >= last);
        CHECK(applied <= emulated.newest().local);
        last = applied;
    }
    CHECK(last > 0);
    CHECK(emulated.applied(1, 10s).local == 2000);
}

TEST_CASE("shared lag: all followers stand at the same place; own lag: they do not")
{
    for (bool const shared : {true, false}) {
        model emulated(with_lag(shared ? "lognormal:5ms,1+shared" : "lognormal:5ms,1"));
        bool same = true;
        for (int step = 0; step < 200; ++step) {
            auto const now = nanoseconds(1ms) * step;
            (void)emulated.handle(0, ask("PUT", "kv/k", {}, value(1)), now);
            same = same && emulated.applied(1, now) == emulated.applied(2, now);
        }
        CHECK(same == shared);
    }
}

TEST_CASE("versions that every node has left behind are dropped")
{
    model emulated(with_lag("constant:10ms"));
    const std::size_t before = emulated.kept_versions();
    for (int step = 0; step < 10000; ++step) {
        (void)emulated.handle(0, ask("PUT", "kv/k", {}, value(1)), nanoseconds(1ms) * step);
    }
    CHECK(emulated.kept_versions() - before < 15);
}

TEST_CASE("a stalled follower stands still, and stands where it did when the stall is over")
{
    model emulated(with_lag("constant:5ms+stalled:1s,3s@2"));
    (void)emulated.handle(0, ask("PUT", "kv/k", {}, value(1)), 999ms);
    CHECK(emulated.applied(1, 1100ms).local == 1);
    CHECK(emulated.applied(2, 2999ms).local == 0);
    CHECK(emulated.applied(2, 3s).local == 1);
    (void)emulated.handle(0, ask("PUT", "kv/k", {}, value(2)), 4s);
    emulated.stall(1, 4s, 6s);
    CHECK(emulated.applied(1, 5s).local == 1);
    CHECK(emulated.applied(1, 6s).local == 2);
}

TEST_CASE("await-state wakes at the landing, not before and not later")
{
    settings set = with_lag("constant:40ms", dialect::openbao);
    set.consistency_max_index_wait = 1s;
    model emulated(set);
    virtual_time time(emulated);
    auto const written = time.ask(0, ask("PUT", "kv/k", {}, value(1)));
    const std::string index(field_or_empty(written.fields, "X-Vault-Index"));
    auto const got =
        time.ask(1, ask("GET", "kv/k", {{"X-Vault-Index", index}, {"X-Vault-Inconsistent", "await-state"}}));
    CHECK(got.status == 200);
    CHECK(time.now() == 40ms);
    CHECK(emulated.counters(1).held == 1);
    CHECK(emulated.held_count() == 0);
}

TEST_CASE("await-state waits 25 ms at least, for an index that no log has yet as well")
{
    model emulated(with_lag("constant:1ms", dialect::openbao));
    virtual_time time(emulated);
    const field_list wait = {{"X-Vault-Index", emulated.index_text({1, 0})},
                             {"X-Vault-Inconsistent", "await-state"}};
    CHECK(time.ask(1, ask("GET", "kv/k", wait)).status == 429);
    CHECK(time.now() == 25ms);
    // Written while the request waits: it wakes when that lands.
    time.after(10ms,
               [&] { time.send(0, ask("PUT", "kv/k", {}, value(1)), [](const auto&, const auto&) {}); });
    CHECK(time.ask(1, ask("GET", "kv/k", wait)).status == 200);
    CHECK(time.now() == 36ms);
}

TEST_CASE("await-state waits as long as configured, 60 s at most; the 25 ms may be added")
{
    settings set = with_lag("constant:1h", dialect::openbao);
    auto const waited = [](settings const& chosen) {
        model emulated(chosen);
        virtual_time time(emulated);
        const field_list wait = {{"X-Vault-Index", emulated.index_text({1, 0})},
                                 {"X-Vault-Inconsistent", "await-state"}};
        CHECK(time.ask(1, ask("GET", "kv/k", wait)).status == 429);
        return time.now();
    };
    set.consistency_max_index_wait = 100ms;
    CHECK(waited(set) == 100ms);
    set.consistency_max_index_wait = 10min;
    CHECK(waited(set) == 60s);
    set.unknown.await_adds_floor = true;
    CHECK(waited(set) == 60s);
    set.consistency_max_index_wait = 100ms;
    CHECK(waited(set) == 125ms);
    set.consistency_max_index_wait = 0s;
    CHECK(waited(set) == 25ms);
}

TEST_CASE("a hook wakes what waits; a request that was given up does not come back")
{
    settings set = with_lag("constant:1h", dialect::openbao);
    set.consistency_max_index_wait = 10s;
    model emulated(set);
    (void)emulated.handle(0, ask("PUT", "kv/k", {}, value(1)), 0s);
    const request asked =
        ask("GET", "kv/k",
            {{"X-Vault-Index", emulated.index_text({1, 0})}, {"X-Vault-Inconsistent", "await-state"}});
    auto const first = emulated.handle(1, asked, 0s);
    auto const second = emulated.handle(1, asked, 0s);
    REQUIRE(first.held);
    CHECK(first.until == 10s);
    CHECK(emulated.resume(first.id, 1s).held);
    emulated.cancel(second.id);
    emulated.drop_lag(2s);
    CHECK(emulated.held_until(first.id) == 2s);
    CHECK(emulated.wake_changes() == 1);
    CHECK(emulated.resume(first.id, 2s).answer.status == 200);
    CHECK_FALSE(emulated.resume(second.id, 2s).held);
    CHECK(emulated.held_count() == 0);
}

TEST_CASE("OpenBao's header check looks at an index that is up to 5 ms old, unless told otherwise")
{
    for (bool const exact : {false, true}) {
        settings set = with_lag("constant:1ms", dialect::openbao);
        set.index_cache_age = exact ? 0ms : set.index_cache_age;
        model emulated(set);
        const request asked = ask("GET", "kv/k", {{"X-Vault-Index", emulated.index_text({1, 0})}});
        CHECK(emulated.handle(1, asked, 0ms).answer.status == 429);
        (void)emulated.handle(0, ask("PUT", "kv/k", {}, value(1)), 0ms);
        CHECK(emulated.handle(1, asked, 2ms).answer.status == (exact ? 200 : 429));
        CHECK(emulated.handle(1, asked, 5ms).answer.status == 200);
    }
}

TEST_CASE("an election: none is active for a while, then the log goes on at another node")
{
    model emulated(with_lag("constant:1s"));
    (void)emulated.handle(0, ask("PUT", "kv/k", {}, value(1)), 0s);
    emulated.elect(2, 100ms, 50ms);
    CHECK_FALSE(emulated.active(120ms).has_value());
    CHECK(emulated.handle(1, ask("PUT", "kv/k", {}, value(2)), 120ms).answer.status == 503);
    CHECK(emulated.active(150ms) == 2);
    CHECK(emulated.role_of(0, 150ms) == role::performance_standby);
    CHECK(emulated.handle(2, ask("GET", "kv/k"), 150ms).answer.status == 200);
    auto const written = emulated.handle(0, ask("PUT", "kv/k", {}, value(2)), 150ms);
    CHECK(written.answer.status == 204);
    CHECK(written.note.served_by == 2);
    CHECK(field_or_empty(written.answer.fields, "X-Vault-Index") == emulated.index_text({2, 0}));
    auto const old = emulated.handle(0, ask("GET", "kv/k"), 151ms);
    CHECK_FALSE(old.note.newest);
}

TEST_CASE("counters tell who served, and how much of it was stale")
{
    model emulated(with_lag("constant:1s"));
    (void)emulated.handle(1, ask("PUT", "kv/k", {}, value(1)), 0s);
    (void)emulated.handle(1, ask("GET", "kv/k"), 0s);
    (void)emulated.handle(1, ask("GET", "kv/k", {{"X-Vault-Index", emulated.index_text({1, 0})}}), 0s);
    (void)emulated.handle(1, ask("GET", "kv/k"), 1s);
    auto const& standby = emulated.counters(1);
    CHECK(standby.received == 4);
    CHECK(standby.forwarded == 1);
    CHECK(standby.refused == 1);
    CHECK(standby.reads == 2);
    CHECK(standby.stale_reads == 1);
    CHECK(emulated.counters(0).received == 0);
    CHECK(emulated.counters(0).served == 1);
}
