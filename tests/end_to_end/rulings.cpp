// SPDX-License-Identifier: BSL-1.0
// What `decide` rules, and what a node of the cluster does, which knows nothing of it: the same for every
// combination of dialect, role, setting, position and fields.
#include <afterwrite/decision/decide.hpp>
#include <afterwrite/decision/state_waiters.hpp>

#include "cluster/codec.hpp"
#include "cluster/model.hpp"
#include "cluster/token_codec.hpp"
#include "support/test_message.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace afterwrite;

using texts = std::vector<std::string>;

/// A cluster whose standbys stand still behind its active node; node 2 answers nothing itself.
struct emulated {
    explicit emulated(cluster::settings chosen, bool is_secondary = false)
        : secondary(is_secondary), key(chosen.hmac_key), signer(chosen.hmac_key),
          model(with_three_nodes(std::move(chosen)))
    {
        grow(10, 5);
        model.stall(1, now, cluster::nanoseconds::max());
        model.stall(2, now, cluster::nanoseconds::max());
        grow(3, 2);
    }

    static cluster::settings with_three_nodes(cluster::settings chosen)
    {
        chosen.performance_standbys = 1;
        chosen.plain_standbys = 1;
        chosen.index_cache_age = cluster::nanoseconds{0};
        return chosen;
    }

    void grow(std::uint64_t own, std::uint64_t from_above)
    {
        now += 1ms;
        model.advance(own, now);
        if (secondary)
            model.receive_upstream(from_above, now);
    }

    [[nodiscard]] std::string index(std::uint64_t local, std::uint64_t replicated,
                                    std::string const& of = {}) const
    {
        auto const id = of.empty() ? model.chosen().cluster_id : of;
        return cluster::encode_vault_index({id, {local, replicated}}, signer);
    }

    /// As `decide` is told of it.
    [[nodiscard]] node_view view(std::size_t node)
    {
        auto const& chosen = model.chosen();
        auto const where = model.applied(node, now);
        bool const is_openbao = chosen.speaks == cluster::dialect::openbao;
        auto const role = model.role_of(node, now);
        bool const forwards_after = chosen.consistency_fallback_behavior == "forward-active-node";
        return {.form = is_openbao ? dialect::openbao : dialect::vault,
                .cluster = cluster_id(chosen.cluster_id),
                .position = {where.local, where.replicated},
                .role = role == cluster::role::active                ? node_role::active
                        : role == cluster::role::performance_standby ? node_role::performance_standby
                                                                     : node_role::standby,
                .replication = secondary ? cluster_role::secondary : cluster_role::primary,
                .now = time_point(now),
                .settings = {.allow_forwarding_via_header = chosen.allow_forwarding_via_header,
                             .allow_forwarding_via_token = chosen.allow_forwarding_via_token == "new_token",
                             .hold_before_412 = chosen.unknown.hold_before_412,
                             .consistency_fallback_behavior =
                                 forwards_after ? after_await::forward_active_node : after_await::fail,
                             .consistency_missing_header_forward = chosen.consistency_missing_header_forward,
                             .consistency_max_index_wait = chosen.consistency_max_index_wait,
                             .storage = chosen.stores == cluster::storage::raft ? node_storage::raft
                                        : chosen.stores == cluster::storage::postgresql
                                            ? node_storage::postgresql
                                            : node_storage::other}};
    }

    bool secondary;
    hmac_key key;
    cluster::hmac_signer signer;
    cluster::model model;
    cluster::nanoseconds now{};
};

/// What a node did.
struct deed {
    verdict what = verdict::refuse;
    bool by_redirect = false;
    cluster::outcome end{};
};

