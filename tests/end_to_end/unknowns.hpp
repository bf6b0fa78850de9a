// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/wire/newborn.hpp>

#include "cluster/codec.hpp"
#include "end_to_end/virtual_callers.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What callers do to clusters, round after round: write, log in, and read at another node.

namespace end_to_end {

using afterwrite::when_inconsistent;

/// What each caller does.
struct workload {
    std::vector<place*> written{}; ///< each round writes at one of them, in turn
    std::vector<place*> read{};    ///< and reads at that of the same number
    std::vector<std::string> mounts = {"kv", "own"};
    bool logs_in = true;
    bool session_for_each_mount = false;
    afterwrite::route writes_to = afterwrite::route::any_node; ///< logins too
    afterwrite::route reads_to = afterwrite::route::any_node;
    bool hands_on_altered = false; ///< another session reads, which was told the index, altered on its way
    bool hands_on_token = false;   ///< who logs in hands on the token, and not the index
    bool reads_later = false;      ///< nothing is read before `read_again`
    bool enforces = true;
    std::size_t callers = 8;
    std::size_t rounds = 30; ///< of each
};

inline support::test_message as(std::string_view token, support::test_message request)
{
    if (!token.empty())
        request.with("X-Vault-Token", token);
    return request;
}

inline bool shows(support::test_message const& answer, std::string const& value)
{
    return answer.status == 200 && answer.body.find(R"("v":")" + value + '"') != std::string::npos;
}

/// One caller: a session, or two, and the keys that nobody else writes.
class virtual_caller {
public:
    virtual_caller(traffic& network, workload const& what, std::size_t number)
        : network_(network), what_(what), number_(number)
    {
        for (auto& each : sessions_)
            each = std::make_shared<afterwrite::session>();
    }

    /// Requires nothing of this cluster any more.
    void forget(std::string_view cluster)
    {
        for (auto& each : sessions_)
            each->forget(cluster);
    }

    /// What has been written last is read at these nodes.
    void read_again(place& where)
    {
        open_ = what_.mounts.size();
        for (std::size_t mount = 0; mount < what_.mounts.size(); ++mount)
            read(mount, where, network_.any_of(where.nodes));
    }

    void begin()
    {
        if (round_ == what_.rounds)
            return;
        auto const turn = round_++ / 5 % what_.written.size();
        auto& where = *what_.written[turn];
        auto& there = *what_.read[turn];
        open_ = 1;
        switch ((round_ + number_) % 5) {
        case 0: write_and_read(0, where, there); break;
        case 1: write_and_read(what_.mounts.size() - 1, where, there); break;
        case 2: write_at_once(where, there); break;
        case 3: write_in_turn(0, where, there); break;
        default: what_.logs_in ? log_in(where, there) : write_and_read(0, where, there);
        }
    }

    [[nodiscard]] std::size_t rounds() const { return round_; }

private:
    [[nodiscard]] identity self(std::size_t mount) const
    {
        return identity(sessions_[what_.session_for_each_mount ? mount : 0]);
    }

    [[nodiscard]] std::string path_of(std::size_t mount) const
    {
        return "/v1/" + what_.mounts[mount] + "/of" + std::to_string(number_);
    }

    [[nodiscard]] errand errand_of(identity who, place& where, std::size_t node,
                                   support::test_message request)
    {
        constexpr std::array modes = {when_inconsistent::retry_then_forward, when_inconsistent::retry,
                                      when_inconsistent::forward, when_inconsistent::await};
        auto const enforce =
            what_.enforces ? afterwrite::enforce_consistency::always : afterwrite::enforce_consistency::never;
        return {.who = std::move(who),
                .where = &where,
                .node = node,
                .balanced = network_.random.next() % 2 == 0,
                .policy = {.enforce = enforce, .when = modes[number_ % modes.size()]},
                .request = std::move(request)};
    }

    void ask(errand one, std::function<void(support::test_message const*)> then)
    {
        one.then = std::move(then);
        network_.send(std::move(one));
    }

    /// What a writer knows: the node that was asked, and the index that was answered.
    struct written {
        std::size_t node = 0;
        std::string index{};
    };

