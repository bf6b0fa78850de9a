// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/wire/vault_index.hpp>

#include "support/answers.hpp"
#include "support/manual_clock.hpp"
#include "support/test_message.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// Answers a request at a time.
using upstream = std::function<test_message(test_message const& request, afterwrite::time_point now)>;

/// What Vault Agent does with consistency, for comparison with ours: as its api_proxy.go and the Go client
/// below it behave, their faults included. (facts: protocol.md 5 and 6)
struct vault_agent {
    std::string when_inconsistent = "fail"; ///< enforce_consistency = "always"
    bool has_cache = false;
    afterwrite::time_point now = at(0s);
    std::vector<std::string> states{}; ///< one list for all who come
    std::map<std::string, test_message> cache{};
    std::size_t attempts = 0; ///< of the last request

    test_message send(test_message request, upstream const& server)
    {
        attempts = 0;
        auto const key = request.method + request.target; // and the token, in Agent; but not the index
        bool const may_cache = has_cache && request.method == "GET";
        if (may_cache && cache.contains(key))
            return cache[key];
        bool const manages = first(request, "X-Vault-Index").empty() &&
                             first(request, "X-Vault-Forward").empty() &&
                             first(request, "X-Vault-Inconsistent").empty();
        bool retries_412 = true;
        if (manages && !states.empty()) {
            for (auto const& state : states)
                request.with("X-Vault-Index", state);
            retries_412 = when_inconsistent != "fail";
            if (when_inconsistent == "forward")
                request.with("X-Vault-Inconsistent", "forward-active-node");
        }
        auto const response = retry(request, server, retries_412);
        if (manages && !first(response, "X-Vault-Index").empty())
            merge(first(response, "X-Vault-Index"));
        if (may_cache && response.status == 200)
            cache[key] = response;
        return response;
    }

private:
    static std::string first(test_message const& m, std::string_view name)
    {
        auto const values = m.values(name);
        return values.empty() ? "" : values.front();
    }

    test_message retry(test_message const& request, upstream const& server, bool retries_412)
    {
        auto const deadline = now + 60s; // of the Go client, for all attempts together
        for (int k = 1;; ++k) {
            auto response = server(request, now);
            ++attempts;
            bool const is_retried = (response.status == 412 && retries_412) || response.status == 429 ||
                                    (response.status >= 500 && response.status != 501);
            if (!is_retried || k > 12)
                return response;
            now += k * 1250ms;
            if (now >= deadline)
                return answer(500, R"({"errors":["failed to get the response: context deadline exceeded"]})");
        }
    }

    void merge(std::string const& received)
    {
        std::vector<std::string> merged;
        auto const theirs = afterwrite::decode_vault_index(received);
        for (auto const& state : states.size() > 2 ? std::vector<std::string>{} : states) {
            auto const ours = afterwrite::decode_vault_index(state);
            bool const is_older = ours && theirs && ours->position <= theirs->position;
            if (!is_older)
                merged.push_back(state);
        }
        merged.push_back(received);
        states = merged;
    }
};

} // namespace support
