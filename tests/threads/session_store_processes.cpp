// SPDX-License-Identifier: BSL-1.0
// Several processes share one store, each with the block at an address of its own, and are killed in the
// middle of what they do, thousands of times. What was recorded before is required by whoever is left.
#include <afterwrite/store/session_store.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/sanitizers.hpp"
#include "support/store_block.hpp"
#include "support/store_law.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>
#include <span>
#include <string>
#include <thread>

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace afterwrite;
using namespace support;

namespace {

/// What a caller with several processes brings: whoever waits for a lock whose holder died gets it.
class robust_mutex {
public:
    robust_mutex()
    {
        pthread_mutexattr_t attributes;
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&mutex_, &attributes);
        pthread_mutexattr_destroy(&attributes);
    }

    void lock()
    {
        if (pthread_mutex_lock(&mutex_) == EOWNERDEAD)
            pthread_mutex_consistent(&mutex_);
    }
    void unlock() { pthread_mutex_unlock(&mutex_); }

private:
    pthread_mutex_t mutex_;
};

using store_type = session_store<robust_mutex>;

// Time goes fast here, and nothing may end.
store_options const options{.sessions = {.fence_time = 24h}, .idle = 60s};

/// A file without a name, mapped once for each object.
class shared_file {
public:
    explicit shared_file(std::size_t size) : file_(std::tmpfile()), size_(size)
    {
        REQUIRE(file_ != nullptr);
        REQUIRE(ftruncate(fileno(file_), static_cast<off_t>(size)) == 0);
    }
    ~shared_file() { std::fclose(file_); }
    shared_file(shared_file const&) = delete;
    shared_file& operator=(shared_file const&) = delete;

    [[nodiscard]] std::span<std::byte> map() const
    {
        void* const at = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file_), 0);
        return {at == MAP_FAILED ? nullptr : static_cast<std::byte*>(at), size_};
    }

private:
    std::FILE* file_;
    std::size_t size_;
};

constexpr std::uint64_t identities = 64;
constexpr std::size_t workers = 3;
constexpr std::uint64_t kills = rounds(1500, 150);

/// What the processes tell each other besides.
struct ledger {
    std::atomic<std::uint64_t> log;                      ///< the cluster's
    std::atomic<std::uint64_t> acknowledged[identities]; ///< the greatest that `record` has returned from
    std::atomic<std::uint64_t> done[workers];
};

void raise(std::atomic<std::uint64_t>& to, std::uint64_t value)
{
    auto before = to.load();
    while (before < value && !to.compare_exchange_weak(before, value)) {
    }
}

/// Records until it is killed, or left alone.
[[noreturn]] void work(shared_file const& file, ledger& shared, std::size_t me, std::uint64_t seed,
                       pid_t parent)
{
    auto store = store_type::attach(file.map(), store_key, options);
    dice random(seed);
    while (store && getppid() == parent) {
        auto const who = random.below(identities);
        auto const position = shared.log.fetch_add(1) + 1;
        auto const now = at(std::chrono::milliseconds(position));
        // Now and then both numbers are required, each by a text of its own: then there is a cell.
        bool const is_both = random.below(16) == 0;
        store->of(std::to_string(who), now).record(vault("c", position, is_both ? 0 : position), now);
        raise(shared.acknowledged[who], position);
        shared.done[me].fetch_add(1);
    }
    _exit(1);
}

/// A process that works, until it is killed or this ends.
class worker {
public:
    worker() = default;
    ~worker() { static_cast<void>(stop()); }
    worker(worker const&) = delete;
    worker& operator=(worker const&) = delete;

    void start(shared_file const& file, ledger& shared, std::size_t me, std::uint64_t seed)
    {
        auto const parent = getpid();
        auto const child = fork();
        if (child == 0)
            work(file, shared, me, seed, parent);
        REQUIRE_MESSAGE(child > 0, "fork: " << std::strerror(errno));
        child_ = child;
    }

