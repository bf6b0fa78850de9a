// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/siphash.hpp>
#include <afterwrite/store/session_store.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

namespace support {

inline constexpr afterwrite::siphash_key store_key{0x0706'0504'0302'0100, 0x0f0e'0d0c'0b0a'0908};

/// Zeroed memory as a store wants it.
class aligned_block {
public:
    explicit aligned_block(std::size_t size) : bytes_(new (alignment) std::byte[size]()), size_(size) {}

    [[nodiscard]] std::span<std::byte> bytes() const { return {bytes_.get(), size_}; }

private:
    static constexpr std::align_val_t alignment{64};

    struct release {
        void operator()(std::byte* memory) const { ::operator delete[](memory, alignment); }
    };

    std::unique_ptr<std::byte[], release> bytes_;
    std::size_t size_;
};

/// A store with its block.
template <class Lock>
struct store_of {
    using store_type = afterwrite::session_store<Lock>;

    aligned_block block;
    store_type store;

    explicit store_of(std::uint64_t identities, afterwrite::store_options const& options = {})
        : block(store_type::size_for(identities)),
          store(store_type::create(block.bytes(), store_key, options).value_or(store_type()))
    {}
};

} // namespace support
