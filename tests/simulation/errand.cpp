// SPDX-License-Identifier: BSL-1.0
#include "errand.hpp"

namespace simulation {

deed draw_deed(bool writes, dice& luck)
{
    if (!writes)
        return luck.per_mille(100) ? deed::list : deed::read;
    if (luck.per_mille(150))
        return deed::remove;
    return luck.per_mille(300) ? deed::post : deed::put;
}

std::string target_of(errand const& what)
{
    auto path = world::path_of(what.key);
    if (what.what == deed::list)
        path.resize(path.rfind('/') + 1);
    return path;
}

cluster::request request_for(errand const& what, dice& luck)
{
    cluster::request made{.method = "GET", .target = target_of(what), .fields = {}, .body = {}};
    switch (what.what) {
    case deed::read: break;
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
    }
    return "read of " + path;
}

} // namespace simulation
