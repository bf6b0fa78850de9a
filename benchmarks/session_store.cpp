// SPDX-License-Identifier: BSL-1.0

// What does it cost to keep a million callers' sessions apart? Measured against what anyone would write: a
// map from the caller's token to the texts that are required, and a mutex. It keeps what must be kept, by the
// rule of Vault's own client: a text goes when one comes that is ahead of it.
//
//     record_and_prepare    one caller's write is answered with a newer index, and another one's read is
//                           prepared; who they are is random, so neither finds them in a cache
//
// bytes_per_identity is all that a contestant has asked for, rss_per_identity by how much the process grew.
#include "support/ratios.hpp"

#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/store/session_store.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <unistd.h>

namespace {

std::atomic<std::uint64_t> requested{0}; // bytes that are allocated now

constexpr std::size_t header = 2 * sizeof(std::size_t);

} // namespace

// Not inlined, or the compiler sees malloc and free where it expects new and delete, and warns.
[[gnu::noinline]] void* operator new(std::size_t size)
{
    requested.fetch_add(size, std::memory_order_relaxed);
    void* const memory = std::malloc(size + header);
    if (memory == nullptr)
        throw std::bad_alloc();
    *static_cast<std::size_t*>(memory) = size;
    return static_cast<char*>(memory) + header;
}

[[gnu::noinline]] void operator delete(void* memory) noexcept
{
    if (memory == nullptr)
        return;
    auto* const begin = static_cast<char*>(memory) - header;
    requested.fetch_sub(*reinterpret_cast<std::size_t*>(begin), std::memory_order_relaxed);
    std::free(begin);
}

