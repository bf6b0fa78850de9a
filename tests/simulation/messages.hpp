// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/message/message_traits.hpp>

#include "cluster/message.hpp"

#include <algorithm>
#include <span>
#include <string_view>

// The cluster's own messages are what the library reads and prepares: nothing is copied in between.

namespace simulation {

struct message_fields {
    template <class Message, class Visit>
    static void for_each(Message const& m, std::string_view name, Visit&& visit)
    {
        for (auto const& [field, value] : m.fields)
            if (cluster::same_name(field, name))
                visit(std::string_view(value));
    }
};

} // namespace simulation

template <>
struct afterwrite::message_traits<cluster::request> : simulation::message_fields {
    static void set(cluster::request& m, std::string_view name, std::span<std::string_view const> values)
    {
        remove(m, name);
        for (auto const value : values)
            m.fields.emplace_back(name, value);
    }
    static void remove(cluster::request& m, std::string_view name)
    {
        std::erase_if(m.fields, [&](auto const& field) { return cluster::same_name(field.first, name); });
    }
    static std::string_view method(cluster::request const& m) { return m.method; }
    static std::string_view path(cluster::request const& m) { return m.target; }
};

template <>
struct afterwrite::message_traits<cluster::response> : simulation::message_fields {
    static int status(cluster::response const& m) { return m.status; }
    static std::string_view body(cluster::response const& m) { return m.body; }
};
