// SPDX-License-Identifier: BSL-1.0
#include "answers.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace cluster {

namespace {

response with_body(int status, std::string body)
{
    return {status, {{"Cache-Control", "no-store"}, {"Content-Type", "application/json"}}, std::move(body)};
}

} // namespace

std::string json_string(std::string_view text)
{
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

response logical_answer(std::string_view request_id, std::string_view data, long lease_seconds,
                        std::string_view auth)
{
    std::string body;
    body.reserve(160 + data.size() + auth.size());
    body.append(R"({"request_id":")").append(request_id);
    body.append(R"(","lease_id":"","renewable":false,"lease_duration":)")
        .append(std::to_string(lease_seconds));
    body.append(R"(,"data":)").append(data);
    body.append(R"(,"wrap_info":null,"warnings":null,"auth":)").append(auth).append("}");
    return with_body(200, std::move(body));
}

} // namespace cluster
