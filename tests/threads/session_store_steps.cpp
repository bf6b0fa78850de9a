// SPDX-License-Identifier: BSL-1.0
// A process that changes a store is stopped after each of its instructions. Whatever the block holds just
// then is what would be left if it were killed there: whoever attaches to it must require what was recorded
// before, or be fenced.
#include <afterwrite/store/session_store.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/sanitizers.hpp"
#include "support/store_block.hpp"
#include "support/store_law.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace afterwrite;
using namespace support;

namespace {

using store_type = session_store<no_lock>;

/// Lets another process do it, and calls visit() before each of its instructions. Whether it came to the end.
template <class F, class Visit>
bool step_through(F const& f, Visit const& visit)
{
    auto const child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
            _exit(1);
        raise(SIGSTOP);
        f();
        _exit(0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
        visit();
        if (ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0)
            kill(child, SIGKILL);
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Some sandboxes let nobody be traced. Then this says so, and the test of many kills stands alone.
bool may_trace()
{
    int steps = 0;
    bool const came_to_end = step_through([] {}, [&steps] { ++steps; });
    bool const may = came_to_end && steps > 0;
    CHECK((may || !came_to_end));
    if (!may)
        MESSAGE("left out: this system lets no process be traced");
    // One thread: it would find nothing here that it does not find in the test of many kills, and it has
    // twenty instructions of its own for each of ours.
    if (is_sanitized)
        MESSAGE("left out: with a sanitizer this would take minutes");
    return may && !is_sanitized;
}

class world {
public:
    world()
        : size_(store_type::size_for(1)),
          block_(static_cast<std::byte*>(
                     mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
                 size_),
          left_(size_)
    {
        REQUIRE(static_cast<void*>(block_.data()) != MAP_FAILED);
        REQUIRE(store_type::create(block_, store_key, options));
    }
    ~world() { munmap(block_.data(), size_); }
    world(world const&) = delete;
    world& operator=(world const&) = delete;

    /// Identities with a demand of one cluster each, most recent last.
    void fill(std::uint64_t count)
    {
        for (std::uint64_t i = 0; i < count; ++i) {
            auto const index = vault("c", 100 + i, 0);
            here().of(std::to_string(i), time_).record(index, time_);
            recorded_[std::to_string(i)].record(index);
            pass(100ms);
        }
    }

    void record(std::string const& who, std::string const& index)
    {
        change([&](store_type const& store) { store.of(who, time_).record(index, time_); });
        recorded_[who].record(index);
    }

    void lose(std::string const& who)
    {
        auto const carried = here().of(who, time_).required();
        change([&](store_type const& store) { store.of(who, time_).record_lost(carried, time_); });
        recorded_[who].fence({}, dialect::unknown);
    }

    /// The active node tells that the cluster was restored.
    void restore(std::string const& who)
    {
        for (int i = 0; i < 2; ++i) {
            pass(3s);
            auto const asked = here().of(who, time_).required();
            change([&](store_type const& store) {
                store.of(who, time_).record_active_position("c", 1, asked, time_);
            });
        }
    }

    /// An answer of the new history: from then on everybody requires at least that.
    void confirm(std::string const& who, std::string const& index)
    {
        auto carried = here().of(who, time_).required(known_cluster{cluster_id("c")});
        carried.advance(time_);
        for (auto& [_, alone] : recorded_) {
            alone = {};
            alone.record(index);
        }
        change([&](store_type const& store) { store.of(who, time_).record(written(index), carried, time_); });
    }

    void pass(duration time) { time_ += time; }

    [[nodiscard]] store_type here() { return *store_type::attach(block_, store_key, options); }

    std::uint64_t wrong = 0;
    std::uint64_t states = 0; ///< of the block, that were looked at
    std::uint64_t unfenced = 0;

private:
    static constexpr store_options options{.idle = 5s};

    template <class F>
    void change(F const& f)
    {
        auto const store = here();
        CHECK(step_through([&] { f(store); }, [&] { look(); }));
    }

    /// Through the eyes of one who comes later.
    void look()
    {
        if (!seen_.empty() && std::memcmp(seen_.data(), block_.data(), seen_.size()) == 0)
            return;
        ++states;
        seen_.assign(block_.begin(), block_.end());
        check(what_is_left());
        auto const store = what_is_left();
        store.of("later", time_).record(vault("c", 1, 0), time_); // which makes room, too
        check(store);
    }

    store_type what_is_left()
    {
        std::memcpy(left_.bytes().data(), seen_.data(), size_);
        return store_type::attach(left_.bytes(), store_key, options).value_or(store_type());
    }

    void check(store_type const& store)
    {
        for (auto const& [who, alone] : recorded_) {
            auto const required = store.of(who, time_).required();
            wrong += requires_at_least(required, alone) ? 0 : 1;
            unfenced += required.fenced() ? 0 : 1;
        }
    }

    std::size_t size_;
    std::span<std::byte> block_;
    aligned_block left_;
    std::vector<std::byte> seen_;
    std::map<std::string, required_states> recorded_;
    time_point time_ = at(1000s);
};

} // namespace

TEST_CASE("killed after whichever instruction, a process leaves what was recorded before")
{
    if (!may_trace())
        return;
    world one;
    one.fill(30); // more than there is room for
    for (std::uint64_t i = 1; i <= 6; ++i)
        one.record("new " + std::to_string(i), vault("c", 100 + i * 20 % 70, 0));
    one.record("0", vault("c", 50, 70)); // both numbers are required: a cell
    one.record("0", vault("c", 40, 80));
    one.record("0", vault("c", 200, 90));
    one.record("0", vault("d", 1, 1));
    CHECK(one.wrong == 0);
    CHECK(one.states > 100);
    CHECK(one.unfenced > 1000);
    one.record("0", "future-format");
    one.record("0", "another-future-format");
    one.lose("1");
    one.record("new", vault("c", 300, 0));
    CHECK(one.wrong == 0);
}

TEST_CASE("and so it does where it finds out that a cluster was restored, and where the new history is seen")
{
    if (!may_trace())
        return;
    world one;
    one.fill(30);
    one.restore("2");
    CHECK(one.wrong == 0);
    CHECK(one.here().of("3", at(1010s)).required(known_cluster{cluster_id("c")}).fenced());
    one.confirm("3", vault("c", 5, 0));
    CHECK(one.wrong == 0);
    CHECK(one.states > 20);
    CHECK_FALSE(one.here().of("4", at(1010s)).required(known_cluster{cluster_id("c")}).fenced());
}
