// SPDX-License-Identifier: BSL-1.0
#include "errand.hpp"

namespace simulation {

deed draw_deed(bool writes, dice& luck)
{
    if (!writes)
        return luck.per_mille(50) ? deed::list : deed::read;
    if (luck.per_mille(150))
        return deed::remove;
    return luck.per_mille(300) ? deed::post : deed::put;
}

std::string target_of(errand const& what)
{
    if (what.what == deed::log_in)
        return "/v1/auth/userpass/login/" + std::string(user_name);
    if (what.what == deed::ask)
        return "/v1/auth/token/lookup-self";
    auto path = world::path_of(what.key);
    if (what.what == deed::list)
        path.resize(path.rfind('/') + 1);
    return path;
}

cluster::request request_for(errand const& what, dice& luck)
{
    cluster::request made{.method = "GET", .target = target_of(what), .fields = {}, .body = {}};
    made.fields.reserve(6); // what the library adds finds room
    if (what.what != deed::log_in)
        made.fields.emplace_back("X-Vault-Token", what.token != nullptr ? what.token->text : "root");
    made.fields.emplace_back("X-Vault-Request", "true");
    switch (what.what) {
    case deed::read:
    case deed::ask: break;
    case deed::list: // in either of the forms that the servers know
        if (luck.per_mille(500))
            made.method = "LIST";
        else
            made.target += "?list=true";
        break;
    case deed::put:
    case deed::post:
        made.method = what.what == deed::put ? "PUT" : "POST";
        made.body = R"({"v":")" + std::to_string(what.writes) + "\"}";
        break;
    case deed::remove: made.method = "DELETE"; break;
    case deed::log_in:
        made.method = luck.per_mille(500) ? "PUT" : "POST";
        made.body = R"({"password":")" + std::string(user_password) + "\"}";
        break;
    }
    return made;
}

std::string words_for(errand const& what)
{
    auto const number = std::to_string(what.writes);
    auto const path = target_of(what);
    switch (what.what) {
    case deed::read: break;
    case deed::list: return "list of " + path;
    case deed::put:
    case deed::post: return "write " + number + " of " + path;
    case deed::remove: return "removal " + number + " of " + path;
    case deed::log_in: return "login " + number;
    case deed::ask: return "use of the token of " + std::to_string(what.token->made.position);
    }
    return "read of " + path;
}

} // namespace simulation
