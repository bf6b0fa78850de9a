// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/httplib.hpp>
#include <iostream>
httplib::Request request(std::string method, std::string path, std::string body = {})
{
    httplib::Request made;
    made.method = method, made.path = path, made.body = body;
    made.headers.emplace("X-Vault-Token", "root");
    return made;
}

int main()
{
    httplib::Client vault{"http://127.0.0.1:8200"};
    afterwrite::session session;          // what this caller must be able to see
    afterwrite::replication_view cluster; // what has been learned of this cluster
    afterwrite::send(vault, request("PUT", "/v1/kv/foo", R"({"v":1})"), session, cluster);
    auto seen = afterwrite::send(vault, request("GET", "/v1/kv/foo"), session, cluster);
    std::cout << (seen.delivered() ? seen.response->body : to_string(seen.last.why)) << '\n';
}
