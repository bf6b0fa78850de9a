// SPDX-License-Identifier: BSL-1.0

// The two jobs of the README as a program: `handed_on write`, then `handed_on read` where VAULT_SESSION is
// set to what the first one has left in vault.env. VAULT_ADDR says where Vault is, SESSION_KEY the key.

#include "readme/handed_on.hpp"

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

int main(int argc, char** argv)
{
    std::string_view const job = argc == 2 ? argv[1] : "";
    char const* const address = std::getenv("VAULT_ADDR");
    char const* const secret = std::getenv("SESSION_KEY");
    if ((job != "write" && job != "read") || address == nullptr || secret == nullptr)
        return handed_on::failed("VAULT_ADDR=http://... SESSION_KEY=... handed_on write|read");
    httplib::Client vault{address};
    afterwrite::hmac_key const key(secret);
    if (job == "write")
        return handed_on::write_job(vault, key, "/v1/kv/release", R"({"v":"42"})");
    std::string body;
    auto const status = handed_on::read_job(vault, key, "/v1/kv/release", body);
    std::cout << body << '\n';
    return status;
}
