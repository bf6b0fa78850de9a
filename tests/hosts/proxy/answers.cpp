// SPDX-License-Identifier: BSL-1.0
#include "answers.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace proxy {

namespace {

void append_connection(std::string& to, answer_form const& form)
{
    if (!form.is_kept)
        to += "Connection: close\r\n";
    else if (form.version < 11)
        to += "Connection: keep-alive\r\n";
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
    constexpr std::array tokens = {"hvs.", "hvb.", "hvr.", "s.", "b.", "r."};
    std::string path;
    target = target.substr(0, target.find('?'));
    while (!target.empty()) {
        auto const end = std::min(target.find('/', 1), target.size());
        auto const segment = target.substr(0, end);
        bool const is_token = std::any_of(tokens.begin(), tokens.end(), [segment](auto const* prefix) {
            return segment.substr(1).starts_with(prefix);
        });
        path.append(is_token ? "/..." : segment);
        target.remove_prefix(end);
    }
    return path;
}

std::string chunk_head(std::size_t size)
{
    std::array<char, 16> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    return std::string(digits.data(), end) + "\r\n";
}

} // namespace proxy
