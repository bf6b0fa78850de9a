// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/replication_lag.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <type_traits>

using namespace afterwrite;
using namespace std::chrono_literals;

static_assert(std::is_trivially_copyable_v<replication_lag>);
static_assert(sizeof(replication_lag) <= 1024);
static_assert(lag_estimate{}.wait == 5ms);
static_assert(lag_estimate{}.patience == 100ms);
static_assert(!lag_estimate{}.is_trial());

namespace {

constexpr std::uint64_t no_trial = 1;
constexpr std::uint64_t trial = 0;
constexpr auto round_trip = 1ms;

replication_lag known(duration lag, int samples = 50)
{
    replication_lag learned;
    for (int i = 0; i < samples; ++i)
        learned.landed(lag, lag);
    return learned;
}

enum class learning {
    stretches, ///< as it is meant
    ends,      ///< the end of a stretch as if it were the moment
    no_trials, ///< stretches, but nobody ever waits less than has been learned
};

/// The loop of an exchange in virtual time: the first attempt at once, the learned wait, then each half
/// longer, a tenth more or less. A node has the state once `lag` has passed since the write, which is when
/// the first attempt was sent.
class reading {
public:
    explicit reading(learning how, unsigned seed = 7, duration patience = duration::max())
        : how_(how), patience_(patience), random_(seed)
    {}

    void read(duration lag)
    {
        if (lag <= round_trip)
            return;
        auto const estimate = estimate_lag(node_, node_, how_ == learning::no_trials ? no_trial : random_());
        auto const patience = std::min(patience_, estimate.patience);
        duration refused{};
        duration wait = estimate.first_wait;
        for (auto next = estimate.wait;; next = wait + wait / 2) {
            auto const due = refused + (refused > duration::zero() ? round_trip : 0ms) + jittered(wait);
            if (patience_ < duration::max() && due >= patience) {
                node_.outlasted(refused);
                return;
            }
            if (due + 2 * round_trip >= lag) {
                node_.landed(how_ == learning::ends ? due : refused, due);
                return;
            }
            refused = due;
            wait = std::min<duration>(next, 1s);
        }
    }

    [[nodiscard]] duration wait() const { return estimate_lag(node_, node_, no_trial).wait; }

private:
    duration jittered(duration wait)
    {
        return wait - wait / 10 + wait / 5 / 1024 * static_cast<duration::rep>(random_() % 1024);
    }

    learning how_;
    duration patience_;
    replication_lag node_;
    std::mt19937_64 random_;
};

int reads_until(reading& loop, duration lag, duration least, duration most)
{
    for (int i = 0; i < 10'000; ++i) {
        if (loop.wait() >= least && loop.wait() <= most)
            return i;
        loop.read(lag);
    }
    return 10'000;
}

} // namespace

TEST_CASE("nothing is known at first")
{
    replication_lag const learned;
    CHECK(learned.samples() == 0);
    CHECK(learned.quantile(0.5F) == 0ms);
    CHECK(learned.wait_for(0.5F) == 0ms);
    CHECK(learned == replication_lag());
}

