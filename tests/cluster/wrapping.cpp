// SPDX-License-Identifier: BSL-1.0
// Response wrapping: the answer stays in the log, and a token that can be used once is given instead.
// Nothing here ends by time, so X-Vault-Wrap-TTL is shown and no more.
#include "answers.hpp"
#include "state.hpp"

#include <utility>

namespace cluster {

reply model::state::wrap(std::size_t node, call const& from, reply done)
{
    // Errors, and answers without a body, come as they are (Vault vault/request_handling.go).
    if (done.forward || done.raw || done.answer.status >= 300 || done.answer.body.empty()) {
        return done;
    }
    if (!writes_through(node, from.now)) {
        return elsewhere();
    }
    token_record record{random_letters(24), {"response-wrapping"}, 1, false};
    const position end = write(from.now);
    const minted token = mint_token(false, end);
    nlohmann::json info = {{"token", token.text},
                           {"accessor", record.accessor},
                           {"ttl", from.wrap_seconds},
                           {"creation_time", time_text(from.now)},
                           {"creation_path", from.decoded}};
    auto const whole = nlohmann::json::parse(done.answer.body);
    if (auto const auth = whole.find("auth"); auth != whole.end() && auth->is_object()) {
        info["wrapped_accessor"] = auth->at("accessor");
    }
    put(&stored_data::wrapped, token.id, std::optional{std::move(done.answer.body)}, end, reach::own,
        from.now);
    put(&stored_data::tokens, token.id, std::optional{std::move(record)}, end, reach::own, from.now);
    const std::string text = info.dump();
    done.wrote.local = end.local;
    done.answer = logical_answer(request_id(), envelope{.wrap_info = text});
    return done;
}

reply model::state::unwrap(std::size_t node, call const& from, std::string const& id)
{
    if (from.asked.method != "POST" && from.asked.method != "PUT") {
        return {collected_error(405, "unsupported operation")};
    }
    std::string const* kept = stored.wrapped.value_at(id, sees(node, from.now));
    if (kept == nullptr) {
        return {error_answer(400, "wrapping token is not valid or does not exist")};
    }
    if (!writable(node, from.now)) {
        return elsewhere(); // tokens of limited use always go to the active node
    }
    reply done;
    done.raw = true; // Vault puts no index on such answers (http/logical.go); OpenBao does
    done.answer = plain_json(200, *kept);
    const position end = write(from.now);
    put(&stored_data::wrapped, id, std::optional<std::string>{}, end, reach::own, from.now);
    put(&stored_data::tokens, id, std::optional<token_record>{}, end, reach::own, from.now);
    done.wrote = {end.local, 0};
    return done;
}

} // namespace cluster