template <class Do>
deed watched(cluster::model& model, std::size_t node, Do&& do_it)
{
    auto const before = model.counters(node);
    deed done;
    done.end = do_it();
    auto const& after = model.counters(node);
    done.by_redirect = after.redirected != before.redirected;
    bool const is_served = after.served != before.served && after.refused == before.refused;
    done.what = done.end.held                                             ? verdict::await_state
                : done.by_redirect || after.forwarded != before.forwarded ? verdict::forward_to_active
                : is_served                                               ? verdict::serve
                                                                          : verdict::refuse;
    return done;
}

bool has_field(cluster::field_list const& fields, answer_field const& wanted)
{
    auto const* const found = cluster::find_field(fields, wanted.name);
    return found != nullptr && *found == wanted.value;
}

/// The words of this refusal are not known; the cluster's are invented, too.
bool is_worded_alike(std::string_view words, refusal_answer const& answer)
{
    if (answer != refusal_answers::unreadable_index)
        return words == answer.body;
    return words.starts_with(answer.body.substr(0, answer.body.size() - 3));
}

bool is_same(deed const& done, ruling const& ruled)
{
    if (done.what != ruled.what || done.by_redirect != ruled.by_redirect)
        return false;
    if (ruled.what == verdict::await_state)
        return time_point(done.end.until) == ruled.until;
    if (ruled.what != verdict::refuse)
        return true;
    bool all_fields = true;
    for (auto const& field : ruled.answer.fields)
        all_fields = all_fields && has_field(done.end.answer.fields, field);
    bool const is_retried = cluster::find_field(done.end.answer.fields, "Retry-After") != nullptr;
    return done.end.answer.status == ruled.answer.status && all_fields &&
           is_worded_alike(done.end.answer.body, ruled.answer) &&
           is_retried == (ruled.answer.fields.size() == 3);
}

/// Compares them for one request, and once more when what was held has waited in vain.
class comparison {
public:
    void add(emulated& nodes, cluster::request const& asked)
    {
        auto const requires_it = requirement_of(
            support::test_message{.method = asked.method, .target = asked.target, .fields = asked.fields},
            nodes.key);
        for (std::size_t node = 0; node < nodes.model.node_count(); ++node) {
            ++count_;
            auto const ruled = decide(requires_it, nodes.view(node));
            auto const done =
                watched(nodes.model, node, [&] { return nodes.model.handle(node, asked, nodes.now); });
            ++seen_[static_cast<std::size_t>(ruled.what)];
            // The cluster holds what nothing can satisfy, if it is told to hold; nobody knows Vault's ways.
            bool const is_vain =
                ruled.why == ruling_reason::unusable_index && done.end.held && ruled.what == verdict::refuse;
            if (!is_vain)
                note(is_same(done, ruled), asked, node, ruled);
            if (!done.end.held)
                continue;
            nodes.now = done.end.until;
            auto const last = is_vain ? ruled : decide(requires_it, nodes.view(node), ruled.until);
            auto const late =
                watched(nodes.model, node, [&] { return nodes.model.resume(done.end.id, nodes.now); });
            note(is_same(late, last), asked, node, last);
        }
    }

    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::size_t seen(verdict what) const { return seen_[static_cast<std::size_t>(what)]; }
    [[nodiscard]] std::string const& differences() const { return differences_; }

private:
    void note(bool is_alike, cluster::request const& asked, std::size_t node, ruling const& ruled)
    {
        if (is_alike || noted_++ > 5)
            return;
        differences_ += "\nnode " + std::to_string(node) + ": " + asked.target;
        for (auto const& [name, value] : asked.fields)
            differences_ += " [" + name + ": " + value + "]";
        differences_ +=
            " -> " + std::string(to_string(ruled.what)) + ": " + std::string(to_string(ruled.why));
    }

    std::size_t count_ = 0;
    std::size_t seen_[4] = {};
    std::size_t noted_ = 0;
    std::string differences_;
};

cluster::request request_to(std::string const& target, std::string const& token = "root")
{
    cluster::request asked;
    asked.target = target;
    asked.fields = {{"X-Vault-Token", token}};
    return asked;
}