[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace {

constexpr std::uint64_t identities = 1'000'000;
constexpr std::size_t token_size = 95; // of a service token of Vault 1.10 or later
constexpr std::uint64_t texts = 65'536;
constexpr std::uint64_t repeated = 256; // how many writes are answered with the same index
constexpr char cluster[] = "00af5aa8-c87d-b5fc-e82e-97cd8dfaf731";

std::uint64_t next_random(std::uint64_t& state)
{
    state += 0x9e37'79b9'7f4a'7c15;
    auto bits = (state ^ state >> 30) * 0xbf58'476d'1ce4'e5b9;
    bits = (bits ^ bits >> 27) * 0x94d0'49bb'1331'11eb;
    return bits ^ bits >> 31;
}

/// A token as a request brings it: just read, and so in the cache. (To look it up in a list of all would cost
/// each contestant as much as its own work.)
class token {
public:
    explicit token(std::uint64_t number)
    {
        auto bits = next_random(number);
        for (std::size_t i = 0; i < 16; ++i, bits >>= 4)
            text_[token_size - 1 - i] = "0123456789abcdef"[bits & 15];
    }

    operator std::string_view() const { return {text_, token_size}; }

private:
    char text_[token_size + 1] =
        "hvs.CAESIJjRzV0dXBpdGF0ZSB2ZWxpdCBlc3NlIGNpbGx1bSBkb2xvcmUgZXUgZnVnaWF0IG51bGxhIHBhcmlhdHVyLiBF";
};

/// Indices as a busy cluster writes them, each newer than the one before.
std::string_view index_text(std::uint64_t number)
{
    static std::vector<std::string> const all = [] {
        afterwrite::hmac_key const key("6a1f7d0e-8c5b-4a57-9c1e-0123456789ab");
        std::vector<std::string> made;
        for (std::uint64_t i = 0; i < texts; ++i)
            made.push_back(afterwrite::encode_vault_index(
                {afterwrite::cluster_id(cluster), {1'234'567 + i, 7'654'321}}, key));
        return made;
    }();
    return all[number / repeated % texts];
}

/// A request, as far as its index goes.
struct request {
    char value[2][afterwrite::max_index_size];
    std::size_t sizes[2];
    std::size_t count = 0;

    void add(std::string_view text)
    {
        sizes[count] = text.copy(value[count], sizeof value[count]);
        ++count;
    }
};

class map_of_strings {
public:
    void record(std::string_view identity, std::string_view text, afterwrite::time_point)
    {
        auto const state = afterwrite::decode_vault_index(text);
        if (!state)
            return;
        std::lock_guard const held(mutex_);
        auto found = sessions_.find(identity);
        if (found == sessions_.end())
            found = sessions_.emplace(std::string(identity), std::vector<std::string>()).first;
        auto& held_texts = found->second;
        for (std::size_t i = 0; i < held_texts.size();) {
            auto const before = afterwrite::decode_vault_index(held_texts[i]);
            if (*before >= *state && *before != *state)
                return;
            if (*before <= *state) {
                if (held_texts.size() == 1) { // the usual case, which need not allocate
                    held_texts[0] = text;
                    return;
                }
                held_texts.erase(held_texts.begin() + static_cast<std::ptrdiff_t>(i));
            } else {
                ++i;
            }
        }
        held_texts.emplace_back(text);
    }

    void prepare(std::string_view identity, request& to, afterwrite::time_point)
    {
        std::lock_guard const held(mutex_);
        if (auto const found = sessions_.find(identity); found != sessions_.end())
            for (auto const& text : found->second)
                to.add(text);
    }

private:
    struct hash_of_text {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };

    std::mutex mutex_;
    std::unordered_map<std::string, std::vector<std::string>, hash_of_text, std::equal_to<>> sessions_;
};

class block_of_sessions {
public:
    using store = afterwrite::session_store<std::mutex>;

    block_of_sessions()
        : block_(static_cast<std::byte*>(::operator new(store::size_for(identities) + store::alignment)))
    {
        auto const address = reinterpret_cast<std::uintptr_t>(block_.get());
        auto const skipped = (store::alignment - address % store::alignment) % store::alignment;
        std::span const block(block_.get() + skipped, store::size_for(identities));
        auto const made = store::create(block, {0x0706'0504'0302'0100, 0x0f0e'0d0c'0b0a'0908});
        if (!made)
            std::abort();
        store_ = *made;
        view_.learn(afterwrite::dialect::vault, afterwrite::cluster_id(cluster));
    }

    void record(std::string_view identity, std::string_view text, afterwrite::time_point now)
    {
        store_.of(identity, now).record(text, now);
    }

    void prepare(std::string_view identity, request& to, afterwrite::time_point now)
    {
        store_.of(identity, now).required(view_).for_each([&to](std::string_view text) { to.add(text); });
    }

private:
    struct release {
        void operator()(std::byte* memory) const { ::operator delete(memory); }
    };

    std::unique_ptr<std::byte, release> block_;
    store store_;
    afterwrite::replication_view view_;
};

std::uint64_t resident_bytes()
{
    unsigned long pages = 0;
    if (auto* const file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%*u %lu", &pages) != 1)
            pages = 0;
        std::fclose(file);
    }
    return std::uint64_t{pages} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// A contestant with all identities in it, each with one index, and what they took.
template <class Contestant>
struct filled {
    Contestant sessions;
    double bytes_per_identity = 0;
    double rss_per_identity = 0;
    std::atomic<std::uint64_t> writes{identities};

    static filled& get()
    {
        static filled once;
        return once;
    }

private:
    filled() : filled((index_text(0), requested.load()), resident_bytes()) {}

    filled(std::uint64_t requested_before, std::uint64_t resident_before)
    {
        for (std::uint64_t i = 0; i < identities; ++i)
            sessions.record(token(i), index_text(0), afterwrite::clock::now());
        bytes_per_identity = static_cast<double>(requested.load() - requested_before) / identities;
        rss_per_identity =
            (static_cast<double>(resident_bytes()) - static_cast<double>(resident_before)) / identities;
    }
};

template <class Contestant>
void record_and_prepare(benchmark::State& state)
{
    auto& contestant = filled<Contestant>::get();
    std::uint64_t random = static_cast<std::uint64_t>(state.thread_index()) + 7;
    std::uint64_t prepared = 0;
    auto writes = contestant.writes.load();
    for (auto _ : state) {
        auto const writer = next_random(random) % identities;
        auto const reader = next_random(random) % identities;
        auto const now = afterwrite::clock::now(); // whoever sends a request knows the time
        contestant.sessions.record(token(writer), index_text(++writes), now);
        request to;
        contestant.sessions.prepare(token(reader), to, now);
        benchmark::DoNotOptimize(to);
        prepared += to.count;
    }
    contestant.writes += static_cast<std::uint64_t>(state.iterations());
    if (prepared != static_cast<std::uint64_t>(state.iterations())) // each has one index, and no more
        std::abort();
    if (state.thread_index() == 0) {
        state.counters["bytes_per_identity"] = contestant.bytes_per_identity;
        state.counters["rss_per_identity"] = contestant.rss_per_identity;
    }
}

BENCHMARK(record_and_prepare<block_of_sessions>)->Name("record_and_prepare/afterwrite")->UseRealTime();
BENCHMARK(record_and_prepare<map_of_strings>)->Name("record_and_prepare/unordered_map")->UseRealTime();
BENCHMARK(record_and_prepare<block_of_sessions>)
    ->Name("record_and_prepare/afterwrite_two_threads")
    ->UseRealTime()
    ->Threads(2);
BENCHMARK(record_and_prepare<map_of_strings>)
    ->Name("record_and_prepare/unordered_map_two_threads")
    ->UseRealTime()
    ->Threads(2);

} // namespace

int main(int argc, char** argv)
{
    afterwrite_benchmarks::ratio("record_and_prepare/unordered_map", "record_and_prepare/afterwrite");
    afterwrite_benchmarks::ratio("record_and_prepare/afterwrite",
                                 "record_and_prepare/afterwrite_two_threads");
    return afterwrite_benchmarks::run(argc, argv);
}
