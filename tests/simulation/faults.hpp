// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "clients.hpp"
#include "cluster/model.hpp"
#include "network.hpp"
#include "oracle.hpp"
#include "plan.hpp"
#include "report.hpp"
#include "timeline.hpp"
#include "world.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace simulation {

/// What a program has left behind, to be found by the one that is started after it.
struct left_behind {
    std::vector<std::string> texts{}; ///< of its sessions, as `export_session` writes them
    std::vector<std::string> names{}; ///< of its identities
    std::vector<promises> promised{}; ///< by then
    std::vector<naive_demands> naive{};
    std::vector<followed_histories> followed{}; ///< by its sessions
    followed_histories followed_by_store{};
    std::vector<std::byte> block{}; ///< of its store
};

/// Makes go wrong what the script says. Everything that lasts ends before the calm begins.
class faults {
public:
    faults(plan const& what, world& servers, network& way, oracle& truth, clients& who, timeline& time,
           weather& sky, report& into, journal const& book_of_events)
        : plan_(what), servers_(servers), way_(way), truth_(truth), clients_(who), time_(time), sky_(sky),
          report_(into), journal_(book_of_events)
    {}

    void strike(script_line const& line);

    /// One that lasts is over.
    void heal(std::size_t id);

    /// The calm begins: an operator sets right what no client can.
    void heal_all();

private:
    /// A fault that ends, or whose worse part is still to come.
    struct lasting {
        fault kind{};
        std::size_t site = 0;
        dice luck{0};
        cluster::snapshot saved{};
        std::string id{};             ///< of the cluster, when it was saved
        std::uint64_t end_of_log = 0; ///< then
        oracle::versions versions{};  ///< then
        left_behind left{};
        bool is_news = false; ///< only tells who has to know
    };

    void strike_node(fault kind, std::size_t site, dice& luck);
    void strike_cluster(fault kind, std::size_t site, dice& luck);
    void strike_process(fault kind, dice& luck);
    void strike_way(fault kind, std::size_t site, dice& luck);
    [[nodiscard]] nanoseconds until(dice& luck, nanoseconds least, nanoseconds most) const;
    void end_later(lasting what, nanoseconds when);
    void tell_views(bool is_calm = false);
    void tell_views_later(fault kind, dice& luck);
    void restore(lasting& what);
    void write_epoch(std::size_t store);
    bool fail_over(dice& luck);
    bool promote();
    void crowd(process& host, dice& luck);
    void leap(std::size_t process, dice& luck);
    void restart(std::size_t process, fault kind, left_behind& left, dice& luck);
    [[nodiscard]] left_behind save(process const& host);
    void load_sessions(process& host, fault kind, left_behind& left, dice& luck);
    void load_store(process& host, fault kind, left_behind& left, dice& luck);

    plan const& plan_;
    world& servers_;
    network& way_;
    oracle& truth_;
    clients& clients_;
    timeline& time_;
    weather& sky_;
    report& report_;
    journal const& journal_;
    std::vector<lasting> lasting_;
};

} // namespace simulation
