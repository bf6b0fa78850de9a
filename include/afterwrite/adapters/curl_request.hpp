// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/version.hpp>

#include <curl/curl.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The fields of a request as libcurl wants them: the owner of a curl_slist for CURLOPT_HTTPHEADER, which
/// cannot be asked for the list that it has. One thread at a time.
class curl_fields {
public:
    curl_fields() noexcept = default;
    curl_fields(curl_fields&& other) noexcept
        : lines_(std::exchange(other.lines_, nullptr)), is_out_of_memory_(other.is_out_of_memory_)
    {}
    curl_fields& operator=(curl_fields&& other) noexcept
    {
        std::swap(lines_, other.lines_);
        std::swap(is_out_of_memory_, other.is_out_of_memory_);
        return *this;
    }
    ~curl_fields() { curl_slist_free_all(lines_); }

    /// Adds a field to those of its name. False, and nothing is added: it cannot be sent, because it has a
    /// line end or another control byte, its name is no name, or there is no memory.
    bool add(std::string_view name, std::string_view value)
    {
        if (!is_name(name) || !is_value(value))
            return false;
        value = trimmed(value);
        // libcurl's spelling: "Name:" would drop a field of its own, "Name;" sends an empty one.
        std::string line(name);
        if (value.empty())
            line += ';';
        else
            line.append(": ").append(value);
        return append(line);
    }

    /// Afterwards there are exactly these fields of that name. False as `add`.
    bool set(std::string_view name, std::span<std::string_view const> values)
    {
        remove(name);
        bool is_set = true;
        for (auto const value : values)
            is_set = add(name, value) && is_set;
        return is_set;
    }

    bool set(std::string_view name, std::string_view value) { return set(name, {&value, 1}); }

    /// Afterwards there is no field of that name.
    void remove(std::string_view name) noexcept
    {
        for (auto** link = &lines_; *link != nullptr;) {
            auto* const line = *link;
            if (!is_same_name(name_of(line->data), name)) {
                link = &line->next;
                continue;
            }
            *link = line->next;
            line->next = nullptr;
            curl_slist_free_all(line);
        }
    }

    /// Keeps libcurl from sending a field of its own accord, such as Expect or Accept. False as `add`.
    bool suppress(std::string_view name)
    {
        remove(name);
        return is_name(name) && append(std::string(name) + ':');
    }

    /// Whether something is said of this name: a field, or that there must be none.
    [[nodiscard]] bool mentions(std::string_view name) const noexcept
    {
        for (auto const* line = lines_; line != nullptr; line = line->next)
            if (is_same_name(name_of(line->data), name))
                return true;
        return false;
    }

    /// Calls visit(std::string_view value) for each field of that name, whatever its case.
    template <class Visit>
    void for_each(std::string_view name, Visit&& visit) const
    {
        for (auto const* line = lines_; line != nullptr; line = line->next) {
            std::string_view const text = line->data;
            auto const found = name_of(text);
            if (!is_same_name(found, name) || text.substr(found.size()) == ":")
                continue;
            visit(text.substr(found.size()) == ";" ? std::string_view{} : text.substr(found.size() + 2));
        }
    }

    /// For CURLOPT_HTTPHEADER; stays the property of this object. Null: no field.
    [[nodiscard]] curl_slist* list() const noexcept { return lines_; }

    /// Whether a field is missing that there was no memory for.
    [[nodiscard]] bool is_out_of_memory() const noexcept { return is_out_of_memory_; }

private:
    bool append(std::string const& line) noexcept
    {
        auto* const longer = curl_slist_append(lines_, line.c_str());
        is_out_of_memory_ = is_out_of_memory_ || longer == nullptr;
        if (longer != nullptr)
            lines_ = longer;
        return longer != nullptr;
    }

    [[nodiscard]] static constexpr std::string_view name_of(std::string_view line) noexcept
    {
        return line.substr(0, line.find_first_of(":;"));
    }

    /// A token (RFC 9110, 5.6.2) as far as it matters: nothing that ends a name, or a line.
    [[nodiscard]] static constexpr bool is_name(std::string_view name) noexcept
    {
        for (char const c : name)
            if (c <= ' ' || c > '~' || c == ':' || c == ';')
                return false;
        return !name.empty();
    }

    /// RFC 9110, 5.5: no control bytes but the tab.
    [[nodiscard]] static constexpr bool is_value(std::string_view value) noexcept
    {
        for (char const c : value)
            if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f)
                return false;
        return true;
    }

    [[nodiscard]] static constexpr std::string_view trimmed(std::string_view text) noexcept
    {
        while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
            text.remove_prefix(1);
        while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
            text.remove_suffix(1);
        return text;
    }

    [[nodiscard]] static bool is_same_name(std::string_view a, std::string_view b) noexcept
    {
        return a.size() == b.size() && curl_strnequal(a.data(), b.data(), a.size()) != 0;
    }

    curl_slist* lines_ = nullptr;
    bool is_out_of_memory_ = false;
};

/// A request for `curl_transport`, or for your own code around libcurl.
///
///     afterwrite::curl_request write{.method = "PUT", .path = "/v1/kv/foo", .body = R"({"v":1})"};
///     write.fields.set("X-Vault-Token", token);
struct curl_request {
    std::string method = "GET"; ///< any word: LIST, SCAN, PATCH ...
    std::string path = "/";     ///< with the query, percent-encoded, beginning with a slash
    curl_fields fields{};
    std::string_view body{}; ///< not copied: what it points to must live until the request is answered
};

template <>
struct message_traits<curl_request> {
    template <class Visit>
    static void for_each(curl_request const& request, std::string_view name, Visit&& visit)
    {
        request.fields.for_each(name, visit);
    }

    static void set(curl_request& request, std::string_view name, std::span<std::string_view const> values)
    {
        request.fields.set(name, values);
    }

    static void remove(curl_request& request, std::string_view name) { request.fields.remove(name); }
    static std::string_view method(curl_request const& request) noexcept { return request.method; }
    static std::string_view path(curl_request const& request) noexcept { return request.path; }
};

/// Fields alone can be prepared too: for code of your own that says method and address elsewhere.
template <>
struct message_traits<curl_fields> {
    template <class Visit>
    static void for_each(curl_fields const& fields, std::string_view name, Visit&& visit)
    {
        fields.for_each(name, visit);
    }

    static void set(curl_fields& fields, std::string_view name, std::span<std::string_view const> values)
    {
        fields.set(name, values);
    }

    static void remove(curl_fields& fields, std::string_view name) { fields.remove(name); }
};

static_assert(request_message<curl_request>);
static_assert(request_message<curl_fields>);

} // namespace afterwrite::inline AFTERWRITE_VERSION
