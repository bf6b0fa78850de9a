// SPDX-License-Identifier: BSL-1.0
#include "answers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace proxy {

namespace {

void append_connection(std::string& to, answer_form const& form)
{
    if (!form.is_kept)
        to += "Connection: close\r\n";
    else if (form.version < 11)
        to += "Connection: keep-alive\r\n";
}

[[nodiscard]] bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// As a server reads it.
[[nodiscard]] std::string decoded(std::string_view text)
{
    std::string plain;
    while (!text.empty()) {
        unsigned char byte = 0;
        bool const is_escape =
            text.size() >= 3 && text.front() == '%' &&
            std::from_chars(text.data() + 1, text.data() + 3, byte, 16).ptr == text.data() + 3;
        plain += is_escape ? static_cast<char>(byte) : text.front();
        text.remove_prefix(is_escape ? 3 : 1);
    }
    return plain;
}

/// The letter of an old token, `s.`, begins a word; `hvs.` may stand anywhere.
[[nodiscard]] bool has_token(std::string_view segment)
{
    constexpr std::array<std::string_view, 6> beginnings = {"hvs.", "hvb.", "hvr.", "s.", "b.", "r."};
    return std::any_of(beginnings.begin(), beginnings.end(), [segment](std::string_view beginning) {
        auto at = segment.find(beginning);
        while (at != segment.npos && at > 0 && beginning.size() == 2 && is_letter_or_digit(segment[at - 1]))
            at = segment.find(beginning, at + 1);
        return at != segment.npos;
    });
}

} // namespace

own_answer own_answer::error(unsigned status, std::string_view sentence)
{
    return {.status = status, .body = std::string(R"({"errors":[")").append(sentence).append("\"]}")};
}

own_answer own_answer::refusal(afterwrite::refusal_answer const& said)
{
    auto const asks_to_wait = std::any_of(said.fields.begin(), said.fields.end(),
                                          [](auto const& field) { return field.name == "Retry-After"; });
    return {.status = static_cast<unsigned>(said.status),
            .body = std::string(said.body),
            .has_retry_after = asks_to_wait};
}

std::string written(own_answer const& answer, answer_form const& form)
{
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " ";
    text.append(text_of(http::obsolete_reason(static_cast<http::status>(answer.status))));
    text.append("\r\nContent-Type: ").append(answer.content_type);
    text.append("\r\nCache-Control: no-store\r\n");
    if (answer.has_retry_after)
        text += "Retry-After: 1\r\n";
    if (answer.status != 204)
        text.append("Content-Length: ").append(std::to_string(answer.body.size())).append("\r\n");
    append_connection(text, form);
    text += "\r\n";
    if (!form.is_head)
        text += answer.body;
    return text;
}

framing framing_for(answer_form const& form, framing const& of_node)
{
    bool const has_unknown_length =
        of_node.what == framing::kind::chunked || of_node.what == framing::kind::until_close;
    if (!has_unknown_length)
        return of_node;
    return {form.version >= 11 ? framing::kind::chunked : framing::kind::until_close, 0};
}

std::string written(response_head& head, framing const& how, answer_form const& form)
{
    std::string const length(text_of(head[http::field::content_length]));
    remove_connection_fields(head);
    std::string text;
    text.reserve(512);
    text.append("HTTP/1.1 ").append(std::to_string(head.result_int())).append(" ");
    text.append(text_of(head.reason())).append("\r\n");
    append_fields(text, head);
    if (how.what == framing::kind::length)
        text.append("Content-Length: ").append(std::to_string(how.length)).append("\r\n");
    else if (how.what == framing::kind::chunked)
        text += "Transfer-Encoding: chunked\r\n";
    else if (how.what == framing::kind::none && head.result_int() != 204 && !length.empty())
        text.append("Content-Length: ").append(length).append("\r\n");
    append_connection(text, form);
    return text += "\r\n";
}

void count_answer(metrics& counted, unsigned status) noexcept
{
    switch (status / 100) {
    case 2: ++counted.answers_2xx; break;
    case 3: ++counted.answers_3xx; break;
    case 4: ++counted.answers_4xx; break;
    default: ++counted.answers_5xx; break;
    }
}

std::string without_secrets(std::string_view target)
{
    auto const path = decoded(target.substr(0, target.find('?')));
    std::string safe;
    std::string_view before_it; // the last two segments
    std::string_view last;
    bool is_behind = false; // where a token stands, whatever it looks like
    for (std::string_view rest = path; !rest.empty();) {
        auto const end = std::min(rest.find('/', 1), rest.size());
        auto const segment = rest.substr(0, end);
        rest.remove_prefix(end);
        safe.append(is_behind || has_token(segment) ? "/..." : segment);
        if (segment == "/")
            continue;
        bool const is_tokens = before_it == "/auth" && last == "/token" && !segment.starts_with("/create");
        is_behind = is_behind || is_tokens || (last == "/sys" && segment == "/wrapping");
        before_it = std::exchange(last, segment);
    }
    return safe;
}

std::string chunk_head(std::size_t size)
{
    std::array<char, 16> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    return std::string(digits.data(), end) + "\r\n";
}

} // namespace proxy
