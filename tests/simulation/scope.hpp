// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/lock.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/regression.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/session/shared_session.hpp>
#include <afterwrite/store/session_store.hpp>

#include "messages.hpp"
#include "oracle.hpp"
#include "store_lock.hpp"
#include "support/manual_clock.hpp"
#include "support/store_block.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace simulation {

using store_type = support::store_of<store_lock>;

[[nodiscard]] inline cluster::position join(cluster::position const& a, cluster::position const& b)
{
    return {std::max(a.local, b.local), std::max(a.replicated, b.replicated)};
}

/// All texts of one cluster that a scope recorded in the present epoch, naively: their join.
struct naive_demand {
    cluster::position join{};
    bool is_vault = false;
    cluster::position required{};   ///< what the scope required when it was last asked
    afterwrite::time_point since{}; ///< when a text that demands all of it was recorded last, by its process
    cluster::position newest{};     ///< join of what was recorded since its process began
    cluster::position marked{};     ///< what of that was there at the last turn
    cluster::position settled{};    ///< and at the turn before: surely older than what is sent now
    afterwrite::time_point turned{};
};

/// The value of that name, which is made if there is none yet.
template <class Value>
[[nodiscard]] Value& value_of(std::map<std::string, Value, std::less<>>& all, std::string_view name)
{
    auto const found = all.find(name);
    return found != all.end() ? found->second : all[std::string(name)];
}

/// By the cluster.
using naive_demands = std::map<std::string, naive_demand, std::less<>>;

/// Which history of a cluster a session or a whole store follows, by our own count.
struct followed_history {
    std::uint64_t epochs = 0;              ///< that it began
    std::optional<std::uint64_t> oldest{}; ///< of the histories that it was told of since, the first one
    std::uint64_t proofs = 0;              ///< answers since that were certain to be of another one
    afterwrite::time_point proved{};       ///< when the first of them came, by the clock of the process
    afterwrite::time_point began{};        ///< when the epoch did
    bool may_be_misled = false; ///< since then it was handed what the cluster had not answered to it then
};

/// By the cluster.
using followed_histories = std::map<std::string, followed_history, std::less<>>;

/// Who is promised something: a session of whichever kind, and what the simulation knows of it. Fits the
/// place of a session in `exchange` loops and in `proxied_exchange`.
class scope {
public:
    /// With a session of its own.
    scope(bool is_shared, afterwrite::session_options const& options)
    {
        if (is_shared)
            own_ = std::make_unique<shared>(options);
        else
            own_ = std::make_unique<afterwrite::session>(options);
        options_ = options;
    }

    /// An identity of a store.
    scope(store_type& all, std::string name) : all_(&all), name_(std::move(name))
    {
        options_ = all.store.options().sessions;
    }

    [[nodiscard]] bool is_of_store() const { return all_ != nullptr; }
    [[nodiscard]] bool is_shared() const { return std::holds_alternative<std::unique_ptr<shared>>(own_); }
    [[nodiscard]] std::string const& name() const { return name_; }
    [[nodiscard]] afterwrite::session_options const& options() const { return options_; }
    void move_to(store_type& all) { all_ = &all; }

    /// The identity of this name from now on.
    void rename(std::string name) { name_ = std::move(name); }

    /// It is `now` by the clock of its process.
    void advance(afterwrite::time_point now) { now_ = now; }

    /// Calls f(session, shared_session or store_handle).
    template <class F>
    decltype(auto) with(F&& f) const
    {
        if (all_ != nullptr) {
            auto handle = all_->store.of(name_, now_);
            return f(handle);
        }
        if (auto const* const plain = std::get_if<std::unique_ptr<afterwrite::session>>(&own_))
            return f(**plain);
        return f(*std::get<std::unique_ptr<shared>>(own_));
    }

    /// What of it goes to the cluster that this view, or what is asked of it, names.
    template <class View>
    [[nodiscard]] afterwrite::required_states required(View const& view) const
    {
        return with([&](auto const& session) { return session.required(view); });
    }
    [[nodiscard]] afterwrite::required_states required() const
    {
        return with([](auto const& session) { return afterwrite::required_states(session.required()); });
    }

    afterwrite::recorded record(cluster::response const& answer, afterwrite::required_states const& carried,
                                afterwrite::time_point now)
    {
        now_ = now;
        with([&](auto& session) {
            if constexpr (requires { session.report_to(&regression_); })
                session.report_to(&regression_);
            last_ = session.record(answer, carried, now);
            if constexpr (requires { session.last_regression(); })
                if (last_.regressed > 0)
                    regression_ = session.last_regression();
        });
        return last_;
    }
    afterwrite::recorded record_lost(afterwrite::required_states const& carried, afterwrite::time_point now)
    {
        now_ = now;
        return last_ = with([&](auto& session) { return session.record_lost(carried, now); });
    }

    /// What became of the last answer that was recorded; nothing, if that one was not.
    [[nodiscard]] afterwrite::recorded const& last() const { return last_; }
    [[nodiscard]] afterwrite::recorded& last() { return last_; }

    [[nodiscard]] std::optional<naive_demand> naive_of(std::string_view cluster) const
    {
        auto const known = cluster.empty() ? naive.end() : naive.find(cluster);
        return known == naive.end() ? std::nullopt : std::optional(known->second);
    }

    /// The cluster of which an epoch began last; empty: of none.
    [[nodiscard]] std::string restored() const { return std::string(regression_.lost.cluster()); }

    promises written;                              ///< what was acknowledged to it, promised or not
    promises shown;                                ///< what its reads have shown
    promises found;                                ///< ... but for what they showed not to be there
    std::map<std::string, cluster::position> need; ///< to see all that it wrote, by the cluster
    promises promised;                             ///< by the oracle
    naive_demands naive;                           ///< by the cluster
    followed_histories followed;                   ///< unless it is of a store
    text_set received;                             ///< texts that it was handed
    index_meaning const* newest = nullptr;         ///< the last of them; null: none since it began
    nanoseconds forgotten{};                       ///< when its caller made it forget a cluster

private:
    using shared = afterwrite::shared_session<afterwrite::no_lock>;

    std::variant<std::unique_ptr<afterwrite::session>, std::unique_ptr<shared>> own_;
    store_type* all_ = nullptr;
    std::string name_;
    afterwrite::session_options options_;
    afterwrite::time_point now_{};
    afterwrite::recorded last_{};
    afterwrite::regression regression_{};
};

} // namespace simulation