/// Nothing, each, and each pair of these.
std::vector<texts> lists_of(texts const& each, texts const& pairs)
{
    std::vector<texts> all = {{}};
    for (auto const& one : each)
        all.push_back({one});
    for (auto const& first : pairs)
        for (auto const& second : pairs)
            all.push_back({first, second});
    return all;
}

/// What requests are made of: each of these with each of the others.
struct parts {
    texts targets = {"/v1/kv/foo", "/v1/sys/leader"};
    texts tokens = {"root"};
    std::vector<texts> indices = {{}};
    std::vector<texts> inconsistent = {{}};
    std::vector<texts> forwards = {{}};
};

void compare_fields(comparison& compared, emulated& nodes, parts const& all, cluster::request const& base)
{
    for (auto const& index_lines : all.indices)
        for (auto const& inconsistent_lines : all.inconsistent)
            for (auto const& forward_lines : all.forwards)
                for (bool const refuses : {false, true}) {
                    auto asked = base;
                    for (auto const& line : index_lines)
                        asked.fields.emplace_back("X-Vault-Index", line);
                    for (auto const& line : inconsistent_lines)
                        asked.fields.emplace_back("X-Vault-Inconsistent", line);
                    for (auto const& line : forward_lines)
                        asked.fields.emplace_back("X-Vault-Forward", line);
                    if (refuses)
                        asked.fields.emplace_back("X-Vault-No-Request-Forwarding", "1");
                    compared.add(nodes, asked);
                }
}

void compare_all(comparison& compared, emulated& nodes, parts const& all)
{
    for (auto const& target : all.targets)
        for (auto const& token : all.tokens)
            compare_fields(compared, nodes, all, request_to(target, token));
}

/// Tokens that the standby has reached, that the active node has, that nobody has; and others.
texts tokens_of(emulated& nodes)
{
    auto const& chosen = nodes.model.chosen();
    bool const is_openbao = chosen.speaks == cluster::dialect::openbao;
    auto const stores = is_openbao ? chosen.stores : cluster::storage::raft;
    auto const of = [&](std::string const& local_index) {
        return encode_consistent_token(chosen.speaks, {"hvs.ABCDEFGHIJKLMNOPQRSTUVWX", local_index, 0},
                                       nodes.signer);
    };
    auto const at = [&](std::uint64_t where) { return of(storage_text(stores, where)); };
    auto const standby = nodes.model.applied(1, nodes.now).local;
    auto const end = nodes.model.newest().local;
    auto forged = at(end + 1);
    forged[20] ^= 1;
    texts tokens = {"root", "", at(standby), at(standby + 1), at(end + 1), forged, at(end).substr(0, 50)};
    if (is_openbao) // of a storage that is not this one's
        tokens.push_back(of(chosen.stores == cluster::storage::raft ? "1/0" : "99"));
    return tokens;
}

std::vector<texts> vault_indices(emulated& nodes)
{
    auto const standby = nodes.model.applied(1, nodes.now);
    auto const end = nodes.model.newest();
    auto const now = nodes.index(standby.local, standby.replicated);
    auto const ahead = nodes.index(end.local, standby.replicated);
    auto const ahead_above = nodes.index(1, standby.replicated + 1);
    auto unsigned_index = now;
    unsigned_index[unsigned_index.size() - 6] ^= 1;
    return lists_of({now, ahead, ahead_above, nodes.index(0, 0), nodes.index(end.local + 1, 0),
                     nodes.index(0, end.replicated + 1), nodes.index(1, 0, "another"), unsigned_index,
                     "garbage", "", now + "," + now},
                    {now, ahead, ahead_above, nodes.index(1, 0, "another"), "garbage"});
}

