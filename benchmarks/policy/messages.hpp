// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/ascii_case.hpp>
#include <afterwrite/message/message_traits.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

/// A read as it goes over the wire: its fields are all that a node learns of it. Used again and again, so
/// that its strings keep their memory.
class read_request {
public:
    read_request() { add("X-Vault-Token", "hvs." + std::string(91, 'C')); } // as long as those of a server

    template <class Visit>
    void for_each(std::string_view name, Visit&& visit) const
    {
        for (std::size_t i = 0; i < size_; ++i)
            if (afterwrite::equal_ignoring_case(fields_[i].name, name))
                visit(std::string_view(fields_[i].value));
    }

    void set(std::string_view name, std::span<std::string_view const> values)
    {
        remove(name);
        for (auto const& value : values)
            add(name, value);
    }

    void remove(std::string_view name)
    {
        for (std::size_t i = 0; i < size_;)
            if (afterwrite::equal_ignoring_case(fields_[i].name, name))
                std::swap(fields_[i], fields_[--size_]);
            else
                ++i;
    }

private:
    struct field {
        std::string name;
        std::string value;
    };

    void add(std::string_view name, std::string_view value)
    {
        if (size_ == fields_.size())
            fields_.emplace_back();
        fields_[size_].name = name;
        fields_[size_++].value = value;
    }

    std::vector<field> fields_;
    std::size_t size_ = 0; // what stands behind is not sent, but its memory is used again
};

/// What comes back. Vault's answers to reads, and its refusals, have no field that matters.
struct answer {
    int status = 0;
    std::string_view body{};
};

} // namespace replay

template <>
struct afterwrite::message_traits<replay::read_request> {
    template <class Visit>
    static void for_each(replay::read_request const& m, std::string_view name, Visit&& visit)
    {
        m.for_each(name, visit);
    }
    static void set(replay::read_request& m, std::string_view name, std::span<std::string_view const> values)
    {
        m.set(name, values);
    }
    static void remove(replay::read_request& m, std::string_view name) { m.remove(name); }
    static std::string_view method(replay::read_request const&) { return "GET"; }
    static std::string_view path(replay::read_request const&) { return "/v1/secret/foo"; }
};

template <>
struct afterwrite::message_traits<replay::answer> {
    template <class Visit>
    static void for_each(replay::answer const&, std::string_view, Visit&&)
    {}
    static int status(replay::answer const& m) { return m.status; }
    static std::string_view body(replay::answer const& m) { return m.body; }
};