    /// Kills it, if there is one. Whether that is what it died of.
    [[nodiscard]] bool stop()
    {
        if (child_ <= 0) // for kill(), that would be everybody
            return false;
        int status = 0;
        bool const is_gone = kill(child_, SIGKILL) == 0 && waitpid(child_, &status, 0) == child_;
        child_ = 0;
        return is_gone && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }

    /// Waits until it has done so much. It must not end by itself, nor come to nothing, of which this says
    /// all that the system knows.
    void await(std::atomic<std::uint64_t> const& done, std::uint64_t until)
    {
        auto const begun = std::chrono::steady_clock::now();
        for (std::uint64_t yields = 1; done.load() < until; ++yields) {
            std::this_thread::yield();
            if (yields % 4096 != 0)
                continue;
            int status = 0;
            if (waitpid(child_, &status, WNOHANG) != 0) {
                child_ = 0;
                FAIL("a worker ended by itself, with status ", status);
            }
            if (std::chrono::steady_clock::now() - begun > 2min)
                FAIL("a worker stands still: ", about("wchan") + about("syscall") + about("stack"));
        }
    }

private:
    [[nodiscard]] std::string about(char const* what) const
    {
        std::ifstream file("/proc/" + std::to_string(child_) + "/" + what);
        return what + (" " + std::string(std::istreambuf_iterator<char>(file), {})) + "\n";
    }

    pid_t child_ = 0;
};

struct outcome_of_kills {
    std::uint64_t lost = 0;
    std::uint64_t fenced = 0;
    std::uint64_t recorded = 0;
};

outcome_of_kills kill_in_the_middle(std::uint64_t room)
{
    shared_file const file(store_type::size_for(room));
    shared_file const second(sizeof(ledger));
    auto& shared = *new (second.map().data()) ledger();
    auto const created = store_type::create(file.map(), store_key, options);
    REQUIRE(created);
    auto const here =
        store_type::attach(file.map(), store_key, options); // at another address than in `created`
    REQUIRE(here);

    outcome_of_kills result;
    dice random(room);
    worker running[workers];
    for (std::size_t i = 0; i < workers; ++i)
        running[i].start(file, shared, i, i + 1);
    for (std::uint64_t killed = 0; killed < kills; ++killed) {
        auto const which = random.below(workers);
        running[which].await(shared.done[which], shared.done[which].load() + 1 + random.below(20));
        for (auto spin = random.below(2000); spin > 0; --spin) // somewhere in the next one
            std::atomic_signal_fence(std::memory_order_seq_cst);
        REQUIRE(running[which].stop());
        running[which].start(file, shared, which, 1000 + killed);

        for (int i = 0; i < 8; ++i) {
            auto const who = random.below(identities);
            auto const acknowledged = shared.acknowledged[who].load();
            auto const now = at(std::chrono::milliseconds(shared.log.load()));
            auto const required = here->of(std::to_string(who), now).required(known_cluster{cluster_id("c")});
            result.fenced += required.fenced() ? 1 : 0;
            result.lost +=
                required.demand("c").value_or(wal_position()).local >= acknowledged || required.fenced() ? 0
                                                                                                         : 1;
        }
    }
    for (auto& one : running)
        REQUIRE(one.stop());
    result.recorded = shared.log.load();
    for (std::uint64_t who = 0; who < identities; ++who) {
        auto const now = at(std::chrono::milliseconds(result.recorded));
        auto const required = created->of(std::to_string(who), now).required();
        auto const acknowledged = shared.acknowledged[who].load();
        result.lost += required.demand("c").value_or(wal_position()).local >= acknowledged ? 0 : 1;
    }
    return result;
}

} // namespace

TEST_CASE("processes that are killed in the middle of an update leave a store that has room for all whole")
{
    auto const result = kill_in_the_middle(1000);
    CHECK(result.lost == 0);
    CHECK(result.fenced == 0);
    CHECK(result.recorded > kills);
}

TEST_CASE("and so they do one that moves most of the demands to the floor")
{
    auto const result = kill_in_the_middle(1);
    CHECK(result.lost == 0);
    CHECK(result.fenced == 0);
    CHECK(result.recorded > kills);
}
