// SPDX-License-Identifier: BSL-1.0

// What does it cost to read an index? Measured against the least that anyone has to do: to decode its base64.
#include <afterwrite/wire/vault_index.hpp>

#include "support/ratios.hpp"

#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

// As a busy cluster writes it: a UUID, two numbers of seven digits, and a signature.
std::string const& typical_index()
{
    static std::string const text = afterwrite::encode_vault_index(
        {afterwrite::cluster_id("00af5aa8-c87d-b5fc-e82e-97cd8dfaf731"), {1234567, 7654321}},
        afterwrite::hmac_key("6a1f7d0e-8c5b-4a57-9c1e-0123456789ab"));
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

} // namespace

int main(int argc, char** argv)
{
    afterwrite_benchmarks::ratio("decode_vault_index/afterwrite", "decode_vault_index/openssl_base64");
    return afterwrite_benchmarks::run(argc, argv);
}
