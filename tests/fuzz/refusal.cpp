// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: what `classify` promises of every answer, and its neighbours that read bodies.
#include <afterwrite/wire/best_effort.hpp>
#include <afterwrite/wire/refusal.hpp>
#include <afterwrite/wire/stale_negative.hpp>

#include "input.hpp"

#include <array>
#include <string>

using namespace afterwrite;
using fuzz::expect;

namespace {

constexpr std::array statuses = {400, 412, 429, 200, 403, 404, 472, 473,
                                 499, 500, 501, 502, 503, 307, 0,   600};
constexpr std::array forms = {dialect::unknown, dialect::vault, dialect::openbao};

answer_facts facts_of(fuzz::input& from)
{
    answer_facts answer;
    answer.status = statuses[from.below(statuses.size())];
    answer.carried_form = forms[from.below(forms.size())];
    answer.carried_index = from.below(2) == 1;
    answer.carried_several = answer.carried_index && from.below(2) == 1;
    answer.has_retry_after = from.below(2) == 1;
    answer.asked_health = from.below(4) == 3;
    answer.token_may_carry_index = from.below(2) == 1;
    answer.asked_to_await = from.below(2) == 1;
    answer.body = from.rest();
    return answer;
}

/// What may be told by which status, and to whom.
bool is_allowed(refusal kind, answer_facts const& to)
{
    bool const is_5xx = to.status >= 500 && to.status <= 599;
    switch (kind) {
    case refusal::none: return to.status != 412 && to.status != 429;
    case refusal::stale_index:
    case refusal::presumed_stale: return to.carried_index && (to.status == 412 || to.status == 429);
    case refusal::index_or_token: return to.carried_index && to.token_may_carry_index && to.status == 412;
    case refusal::stale_token:
    case refusal::agent_refusal:
    case refusal::other: return to.status == 412;
    case refusal::quota:
    case refusal::throttled: return to.status == 429;
    case refusal::health_answer: return to.asked_health && to.status >= 400;
    case refusal::forwarding_not_allowed: return to.status == 400;
    case refusal::index_not_understood: return to.status == 400 && to.carried_index;
    case refusal::several_indices_refused: return to.status == 400 && to.carried_several;
    case refusal::await_not_understood: return to.status == 400 && to.asked_to_await;
    case refusal::no_active_node:
    case refusal::server_error: return is_5xx && to.status != 501;
    }
    return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    fuzz::input from(data, size);
    auto const answer = facts_of(from);
    auto const kind = classify(answer);
    bool const is_health = kind == refusal::health_answer || (kind == refusal::none && answer.asked_health);
    expect(is_health == answer.asked_health, "a node's health is no refusal");
    expect(is_health || is_allowed(kind, answer), "an answer means what its status can mean");
    expect(!to_string(kind).empty(), "each kind has a sentence");

    auto padded = answer;
    std::string body(answer.body.substr(0, max_inspected_body));
    if (answer.body.size() >= max_inspected_body)
        body += "required index state not present quota exceeded X-Vault-Index";
    padded.body = body;
    expect(classify(padded) == kind, "what comes behind the bound is not looked at");

    bool const may_be_stale = is_stale_negative(answer.status, answer.body);
    expect(!may_be_stale || answer.status == 400 || answer.status == 403 || answer.status == 404 ||
               answer.status == 500,
           "only some statuses say no");
    static_cast<void>(has_best_effort_warning(answer.body));
    return 0;
}
