// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/ascii_case.hpp>
#include <afterwrite/bytes/inline_string.hpp>
#include <afterwrite/policy/node_knowledge.hpp>
#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// A node by its number, from 0 in the order in which they were declared.
using node_number = std::uint8_t;

/// No declared node: wherever the caller's transport is bound to, which may be a load balancer.
inline constexpr node_number anywhere = 0xff;

/// An address: scheme, host and port. At most a scheme, a DNS name (253, RFC 1035) and a port.
using node_address = inline_string<272>;

/// The nodes of a cluster, as the caller has declared them by their addresses, with what is known of each.
/// One thread at a time.
class declared_nodes {
public:
    /// How many there can be; clusters have 3 to 7.
    static constexpr std::size_t max_nodes = 16;

    /// Declares a node: "https://10.0.0.1:8200". One that is declared already stays what it is. `anywhere` if
    /// it is too long, no address, or one node too many.
    node_number add(std::string_view url) noexcept
    {
        auto const origin = origin_of(url);
        if (origin.empty() || !node_address::fits(origin))
            return anywhere;
        auto const known = find(origin);
        if (known != anywhere || count_ == max_nodes)
            return known;
        addresses_[count_] = node_address(origin);
        return count_++;
    }

    /// The node that a URL leads to; `anywhere` if to none of them.
    [[nodiscard]] node_number find(std::string_view url) const noexcept
    {
        auto const origin = origin_of(url);
        for (node_number i = 0; i < count_; ++i)
            if (equal_ignoring_case(addresses_[i], origin))
                return i;
        return anywhere;
    }

    [[nodiscard]] node_number size() const noexcept { return count_; }

    /// Empty for `anywhere`.
    [[nodiscard]] std::string_view address(node_number which) const noexcept
    {
        return which < count_ ? addresses_[which].view() : std::string_view{};
    }

    /// What is known of it; for `anywhere`, of whoever answers there.
    [[nodiscard]] node_knowledge const& operator[](node_number which) const noexcept
    {
        return which < count_ ? known_[which] : of_anywhere_;
    }
    [[nodiscard]] node_knowledge& operator[](node_number which) noexcept
    {
        return which < count_ ? known_[which] : of_anywhere_;
    }

    /// Calls f(node_knowledge&) for each, and for `anywhere`.
    template <class F>
    void for_each(F&& f) noexcept
    {
        for (node_number i = 0; i < count_; ++i)
            f(known_[i]);
        f(of_anywhere_);
    }

    /// Scheme, host and port of a URL: what stands before its path; empty if it is none of http or https.
    [[nodiscard]] static constexpr std::string_view origin_of(std::string_view url) noexcept
    {
        for (std::string_view const scheme : {"http://", "https://"})
            if (url.size() > scheme.size() && equal_ignoring_case(url.substr(0, scheme.size()), scheme)) {
                std::size_t end = scheme.size();
                while (end < url.size() && url[end] > ' ' && url[end] < 0x7f && url[end] != '/' &&
                       url[end] != '?' && url[end] != '#' && url[end] != '@')
                    ++end;
                bool const is_whole = end == url.size() || url[end] == '/' || url[end] == '?';
                return is_whole && end > scheme.size() ? url.substr(0, end) : std::string_view{};
            }
        return {};
    }

private:
    node_number count_ = 0;
    node_address addresses_[max_nodes];
    node_knowledge known_[max_nodes];
    node_knowledge of_anywhere_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