TEST_CASE("a wait is long enough, and at most a quarter too long")
{
    for (duration lag = 250us; lag < 20min; lag += lag / 7) {
        auto const learned = known(lag, 1);
        CHECK(learned.samples() == 1);
        CHECK(learned.wait_for(0.5F) >= lag);
        CHECK(learned.wait_for(0.5F) <= lag + lag / 4 + 1ns);
        CHECK(learned.quantile(0.5F) <= learned.wait_for(0.5F));
        CHECK(learned.quantile(1) <= learned.wait_for(0.5F));
    }
    CHECK(known(1ns).wait_for(0.5F) == 250us);
    CHECK(known(250us).wait_for(0.5F) == 250us);
    CHECK(known(250us + 1ns).wait_for(0.5F) == 312'500ns);
    CHECK(known(24h).wait_for(0.5F) > 19min);
    CHECK(known(24h) == known(duration::max()));
}

TEST_CASE("a stretch of which nothing is known is spread evenly over its buckets")
{
    replication_lag learned;
    learned.landed(0ms, known(3ms).wait_for(0.5F)); // twelve buckets, to 2.9 ms, and the next one
    CHECK(learned.quantile(0.5F) > 800us);
    CHECK(learned.quantile(0.5F) < 1ms);
    CHECK(learned.quantile(1) > 3600us);
    CHECK(learned.wait_for(1) == known(3ms).wait_for(0.5F));
}

TEST_CASE("a stretch that only begins or ends in a bucket counts in it for that part")
{
    auto const end = known(100ms).wait_for(0.5F);
    auto const begin = end * 4 / 5;
    replication_lag learned;
    learned.landed(begin + (end - begin) * 9 / 10, end + (end / 4) / 2); // a tenth of one, a half of the next
    CHECK(learned.wait_for(0.1F) == end);
    CHECK(learned.wait_for(0.2F) > end);
}

TEST_CASE("within a bucket reads are spread evenly, whatever lies before it")
{
    auto const end = known(100ms).wait_for(0.5F);
    replication_lag learned;
    learned.landed(end * 4 / 5, end + end / 4); // two buckets
    CHECK(learned.quantile(0.75F) > end + end / 10);
    CHECK(learned.quantile(0.75F) < end + end * 3 / 20);
}

TEST_CASE("a stretch is spread as the samples before it are")
{
    auto learned = known(4ms);
    for (int i = 0; i < 1000; ++i)
        learned.landed(1ms, 1s);
    CHECK(learned.wait_for(0.25F) == known(4ms).wait_for(0.5F));
    CHECK(learned.wait_for(0.75F) == known(4ms).wait_for(0.5F));
}

TEST_CASE("who outlasts a time is among the slower, as far as they are known")
{
    auto learned = known(4ms);
    for (int i = 0; i < 20; ++i)
        learned.landed(40ms, 40ms);
    auto const slow = known(40ms).wait_for(0.5F);
    REQUIRE(learned.wait_for(0.5F) < slow);
    for (int i = 0; i < 30; ++i)
        learned.outlasted(10ms);
    CHECK(learned.wait_for(0.5F) == slow);
    CHECK(learned.wait_for(0.9F) == slow);
}

TEST_CASE("who outlasts all that is known may take some times longer, not for ever")
{
    auto learned = known(4ms);
    for (int i = 0; i < 1000; ++i)
        learned.outlasted(10ms);
    CHECK(learned.wait_for(0.01F) > 10ms);
    CHECK(learned.wait_for(0.5F) > 20ms);
    CHECK(learned.wait_for(1) < 110ms);
    replication_lag nothing_else;
    nothing_else.outlasted(10ms);
    CHECK(nothing_else.wait_for(1) == known(100ms).wait_for(0.5F));
}

TEST_CASE("a first refusal alone tells nothing")
{
    auto learned = known(4ms);
    learned.outlasted(0ms);
    learned.outlasted(-1ms);
    CHECK(learned == known(4ms));
}

TEST_CASE("old samples are forgotten")
{
    auto learned = known(4ms, 1000);
    for (int i = 0; i < 34; ++i) // 0.98^35 < 1/2
        learned.landed(100ms, 100ms);
    CHECK(learned.wait_for(0.5F) < 6ms);
    learned.landed(100ms, 100ms);
    CHECK(learned.wait_for(0.5F) > 99ms);
}

TEST_CASE("two early answers in a row count for more than all before")
{
    auto const slow = known(100ms, 1000);
    auto learned = slow;
    learned.landed(0ms, 10ms);
    CHECK(learned.wait_for(0.5F) == slow.wait_for(0.5F));
    learned.landed(0ms, 200ms); // which is not early, and tells nothing
    learned.landed(0ms, 10ms);
    CHECK(learned.wait_for(0.7F) <= known(10ms).wait_for(0.5F));
    CHECK(learned.wait_for(0.8F) == slow.wait_for(0.5F));
    learned.landed(0ms, 200ms);
    learned.landed(0ms, 200ms);
    CHECK(learned.wait_for(0.7F) <= known(10ms).wait_for(0.5F));
}

TEST_CASE("when lag has fallen two more early answers are needed for it to fall again")
{
    auto learned = known(100ms, 1000);
    learned.landed(0ms, 10ms);
    learned.landed(0ms, 10ms);
    auto const fallen = learned.wait_for(0.5F);
    REQUIRE(fallen <= known(10ms).wait_for(0.5F));
    learned.landed(0ms, 1ms);
    CHECK(learned.wait_for(0.5F) > 2ms);
    learned.landed(0ms, 1ms);
    CHECK(learned.wait_for(0.5F) < 2ms);
}

TEST_CASE("a refusal between two early answers is the truth, if it came as late as they did")
{
    auto const slow = known(100ms, 1000);
    auto learned = slow;
    for (int i = 0; i < 10; ++i) {
        learned.landed(0ms, 10ms);
        learned.landed(80ms, 100ms);
    }
    CHECK(learned.wait_for(0.5F) == slow.wait_for(0.5F));
    learned.outlasted(10ms);
    learned.landed(0ms, 10ms);
    CHECK(learned.wait_for(0.5F) == slow.wait_for(0.5F));
    learned.landed(5ms, 200ms);
    learned.landed(0ms, 10ms);
    CHECK(learned.wait_for(0.5F) <= known(10ms).wait_for(0.5F));
}

TEST_CASE("what was early before lag fell does not tell how late a refusal must come after it")
{
    auto learned = known(400ms, 1000);
    learned.landed(0ms, 50ms);
    learned.landed(0ms, 50ms);
    REQUIRE(learned.wait_for(0.5F) <= known(50ms).wait_for(0.5F));
    for (int i = 0; i < 200; ++i)
        learned.landed(50ms, 50ms);
    learned.landed(0ms, 10ms);
    learned.landed(20ms, 50ms);
    learned.landed(0ms, 10ms);
    CHECK(learned.wait_for(0.5F) > known(10ms).wait_for(0.5F));
    learned.landed(0ms, 10ms);
    CHECK(learned.wait_for(0.5F) <= known(10ms).wait_for(0.5F));
}

TEST_CASE("what is longer than all stretches counts as the end of the last")
{
    for (float const share : {0.1F, 0.5F, 1.0F})
        CHECK(known(24h).quantile(share) == known(24h).wait_for(1));
}

TEST_CASE("one slow read is no change")
{
    auto learned = known(10ms, 1000);
    for (int i = 0; i < 2; ++i)
        learned.landed(50ms, 100ms);
    CHECK(learned.wait_for(0.95F) == known(10ms).wait_for(0.5F));
}

TEST_CASE("no input breaks it")
{
    std::mt19937_64 random(5);
    replication_lag learned;
    duration const odd[] = {duration::min(), -1ns, 0ns,       1ns,  250us, 24h * 365000, 1h,
                            duration::max(), 5ms,  5ms + 1ns, 20min};
    auto const any = [&] {
        return random() % 2 == 0 ? odd[random() % std::size(odd)]
                                 : duration(static_cast<duration::rep>(random() >> (random() % 63)));
    };
    bool is_sane = true;
    for (int i = 0; i < 100'000; ++i) {
        if (random() % 3 == 0)
            learned.outlasted(any());
        else
            learned.landed(any(), any());
        duration before{};
        for (float const share : {-1.0F, 0.0F, 0.01F, 0.5F, 0.9F, 1.0F, 2.0F}) {
            auto const found = learned.quantile(share);
            is_sane = is_sane && found >= before && found <= learned.wait_for(share) && found < 21min;
            before = found;
        }
    }
    CHECK(is_sane);
    CHECK(learned.samples() > 60'000);
}

TEST_CASE("a constant lag of 5 ms is waited for with less than 10 ms, for ever")
{
    reading loop(learning::stretches);
    duration longest{};
    for (int i = 0; i < 10'000; ++i) {
        loop.read(5ms);
        if (i >= 20)
            longest = std::max(longest, loop.wait());
    }
    CHECK(longest >= 3ms);
    CHECK(longest < 10ms);
}

TEST_CASE("the ends of the stretches, taken for the moments, would grow the wait for ever")
{
    reading loop(learning::ends);
    for (int i = 0; i < 10'000; ++i)
        loop.read(5ms);
    CHECK(loop.wait() >= 80ms); // four fifths of the patience, and that only because it is bounded
}

TEST_CASE("a lag that rises and falls again is followed within a hundred reads")
{
    for (unsigned seed = 1; seed <= 20; ++seed)
        for (auto const high : {20ms, 50ms, 100ms, 200ms})
            for (int const reads : {3, 40, 1000}) { // for how long it stays
                reading loop(learning::stretches, seed);
                for (int i = 0; i < reads; ++i)
                    loop.read(5ms);
                CHECK(reads_until(loop, high, high - high / 5, high + high / 2) < 100);
                for (int i = 0; i < reads; ++i)
                    loop.read(high);
                CHECK(reads_until(loop, 5ms, 1ms, 7ms) < 100);
            }
}

TEST_CASE("a lag that falls by a third is followed too")
{
    for (unsigned seed = 1; seed <= 20; ++seed) {
        reading loop(learning::stretches, seed);
        for (int i = 0; i < 1000; ++i)
            loop.read(150ms);
        CHECK(reads_until(loop, 100ms, 10ms, 124ms) < 400);
    }
}

TEST_CASE("without trials nobody would see that lag has fallen")
{
    reading loop(learning::no_trials);
    for (int i = 0; i < 1000; ++i)
        loop.read(200ms);
    CHECK(reads_until(loop, 5ms, 1ms, 100ms) > 300);
}

TEST_CASE("what is learned while reads are forwarded does not keep them from learning")
{
    reading loop(learning::stretches, 7, lag_estimate::longest_patience);
    for (int i = 0; i < 1000; ++i)
        loop.read(2s);
    CHECK(loop.wait() >= 80ms);
    CHECK(reads_until(loop, 5ms, 1ms, 5ms) < 100);
    CHECK(reads_until(loop, 60ms, 48ms, 120ms) < 100);
}

TEST_CASE("a node of which little is known is judged by its cluster, and a cluster by what is usual")
{
    replication_lag const nobody;
    CHECK(estimate_lag(nobody, nobody, no_trial) == lag_estimate());

    CHECK(estimate_lag(nobody, known(40ms, 2), no_trial) == lag_estimate());
    CHECK(estimate_lag(nobody, known(40ms, 3), no_trial).wait == known(40ms).wait_for(0.5F));
    CHECK(estimate_lag(nobody, known(40ms, 7), no_trial).patience == 100ms);
    CHECK(estimate_lag(nobody, known(30ms, 8), no_trial).patience == 2 * known(30ms, 8).quantile(0.9F));

    CHECK(estimate_lag(known(10ms, 7), known(40ms), no_trial) == estimate_lag(nobody, known(40ms), no_trial));
    CHECK(estimate_lag(known(10ms, 8), known(40ms), no_trial) ==
          estimate_lag(known(10ms, 8), nobody, no_trial));
    CHECK(estimate_lag(known(10ms, 8), known(40ms), no_trial).wait == known(10ms).wait_for(0.5F));
}

TEST_CASE("patience is bounded, and a wait leaves room for a retry")
{
    auto const of = [](duration lag) { return estimate_lag(known(lag), replication_lag(), no_trial); };
    CHECK(of(1us).wait == 1ms);
    CHECK(of(1us).patience == 20ms);
    CHECK(of(7ms).patience == 20ms);
    CHECK(of(12ms).patience > 20ms);
    CHECK(of(100ms).patience < 250ms);
    CHECK(of(1min).patience == 250ms);
    CHECK(of(1min).wait == 200ms);
}

TEST_CASE("who may not forward waits as long as it takes, and no longer than anybody's patience")
{
    auto const of = [](duration lag, bool may_forward) {
        return estimate_lag(known(lag), replication_lag(), no_trial, may_forward);
    };
    CHECK(of(7ms, false) == of(7ms, true));
    CHECK(of(16ms, false).wait == known(16ms).wait_for(0.5F));
    CHECK(of(230ms, true).wait == 200ms);
    CHECK(of(230ms, false).wait == 250ms);
    CHECK(of(1min, false).wait == 250ms);
    CHECK(of(1min, false).patience == of(1min, true).patience);
    CHECK(estimate_lag(replication_lag(), replication_lag(), no_trial, false) == lag_estimate());
}

TEST_CASE("one read in sixteen tries a quarter, a half or three quarters of the wait")
{
    auto const learned = known(40ms);
    int trials[4]{};
    for (std::uint64_t random = 0; random < 4800; ++random) {
        auto const estimate = estimate_lag(learned, learned, random);
        CHECK(estimate.wait == learned.wait_for(0.5F));
        CHECK(estimate.is_trial() == (estimate.first_wait < estimate.wait));
        for (int quarters = 1; quarters < 4; ++quarters)
            trials[quarters] += estimate.first_wait == estimate.wait * quarters / 4 ? 1 : 0;
    }
    CHECK(trials[1] == 100);
    CHECK(trials[2] == 100);
    CHECK(trials[3] == 100);
    CHECK_FALSE(estimate_lag(replication_lag(), replication_lag(), trial).is_trial());
}

TEST_CASE("estimates that differ anywhere are not equal")
{
    lag_estimate const one;
    CHECK(one == lag_estimate());
    CHECK_FALSE(one == lag_estimate{.wait = 1h});
    CHECK_FALSE(one == lag_estimate{.first_wait = 1h});
    CHECK_FALSE(one == lag_estimate{.patience = 1h});
}
