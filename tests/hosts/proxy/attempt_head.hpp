// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "fields.hpp"

#include <afterwrite/adapters/beast_message.hpp>
#include <afterwrite/decision/attempt_fields.hpp>
#include <afterwrite/message/message_traits.hpp>

#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace proxy {

/// A client's request as one attempt sends it. The fields that an exchange sets stand beside the client's,
/// and are written after them: to put them into its head would allocate for each, at each request.
class attempt_head {
public:
    using traits = afterwrite::message_traits<request_head>;

    /// The head is not changed by others from now on.
    explicit attempt_head(request_head& client) noexcept : client_(client)
    {
        for (auto const& each : client)
            marks_ |= mark_of(text_of(each.name_string()));
    }

    [[nodiscard]] request_head const& client() const noexcept { return client_; }

    /// The values are referred to: they are the exchange's, and stay until it prepares the next attempt.
    void set(std::string_view name, std::span<std::string_view const> values)
    {
        remove(name);
        for (auto const value : values)
            ours_.push_back({name, value});
    }

    /// Also where the client has set it: what was empty, and so counts as absent.
    void remove(std::string_view name)
    {
        if (may_have(name))
            traits::remove(client_, name);
        auto const is_it = [name](field const& each) { return each.name == name; };
        ours_.erase(std::remove_if(ours_.begin(), ours_.end(), is_it), ours_.end());
    }

    template <class Visit>
    void for_each(std::string_view name, Visit&& visit) const
    {
        if (may_have(name))
            traits::for_each(client_, name, visit);
        for (auto const& each : ours_)
            if (each.name == name)
                visit(each.value);
    }

    [[nodiscard]] bool has(std::string_view name) const
    {
        bool is_there = false;
        for_each(name, [&is_there](std::string_view) { is_there = true; });
        return is_there;
    }

    /// All fields, as they are sent.
    void append_fields_to(std::string& text) const
    {
        append_fields(text, client_);
        for (auto const& each : ours_)
            append_field(text, each.name, each.value);
    }

private:
    struct field {
        std::string_view name;
        std::string_view value;
    };

    /// A client has few fields, and is asked for more names than it has: most are told apart by their size
    /// and last letter.
    [[nodiscard]] static constexpr std::uint64_t mark_of(std::string_view name) noexcept
    {
        auto const letter = name.empty() ? 0U : static_cast<unsigned char>(name.back()) & 0x1fU;
        return std::uint64_t{1} << (name.size() * 5 + letter) % 64;
    }
    [[nodiscard]] bool may_have(std::string_view name) const noexcept
    {
        return (marks_ & mark_of(name)) != 0;
    }

    request_head& client_;
    std::uint64_t marks_ = 0; ///< of the names of the client's fields
    boost::container::static_vector<field, afterwrite::max_attempt_lines> ours_;
};

} // namespace proxy

template <>
struct afterwrite::message_traits<proxy::attempt_head> {
    using head = proxy::attempt_head;

    template <class Visit>
    static void for_each(head const& m, std::string_view name, Visit&& visit)
    {
        m.for_each(name, visit);
    }
    static void set(head& m, std::string_view name, std::span<std::string_view const> values)
    {
        m.set(name, values);
    }
    static void remove(head& m, std::string_view name) { m.remove(name); }
    static std::string_view method(head const& m) { return head::traits::method(m.client()); }
    static std::string_view path(head const& m) { return head::traits::path(m.client()); }
};
