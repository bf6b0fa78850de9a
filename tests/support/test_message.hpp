// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/message/message_traits.hpp>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

/// The least that is an HTTP message: fields in the order in which they were set, and what one line says
/// besides.
struct test_message {
    std::string method = "GET";
    std::string target = "/v1/kv/foo";
    int status = 200;
    std::string body{};
    std::vector<std::pair<std::string, std::string>> fields{};

    [[nodiscard]] static bool is_same_name(std::string_view a, std::string_view b)
    {
        auto const lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
        return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                          [&](char left, char right) { return lower(left) == lower(right); });
    }

    [[nodiscard]] std::vector<std::string> values(std::string_view name) const
    {
        std::vector<std::string> found;
        for (auto const& [field, value] : fields)
            if (is_same_name(field, name))
                found.push_back(value);
        return found;
    }

    test_message& with(std::string_view name, std::string_view value)
    {
        fields.emplace_back(name, value);
        return *this;
    }
};

using texts = std::vector<std::string>;

inline test_message get(std::string_view target = "/v1/kv/foo")
{
    return {.method = "GET", .target = std::string(target)};
}

inline test_message put(std::string_view target = "/v1/kv/foo")
{
    return {.method = "PUT", .target = std::string(target), .body = "{}"};
}

inline test_message answer(int status, std::string_view body = {})
{
    return {.status = status, .body = std::string(body)};
}

} // namespace support

template <>
struct afterwrite::message_traits<support::test_message> {
    using message = support::test_message;

    template <class Visit>
    static void for_each(message const& m, std::string_view name, Visit&& visit)
    {
        for (auto const& [field, value] : m.fields)
            if (message::is_same_name(field, name))
                visit(std::string_view(value));
    }
    static void set(message& m, std::string_view name, std::span<std::string_view const> values)
    {
        remove(m, name);
        for (auto const value : values)
            m.fields.emplace_back(name, value);
    }
    static void remove(message& m, std::string_view name)
    {
        std::erase_if(m.fields, [&](auto const& field) { return message::is_same_name(field.first, name); });
    }
    static int status(message const& m) { return m.status; }
    static std::string_view method(message const& m) { return m.method; }
    static std::string_view path(message const& m) { return m.target; }
    static std::string_view body(message const& m) { return m.body; }
};
