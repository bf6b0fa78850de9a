// SPDX-License-Identifier: BSL-1.0
#include "body.hpp"

namespace cluster {

std::string body_text(nlohmann::json const& body, std::string_view name)
{
    auto const found = body.is_object() ? body.find(std::string(name)) : body.end();
    return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::vector<std::string>> body_words(nlohmann::json const& body, std::string_view name)
{
    auto const found = body.is_object() ? body.find(std::string(name)) : body.end();
    if (found == body.end() || (!found->is_array() && !found->is_string())) {
        return std::nullopt;
    }
    std::vector<std::string> words;
    if (found->is_array()) {
        for (auto const& each : *found) {
            if (each.is_string()) {
                words.push_back(each.get<std::string>());
            }
        }
        return words;
    }
    for (std::string_view rest = found->get_ref<std::string const&>(); !rest.empty();) {
        auto const comma = rest.find(',');
        words.emplace_back(rest.substr(0, comma));
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
    return words;
}

} // namespace cluster
