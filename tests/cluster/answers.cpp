// SPDX-License-Identifier: BSL-1.0
#include "answers.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

namespace cluster {

namespace {

response with_body(int status, std::string body)
{
    response made{status, {}, std::move(body)};
    made.fields.reserve(3); // an index may come
    made.fields.emplace_back("Cache-Control", "no-store");
    made.fields.emplace_back("Content-Type", "application/json");
    return made;
}

/// Whether a text stands in a JSON string as it is: ASCII, and nothing that is escaped there.
bool is_plain(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char letter) {
        return letter >= ' ' && letter <= '~' && letter != '"' && letter != '\\';
    });
}

} // namespace

std::string json_string(std::string_view text)
{
    if (is_plain(text)) {
        return '"' + std::string(text) + '"';
    }
    // Bytes that are no UTF-8 are replaced: an answer must be JSON whatever the request held.
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

response error_answer(int status, std::string_view text)
{
    return with_body(status, text.empty() ? std::string(R"({"errors":[]})")
                                          : R"({"errors":[)" + json_string(text) + "]}");
}

response collected_error(int status, std::string_view text)
{
    return error_answer(status, "1 error occurred:\n\t* " + std::string(text) + "\n\n");
}

response no_content() { return {204, {{"Cache-Control", "no-store"}}, {}}; }

response plain_json(int status, std::string body) { return with_body(status, std::move(body)); }

response logical_answer(std::string_view request_id, envelope const& parts)
{
    std::string body;
    body.reserve(200 + parts.data.size() + parts.auth.size() + parts.wrap_info.size());
    body.append(R"({"request_id":")").append(request_id);
    body.append(R"(","lease_id":)");
    body.append(parts.lease_id.empty() ? std::string(R"("")") : json_string(parts.lease_id));
    body.append(R"(,"renewable":)").append(parts.renewable ? "true" : "false");
    body.append(R"(,"lease_duration":)").append(std::to_string(parts.lease_seconds));
    body.append(R"(,"data":)").append(parts.data).append(R"(,"wrap_info":)").append(parts.wrap_info);
    body.append(R"(,"warnings":null,"auth":)").append(parts.auth).append("}");
    return with_body(200, std::move(body));
}

response logical_answer(std::string_view request_id, std::string_view data, long lease_seconds)
{
    return logical_answer(request_id, envelope{.data = data, .lease_seconds = lease_seconds});
}

response with_data_on_top(response answer)
{
    auto json = nlohmann::ordered_json::parse(answer.body);
    auto const data = json["data"]; // a copy: the loop adds members beside it
    for (auto const& [name, value] : data.items()) {
        if (!json.contains(name)) {
            json[name] = value;
        }
    }
    answer.body = json.dump();
    return answer;
}

void add_warning(response& answer, std::string_view request_id, std::string_view text)
{
    if (answer.status >= 300) {
        return;
    }
    auto const whole = answer.body.empty() ? logical_answer(request_id, "null") : answer;
    auto json = nlohmann::ordered_json::parse(whole.body);
    auto& warnings = json["warnings"];
    warnings = warnings.is_array() ? warnings : nlohmann::ordered_json::array();
    warnings.push_back(text);
    answer.status = 200;
    answer.fields = whole.fields;
    answer.body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string time_text(nanoseconds now)
{
    using namespace std::chrono;
    const sys_seconds moment{seconds{epoch_seconds} + duration_cast<seconds>(now)};
    auto const day = floor<days>(moment);
    const year_month_day date{day};
    const hh_mm_ss clock{moment - day};
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text;
}

} // namespace cluster
