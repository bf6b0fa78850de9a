// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace cluster {

/// What texts mean, which come back many times: each is read once. Bounded: when it is full it begins anew.
template <class Meaning>
class memo {
public:
    template <class F>
    Meaning const& of(std::string_view text, F&& read)
    {
        std::string key(text);
        auto const found = known_.find(key);
        if (found != known_.end()) {
            return found->second;
        }
        if (known_.size() >= most) {
            known_.clear();
        }
        return known_.emplace(std::move(key), read(text)).first->second;
    }

private:
    static constexpr std::size_t most = 1U << 16U; // far above what is alive at once in any run

    std::unordered_map<std::string, Meaning> known_;
};

} // namespace cluster
