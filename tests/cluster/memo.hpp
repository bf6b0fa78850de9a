// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cluster {

/// What texts mean, which come back many times: each is read once. Bounded: when it is full it begins anew.
template <class Meaning>
class memo {
public:
    template <class F>
    Meaning const& of(std::string_view text, F&& read)
    {
        auto const found = known_.find(text);
        if (found != known_.end()) {
            return found->second;
        }
        if (known_.size() >= most) {
            known_.clear();
        }
        return known_.emplace(std::string(text), read(text)).first->second;
    }

private:
    static constexpr std::size_t most = 1U << 16U; // far above what is alive at once in any run

    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };

    std::unordered_map<std::string, Meaning, hash, std::equal_to<>> known_;
};

} // namespace cluster
