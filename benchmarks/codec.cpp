// SPDX-License-Identifier: BSL-1.0

// What does it cost to read an index? Measured against the least that anyone has to do: to decode its base64.
// And what to record one: measured against a comparison with the text that is held, and against its decoding.
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/wire/vault_index.hpp>

#include "support/ratios.hpp"

#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr char cluster[] = "00af5aa8-c87d-b5fc-e82e-97cd8dfaf731";

// As a busy cluster writes it: a UUID, two numbers of seven digits, and a signature.
std::string index_at(std::uint64_t local)
{
    return afterwrite::encode_vault_index({afterwrite::cluster_id(cluster), {local, 7654321}},
                                          afterwrite::hmac_key("6a1f7d0e-8c5b-4a57-9c1e-0123456789ab"));
}

std::string const& typical_index()
{
    static std::string const text = index_at(1234567);
    return text;
}

void decode_with_afterwrite(benchmark::State& state)
{
    std::string text = typical_index();
    std::uint64_t checksum = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(text.data());
        benchmark::ClobberMemory();
        auto const decoded = afterwrite::decode_vault_index(text);
        benchmark::DoNotOptimize(decoded);
        checksum += decoded->position.local + decoded->cluster.size();
    }
    if (checksum != static_cast<std::uint64_t>(state.iterations()) * (1234567 + 36))
        std::abort();
}
BENCHMARK(decode_with_afterwrite)->Name("decode_vault_index/afterwrite");

void decode_base64_with_openssl(benchmark::State& state)
{
    std::string text = typical_index();
    std::uint64_t checksum = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(text.data());
        benchmark::ClobberMemory();
        unsigned char bytes[afterwrite::max_index_size];
        int const size = EVP_DecodeBlock(bytes, reinterpret_cast<unsigned char const*>(text.data()),
                                         static_cast<int>(text.size()));
        benchmark::DoNotOptimize(bytes);
        checksum += static_cast<std::uint64_t>(size) + bytes[0];
    }
    auto const once =
        afterwrite::base64_decoded_size_max(text.size()) + 'v'; // OpenSSL counts the padding too
    if (checksum != static_cast<std::uint64_t>(state.iterations()) * once)
        std::abort();
}
BENCHMARK(decode_base64_with_openssl)->Name("decode_vault_index/openssl_base64");

/// The usual answer to a write that changed nothing, or to a second read: what it shows is required already.
void record_held(benchmark::State& state)
{
    std::string text = typical_index();
    afterwrite::required_states required;
    required.record(text);
    std::uint64_t held = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(text.data());
        benchmark::ClobberMemory();
        held += required.record(text).held;
    }
    if (held != static_cast<std::uint64_t>(state.iterations()))
        std::abort();
}
BENCHMARK(record_held)->Name("record/held");

void compare_with_memcmp(benchmark::State& state)
{
    std::string text = typical_index();
    std::string const kept = text;
    std::uint64_t held = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(text.data());
        benchmark::ClobberMemory();
        held += text.size() == kept.size() && std::memcmp(text.data(), kept.data(), kept.size()) == 0 ? 1 : 0;
    }
    if (held != static_cast<std::uint64_t>(state.iterations()))
        std::abort();
}
BENCHMARK(compare_with_memcmp)->Name("record/memcmp");

/// Each text is newer than the one before; when they are used up, it begins anew with nothing required.
void record_newer(benchmark::State& state)
{
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; i < 256; ++i)
        texts.push_back(index_at(1234567 + i));
    afterwrite::required_states required;
    std::size_t next = 0;
    std::uint64_t superseded = 0;
    for (auto _ : state) {
        if (next == texts.size()) {
            next = 0;
            required.forget(cluster);
        }
        auto const counted = required.record(texts[next++]);
        superseded += counted.superseded + counted.kept;
    }
    if (superseded != static_cast<std::uint64_t>(state.iterations()))
        std::abort();
}
BENCHMARK(record_newer)->Name("record/newer");

} // namespace

int main(int argc, char** argv)
{
    afterwrite_benchmarks::ratio("decode_vault_index/afterwrite", "decode_vault_index/openssl_base64");
    afterwrite_benchmarks::ratio("record/held", "record/memcmp");
    afterwrite_benchmarks::ratio("record/newer", "decode_vault_index/afterwrite");
    return afterwrite_benchmarks::run(argc, argv);
}
