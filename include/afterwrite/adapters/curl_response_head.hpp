// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/ascii_case.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The head of a response, made of the lines that libcurl hands to CURLOPT_HEADERFUNCTION. For those who own
/// that option anyway, and for libcurl before 7.83, which has no curl_easy_header:
///
///     curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &curl_response_head::on_line);
///     curl_easy_setopt(easy, CURLOPT_HEADERDATA, &head);
///
/// Each status line begins anew, because an interim answer (100 Continue), a proxy's answer to CONNECT and a
/// redirect come through the same function. Trailers are passed over: they are no part of the head. One
/// thread at a time.
class curl_response_head {
public:
    /// The longest line in bytes. The longest legitimate ones are cookies and locations, which are below 8
    /// KiB everywhere; libcurl itself ends a transfer at 100 KiB.
    static constexpr std::size_t max_line = std::size_t{16} * 1024;

    /// How many lines a head may have. Common servers refuse more than 100 to 1000.
    static constexpr std::size_t max_lines = 4096;

    /// What all lines of a head may have in bytes. Newer versions of libcurl end a transfer at 300 KiB.
    static constexpr std::size_t max_size = std::size_t{256} * 1024;

    /// Takes one line, with or without its line end. False: a bound is passed, and the transfer must end,
    /// because an index may be among what is not kept. Until the next status line it stays false.
    [[nodiscard]] bool add_line(std::string_view line)
    {
        if (line.substr(0, 5) == "HTTP/")
            clear();
        seen_size_ += line.size();
        ++seen_lines_;
        is_too_large_ =
            is_too_large_ || line.size() > max_line || seen_lines_ > max_lines || seen_size_ > max_size;
        if (is_too_large_)
            return false;
        while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
            line.remove_suffix(1);
        if (line.substr(0, 5) == "HTTP/")
            status_ = status_in(line);
        else if (line.empty())
            is_complete_ = true;
        else if (!is_complete_)
            add_field_line(line);
        return true;
    }

    /// To be given to CURLOPT_HEADERFUNCTION, with the head itself as CURLOPT_HEADERDATA. Out of memory ends
    /// the program, because nothing can be thrown through libcurl.
    static std::size_t on_line(char* data, std::size_t size, std::size_t count, void* head) noexcept
    {
        std::string_view const line(data, size * count);
        return static_cast<curl_response_head*>(head)->add_line(line) ? line.size() : line.size() + 1;
    }

    /// The status code; 0 if no status line came, or none that can be read.
    [[nodiscard]] int status() const noexcept { return status_; }

    /// Whether the empty line came that ends a head.
    [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }

    /// Whether a bound was passed: what came after is not kept.
    [[nodiscard]] bool is_too_large() const noexcept { return is_too_large_; }

    /// How many fields are kept.
    [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }

    /// Calls visit(std::string_view name, std::string_view value) for each field, in the order in which they
    /// came.
    template <class Visit>
    void for_each(Visit&& visit) const
    {
        std::string_view const text = text_;
        for (auto const& field : fields_)
            visit(text.substr(field.begin, field.name), text.substr(field.begin + field.name, field.value));
    }

    /// Calls visit(std::string_view value) for each field of that name, whatever its case.
    template <class Visit>
    void for_each(std::string_view name, Visit&& visit) const
    {
        for_each([&](std::string_view field, std::string_view value) {
            if (equal_ignoring_case(field, name))
                visit(value);
        });
    }

    /// The first field of that name; empty if there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const
    {
        for (auto const& each : fields_)
            if (equal_ignoring_case(std::string_view(text_).substr(each.begin, each.name), name))
                return std::string_view(text_).substr(each.begin + each.name, each.value);
        return {};
    }

    /// As if nothing had come. Keeps its memory.
    void clear() noexcept
    {
        text_.clear();
        fields_.clear();
        seen_size_ = seen_lines_ = 0;
        status_ = 0;
        is_complete_ = is_too_large_ = false;
    }

private:
    /// Name and value stand side by side in the text.
    struct field_place {
        std::uint32_t begin;
        std::uint32_t name;  ///< its length
        std::uint32_t value; ///< its length
    };

    void add_field_line(std::string_view line)
    {
        if (is_blank(line.front()))
            return continue_field(trimmed(line));
        auto const colon = line.find(':');
        if (colon == 0 || colon == std::string_view::npos)
            return;
        auto const name = line.substr(0, colon);
        if (name.find_first_of(" \t") != std::string_view::npos)
            return; // a name followed by a blank has been used to smuggle fields past proxies (RFC 9112, 5.1)
        auto const value = trimmed(line.substr(colon + 1));
        fields_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()),
                           static_cast<std::uint32_t>(value.size())});
        text_.append(name).append(value);
    }

    /// A line that begins with a blank belongs to the one before (RFC 9112, 5.2).
    void continue_field(std::string_view more)
    {
        if (fields_.empty() || more.empty())
            return;
        text_.append(1, ' ').append(more);
        fields_.back().value += static_cast<std::uint32_t>(more.size() + 1);
    }

    /// Of "HTTP/1.1 412 Precondition Failed": 412.
    [[nodiscard]] static constexpr int status_in(std::string_view line) noexcept
    {
        auto const blank = line.find(' ');
        auto const code = blank == std::string_view::npos ? std::string_view{} : line.substr(blank + 1);
        if (code.size() < 3 || (code.size() > 3 && code[3] != ' '))
            return 0;
        int status = 0;
        for (char const c : code.substr(0, 3)) {
            if (c < '0' || c > '9')
                return 0;
            status = status * 10 + (c - '0');
        }
        return status >= 100 ? status : 0;
    }

    [[nodiscard]] static constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

    [[nodiscard]] static constexpr std::string_view trimmed(std::string_view text) noexcept
    {
        while (!text.empty() && is_blank(text.front()))
            text.remove_prefix(1);
        while (!text.empty() && is_blank(text.back()))
            text.remove_suffix(1);
        return text;
    }

    std::string text_;
    std::vector<field_place> fields_;
    std::size_t seen_size_ = 0;  ///< of all lines since the status line, kept or not
    std::size_t seen_lines_ = 0; ///< likewise
    int status_ = 0;
    bool is_complete_ = false;
    bool is_too_large_ = false;
};

template <>
struct message_traits<curl_response_head> {
    template <class Visit>
    static void for_each(curl_response_head const& head, std::string_view name, Visit&& visit)
    {
        head.for_each(name, visit);
    }

    static int status(curl_response_head const& head) noexcept { return head.status(); }
};

static_assert(response_message<curl_response_head>);

} // namespace afterwrite::inline AFTERWRITE_VERSION