std::vector<texts> openbao_indices(emulated& nodes)
{
    auto const& chosen = nodes.model.chosen();
    auto const standby = nodes.model.applied(1, nodes.now).local;
    auto const of = [&](std::string const& value) {
        return cluster::encode_openbao_index({chosen.cluster_id, value});
    };
    auto const at = [&](std::uint64_t where) { return of(storage_text(chosen.stores, where)); };
    auto const of_json = [](std::string_view json) { return cluster::base64_encode(json); };
    return lists_of(
        {at(standby), at(standby + 1), at(standby + 99), of("12"), of("0/F"), of("x"), of(""),
         cluster::encode_openbao_index({"another", "99"}), of_json("null"), of_json("{}"), of_json("[]"),
         of_json(R"({"cluster":")" + chosen.cluster_id + R"(","Value":"99","more":[1]})"), "garbage", ""},
        {at(standby), at(standby + 1), ""});
}

/// Enough where the index is not the question.
std::vector<texts> first_of(std::vector<texts> indices)
{
    indices.resize(5);
    return indices;
}

constexpr std::string_view node_words[] = {"fail", "forward-active-node", "await-state", "x", ""};

} // namespace

TEST_CASE("decide rules as a node of Vault does")
{
    comparison compared;
    for (bool const is_secondary : {false, true})
        for (bool const allowed : {false, true})
            for (auto const hold : {0ms, 50ms}) {
                cluster::settings chosen;
                chosen.allow_forwarding_via_header = allowed;
                chosen.unknown.hold_before_412 = hold;
                emulated nodes(chosen, is_secondary);
                std::vector<texts> inconsistent = {{}};
                for (auto const word : node_words) {
                    inconsistent.push_back({std::string(word)});
                    inconsistent.push_back({std::string(word), "forward-active-node"});
                }
                compare_all(compared, nodes,
                            {.indices = vault_indices(nodes),
                             .inconsistent = inconsistent,
                             .forwards = {{}, {"active-node"}, {"x"}, {""}, {"", "active-node"}}});
            }
    CHECK_MESSAGE(compared.differences().empty(), compared.differences());
    CHECK(compared.count() == 195360);
    MESSAGE("exhaustive: " << compared.count() << " rulings compared with the node's");
    for (auto const what :
         {verdict::serve, verdict::await_state, verdict::forward_to_active, verdict::refuse})
        CHECK(compared.seen(what) > 500);
}

TEST_CASE("decide rules as a node of OpenBao does")
{
    comparison compared;
    texts const words(std::begin(node_words), std::end(node_words));
    auto inconsistent = lists_of(words, words);
    inconsistent.push_back({"await-state", "fail", "fail"});
    inconsistent.push_back({"x", "x", "x"});
    inconsistent.push_back({"await-state, fail"});
    for (auto const storage : {cluster::storage::raft, cluster::storage::postgresql, cluster::storage::other})
        for (std::string const fallback : {"", "forward-active-node"})
            for (bool const missing : {false, true})
                for (auto const wait : {0ms, 100ms}) {
                    cluster::settings chosen;
                    chosen.speaks = cluster::dialect::openbao;
                    chosen.stores = storage;
                    chosen.consistency_fallback_behavior = fallback;
                    chosen.consistency_missing_header_forward = missing;
                    chosen.consistency_max_index_wait = wait;
                    emulated nodes(chosen);
                    compare_all(compared, nodes,
                                {.indices = openbao_indices(nodes), .inconsistent = inconsistent});
                    compare_all(compared, nodes,
                                {.indices = openbao_indices(nodes),
                                 .inconsistent = {{}, {"fail"}},
                                 .forwards = {{"active-node"}}});
                }
    CHECK_MESSAGE(compared.differences().empty(), compared.differences());
    CHECK(compared.count() == 248832);
    MESSAGE("exhaustive: " << compared.count() << " rulings compared with the node's");
    for (auto const what :
         {verdict::serve, verdict::await_state, verdict::forward_to_active, verdict::refuse})
        CHECK(compared.seen(what) > 500);
}