    /// `then` is told of it; null if it was given up, or if nothing is to be read now.
    void write(std::size_t mount, place& where, std::function<void(written const*)> then)
    {
        auto request = support::put(path_of(mount));
        request.body = R"({"v":")" + std::to_string(++values_[mount]) + R"("})";
        auto const node = network_.any_of(where.nodes);
        auto one = errand_of(self(mount), where, node, as("root", std::move(request)));
        one.to = what_.writes_to;
        ask(std::move(one), [this, node, then = std::move(then)](support::test_message const* answer) {
            if (answer == nullptr || what_.reads_later)
                return then(nullptr);
            CHECK(answer->status < 300);
            auto const indices = answer->values("X-Vault-Index");
            written const done{node, indices.empty() ? "" : indices[0]};
            then(&done);
        });
    }

    void write_and_read(std::size_t mount, place& where, place& there)
    {
        write(mount, where, [this, mount, &there](written const* what) {
            what == nullptr ? end() : read_elsewhere(mount, there, *what);
        });
    }

    /// All mounts at the same time. When all is answered all is read.
    void write_at_once(place& where, place& there)
    {
        using answers = std::vector<std::pair<std::size_t, written>>;
        auto const done = std::make_shared<answers>();
        open_ = what_.mounts.size();
        auto const missing = std::make_shared<std::size_t>(open_);
        for (std::size_t mount = 0; mount < what_.mounts.size(); ++mount)
            write(mount, where, [this, mount, done, missing, &there](written const* what) {
                if (what != nullptr)
                    done->emplace_back(mount, *what);
                bool const is_last = --*missing == 0;
                if (what == nullptr)
                    end();
                if (!is_last)
                    return;
                for (auto const& [which, one] : *done)
                    read_elsewhere(which, there, one);
            });
    }

    /// Each mount when the one before it is answered. Then the first one is read.
    void write_in_turn(std::size_t mount, place& where, place& there)
    {
        write(mount, where, [this, mount, &where, &there](written const* what) {
            if (what == nullptr)
                return end();
            if (mount + 1 < what_.mounts.size())
                return write_in_turn(mount + 1, where, there);
            read_elsewhere(0, there, *what);
        });
    }

    void read_elsewhere(std::size_t mount, place& where, written const& what)
    {
        read(mount, where, network_.any_but(where.nodes, what.node), what.index);
    }

    void read(std::size_t mount, place& where, std::size_t node, std::string const& index = {})
    {
        auto who = self(mount);
        if (what_.hands_on_altered) {
            auto const told = std::make_shared<afterwrite::session>();
            told->record(altered(index), network_.now());
            who = identity(told);
        }
        auto one = errand_of(who, where, node, as("root", support::get(path_of(mount))));
        one.to = what_.reads_to;
        look(std::move(one), std::to_string(values_[mount]));
    }

    /// The same state, signed with another key.
    static std::string altered(std::string const& index)
    {
        auto const plain = cluster::decode_vault_index(index, nullptr).index;
        REQUIRE(plain);
        return cluster::encode_vault_index(*plain, cluster::hmac_signer("another key"));
    }

    void look(errand one, std::string const& value)
    {
        ++network_.total.reads;
        ask(std::move(one), [this, value](support::test_message const* answer) {
            network_.total.unanswered_reads += answer == nullptr ? 1 : 0;
            network_.total.stale += answer == nullptr || shows(*answer, value) ? 0 : 1;
            end();
        });
    }

    void log_in(place& where, place& there)
    {
        auto request = support::put("/v1/auth/userpass/login/ann");
        request.body = R"({"password":"secret"})";
        auto const node = network_.any_of(where.nodes);
        auto one = errand_of(identity(network_.store.store, ""), where, node, std::move(request));
        one.to = what_.writes_to;
        ask(std::move(one), [this, node, &there](support::test_message const* answer) {
            if (answer == nullptr)
                return end();
            std::string const token(afterwrite::find_newborn(answer->body));
            REQUIRE_FALSE(token.empty());
            identity const born = what_.hands_on_token ? identity(std::make_shared<afterwrite::session>())
                                                       : identity(network_.store.store, token);
            auto seen = errand_of(born, there, network_.any_but(there.nodes, node),
                                  as(token, support::get("/v1/kv/foo")));
            seen.to = what_.reads_to;
            look(std::move(seen), "old");
        });
    }

    void end()
    {
        if (--open_ > 0)
            return;
        auto const pause = std::chrono::microseconds(network_.random.next() % 40'000);
        network_.time.after(pause, [this] { begin(); });
    }

    traffic& network_;
    workload const& what_;
    std::size_t number_;
    std::size_t round_ = 0;
    std::size_t open_ = 0; ///< requests of this round that are not done
    std::array<std::size_t, 2> values_{};
    std::array<std::shared_ptr<afterwrite::session>, 2> sessions_;
};

} // namespace end_to_end
