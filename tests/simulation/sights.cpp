// SPDX-License-Identifier: BSL-1.0
// What the answer to a read has shown.
#include "network.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace simulation {

namespace {

/// The value in the body of an answer to a read: our writes have numbers.
std::uint64_t value_in(std::string_view body)
{
    constexpr std::string_view name = R"({"v":")"; // the brace is found sooner, there are few of them
    auto const found = body.find(name);
    if (found == std::string_view::npos)
        return 0;
    std::uint64_t value = 0;
    (void)std::from_chars(body.data() + found + name.size(), body.data() + body.size(), value);
    return value;
}

/// Which of the keys of a folder are named in the body of a list, by their numbers.
std::vector<bool> keys_in(std::string_view body, std::size_t keys)
{
    std::vector<bool> there(keys);
    auto const first = body.find(R"("keys":[)");
    if (first == std::string_view::npos)
        return there;
    auto list = body.substr(first, body.find(']', first) - first);
    for (auto quote = list.find_first_of("[,"); quote != std::string_view::npos; quote = list.find(',')) {
        list.remove_prefix(std::min(quote + 2, list.size())); // to where a number begins
        std::size_t number = keys;
        (void)std::from_chars(list.data(), list.data() + list.size(), number);
        if (number < keys)
            there[number] = true;
    }
    return there;
}

/// Of a node's position that of this log.
std::uint64_t part_of(cluster::position const& where, log_view const& log)
{
    return log.store == log.seen_from ? where.local : where.replicated;
}

} // namespace

void network::note_sight(flight& one)
{
    auto const status = one.answer.status;
    if (one.what.writes != 0)
        return;
    if (one.what.what == deed::ask) {
        bool const is_its_log = one.log.store == one.what.key.home; // which knows no other one's tokens
        if (is_its_log && (status == 200 || status == 403))
            one.seen = truth_.look_up(one.log.store, one.what.token->made, status == 200);
        return note_cache(one);
    }
    if (status != 200 && status != 404)
        return;
    auto const so_far = part_of(one.had, one.log);
    auto const body = status == 200 ? std::string_view(one.answer.body) : std::string_view();
    one.seen = one.what.what == deed::list
                   ? truth_.look_around(one.log.store, one.what.key, keys_in(body, truth_.keys()), so_far)
                   : truth_.look(one.log.store, one.what.key, value_in(body), so_far);
    note_cache(one);
}

/// Whether the node says that it has what it does not show: no client can see that (README, limits). The
/// active node has nothing that it does not show.
void network::note_cache(flight& one)
{
    if (!one.seen || !one.seen->next)
        return;
    auto const claimed = part_of(one.claimed, one.log);
    auto const& next = *one.seen->next; // of an older epoch: this one began with it
    one.seen->is_hidden =
        part_of(one.had, one.log) < claimed && (next.epoch < one.seen->epoch || next.position <= claimed);
}

} // namespace simulation