TEST_CASE("decide rules on tokens that carry an index as a node of Vault does")
{
    comparison compared;
    for (bool const is_secondary : {false, true})
        for (std::string const forwarding : {"", "new_token"})
            for (bool const allowed : {false, true})
                for (auto const storage : {cluster::storage::raft, cluster::storage::other}) {
                    cluster::settings chosen;
                    chosen.allow_forwarding_via_header = allowed;
                    chosen.allow_forwarding_via_token = forwarding;
                    chosen.stores = storage;
                    emulated nodes(chosen, is_secondary);
                    compare_all(compared, nodes,
                                {.targets = {"/v1/kv/foo", "/v1/sys/leader", "/v1/auth/userpass/login/anna"},
                                 .tokens = tokens_of(nodes),
                                 .indices = first_of(vault_indices(nodes)),
                                 .inconsistent = {{}, {"forward-active-node"}},
                                 .forwards = {{}, {"active-node"}}});
                }
    CHECK_MESSAGE(compared.differences().empty(), compared.differences());
    CHECK(compared.count() == 40320);
    MESSAGE("exhaustive: " << compared.count() << " rulings compared with the node's");
    for (auto const what : {verdict::serve, verdict::forward_to_active, verdict::refuse})
        CHECK(compared.seen(what) > 500);
}

TEST_CASE("decide rules on tokens that carry an index as a node of OpenBao does")
{
    comparison compared;
    for (auto const storage : {cluster::storage::raft, cluster::storage::postgresql, cluster::storage::other})
        for (bool const missing : {false, true}) {
            cluster::settings chosen;
            chosen.speaks = cluster::dialect::openbao;
            chosen.stores = storage;
            chosen.consistency_missing_header_forward = missing;
            emulated nodes(chosen);
            compare_all(compared, nodes,
                        {.tokens = tokens_of(nodes),
                         .indices = first_of(openbao_indices(nodes)),
                         .inconsistent = {{}, {"fail"}, {"forward-active-node"}, {"await-state"}}});
        }
    CHECK_MESSAGE(compared.differences().empty(), compared.differences());
    CHECK(compared.count() == 11520);
    MESSAGE("exhaustive: " << compared.count() << " rulings compared with the node's");
    for (auto const what :
         {verdict::serve, verdict::await_state, verdict::forward_to_active, verdict::refuse})
        CHECK(compared.seen(what) > 500);
}

TEST_CASE("what was held is woken by its position, here and there, and served")
{
    for (auto const speaks : {cluster::dialect::vault, cluster::dialect::openbao}) {
        cluster::settings chosen;
        chosen.speaks = speaks;
        chosen.unknown.hold_before_412 = 1s;
        chosen.consistency_max_index_wait = 1s;
        emulated nodes(chosen);
        auto asked = request_to("/v1/kv/foo");
        asked.fields.emplace_back("X-Vault-Index", nodes.model.index_text(nodes.model.newest()));
        if (speaks == cluster::dialect::openbao)
            asked.fields.emplace_back("X-Vault-Inconsistent", "await-state");

        auto const requires_it = requirement_of(support::test_message{.fields = asked.fields});
        auto const held = decide(requires_it, nodes.view(1));
        auto const there = nodes.model.handle(1, asked, nodes.now);
        REQUIRE(held.what == verdict::await_state);
        REQUIRE(there.held);
        state_waiters waiters;
        state_waiter waiter;
        waiters.add(waiter, held.awaited, held.until);
        CHECK(waiters.reached(nodes.view(1).position) == 0);

        nodes.now += 10ms;
        nodes.model.drop_lag(nodes.now);
        CHECK(waiters.reached(nodes.view(1).position) == 1);
        CHECK(waiters.take() == &waiter);
        CHECK(decide(requires_it, nodes.view(1), held.until).what == verdict::serve);
        auto const woken = watched(nodes.model, 1, [&] { return nodes.model.resume(there.id, nodes.now); });
        CHECK(woken.what == verdict::serve);
    }
}
