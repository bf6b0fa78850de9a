// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/decision/exchange.hpp>
#include <afterwrite/decision/proxied_exchange.hpp>
#include <afterwrite/decision/step.hpp>

#include "allowance.hpp"
#include "invariants.hpp"
#include "journal.hpp"
#include "network.hpp"
#include "plan.hpp"
#include "report.hpp"
#include "rivals.hpp"
#include "scope.hpp"
#include "timeline.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace simulation {

/// What a program may still cause a site, beside first attempts.
struct allowances {
    allowance retries;
    allowance forwards;
    bool are_moot = false; ///< somebody did not wait: what the library had not taken by then, nobody can tell
};

/// A program that uses the library: what it has learned of each site.
struct program {
    std::vector<afterwrite::replication_view> views; ///< by the site
    std::vector<allowances> allowed;                 ///< by the site
    std::set<std::size_t> in_vain; ///< sites where, in the calm too, somebody asks for what never comes
    std::uint64_t generation = 0;  ///< how often it was started anew
};

/// The programs of a machine that share their sessions; one, unless they are in a store.
struct process {
    process_plan what;
    std::vector<program> programs;
    std::unique_ptr<store_type> store;
    std::vector<std::size_t> scopes;              ///< of its callers
    afterwrite::duration ahead{};                 ///< of its clock
    afterwrite::time_point clock_began{};         ///< by itself, if it went back
    afterwrite::time_point latest{};              ///< by itself, before it went back
    std::uint64_t generation = 0;                 ///< how often it was started anew, with other sessions
    std::map<std::size_t, rival_memory> memories; ///< if it uses another library: of each of its clients
    text_set received;                            ///< texts that its store was handed
    bool has_floor = false;                       ///< its store may require of one what another one was told
    followed_histories followed;                  ///< by its store
    bool is_doomed = false;                       ///< the program dies that uses its store next
    bool was_damaged = false;                     ///< fences of its store may stand for anything
    afterwrite::time_point floors_since = support::at({}); ///< by its clock: floors are not older than that
    std::uint64_t renewals = 0; ///< how often all that was promised may have ended together

    /// Whether floors or fences may stand for all that its sessions require: they end, other than a state.
    [[nodiscard]] bool may_be_fences() const { return has_floor || was_damaged; }
};

/// One logical request of a caller, and all its attempts.
struct operation {
    std::size_t caller = 0;
    std::size_t process = 0;
    std::size_t scope = 0;
    std::size_t site = 0;
    errand what{};
    dice luck{0};
    nanoseconds begun{};
    afterwrite::time_point asked_at{}; ///< the same, by the clock of its process
    cluster::position settled{};       ///< of the cluster that was known then, see `naive_demand`
    std::variant<std::monostate, afterwrite::exchange, afterwrite::proxied_exchange, rival_exchange> machine;
    afterwrite::step last{};
    cluster::request asked{};
    std::optional<cluster::field_list> said{}; ///< by a proxy's client, if it says itself what it wants
    std::optional<sight> seen{};               ///< what the answer at hand showed
    log_view log{};                            ///< of what
    std::uint64_t end_of_log = 0; ///< the least that the log was long, when it began and of who answered
    promises promised{};          ///< to its session, when it began
    promises written{};           ///< by then
    promises shown{};
    promises found{};
    afterwrite::cluster_id believed; ///< the cluster that was known then; empty: none
    afterwrite::cluster_id knew;     ///< the one that was known when the last answer came
    std::uint64_t number = 0;        ///< of all operations of the run
    std::uint64_t in_history = 0;    ///< its number there; 0: it does not stand there
    std::uint64_t session = 0;       ///< which one of its scope's there
    std::optional<version> wrote{};  ///< of a write: its version, once that is acknowledged
    std::uint32_t sent = 0;          ///< attempts, by our own count
    std::uint32_t waits = 0;         ///< for a node that was behind, each followed by an attempt
    std::uint32_t repetitions = 0;   ///< of what broke
    std::uint32_t hops = 0;          ///< from node to node since it waited last
    bool was_paced = false;          ///< it waited as long as its node had lagged before, or for another one
    bool has_forwarded = false;      ///< its node was given up, and the active one asked
    bool was_refused = false;        ///< the last attempt, by a node that was behind
    bool was_checked = false;        ///< the last attempt asked the node itself, which can compare
    std::uint64_t epoch = 0;         ///< of the cluster that was known, when that was sent
    bool spends_freely = false;      ///< a breaker was open when it began
    bool is_begun = false;           ///< what to do first is known
    bool may_be_executed = false;    ///< by an attempt of which nobody knows what became
    bool is_binding = false;         ///< later operations of its session have to see what it wrote or saw
    bool is_idempotent = false;
    bool is_absence = false;     ///< the answer at hand is a 404
    bool is_altered = false;     ///< the index of the answer at hand is not what the server answered
    bool is_abandoned = false;   ///< its process has ended
    bool is_interrupted = false; ///< others came between while a proxy recorded the answer at hand
    bool is_used = false;
};

/// The callers: they write and read as the script says, each one thing after the other, with the real library
/// between them and the network. What they do is checked at every step.
class clients {
public:
    clients(plan const& what, world& servers, network& way, oracle& truth, index_book& book, timeline& time,
            weather& sky, report& into, journal const& book_of_events);

    /// An operation of the script: the caller begins with it when it has done what came before.
    void take(script_line const& line);

    /// What `timeline` says is due.
    void begin(std::size_t caller);
    void resume(std::size_t id);
    void deliver(std::size_t flight);

    // What faults do to clients: see faults.cpp

    [[nodiscard]] std::vector<process>& processes() { return processes_; }
    [[nodiscard]] std::deque<scope>& scopes() { return scopes_; }
    [[nodiscard]] index_book& book() { return book_; }
    [[nodiscard]] afterwrite::time_point now_of(process const& one) const;

    /// The machine was started anew, and so was its clock.
    void begin_clock(process& one, afterwrite::duration at);

    /// No fence of a process that stood until now stands any more, nor does a floor.
    void end_fences(process& one);

    /// What was under way in a process, or in one program of it, goes on without it. `keeps_sessions`: those
    /// who come next are the same to whoever reads the history.
    void abandon(std::size_t process, std::optional<std::size_t> program = {}, bool keeps_sessions = false);

    /// What happens where a store's locks are taken.
    [[nodiscard]] store_moments& moments() { return moments_; }

    /// Whoever is active now is declared to all that can be sent there.
    void declare_active_nodes();

    /// The history of this site's cluster is another one now.
    void change_history(std::size_t store);

    /// How often that was so.
    [[nodiscard]] std::uint64_t changes_of(std::string_view cluster,
                                           nanoseconds until = nanoseconds::max()) const;
    [[nodiscard]] followed_history& followed_by(process& host, scope& who, std::string_view cluster);

    /// From now on everything has to end well.
    void expect_good_ends();

    /// All that was waited for has ended.
    void check_calm();

    void set_up(process& one);
    void make_views(process_plan const& of, program& one);

    /// All that was recorded by a scope is required still, after something was done to what keeps it.
    void check_kept(process const& host, scope& who);

private:
    [[nodiscard]] program& program_of(operation const& one)
    {
        return processes_[one.process].programs[plan_.callers[one.caller].program];
    }
    [[nodiscard]] afterwrite::replication_view& view_of(operation const& one)
    {
        return program_of(one).views[one.site];
    }

    [[nodiscard]] static rival_memory& memory_of(process& host, std::size_t scope);

    struct line_of_work {
        std::deque<std::uint64_t> waiting; ///< the luck of each
        std::optional<key_place> wrote;
        std::shared_ptr<credential const> token{};
        bool is_busy = false;
    };

    operation& add();
    [[nodiscard]] errand draw_errand(std::size_t caller, std::size_t site, dice& luck);
    [[nodiscard]] errand draw_token_errand(std::size_t caller, std::size_t site, dice& luck);
    [[nodiscard]] std::size_t scope_of(errand const& what, std::size_t caller) const;
    void add_newborns();
    void take_token(operation const& one, flight const& got);
    void bring_up(scope& newborn, process const& host, flight const& got, std::string const& token);
    void keep_token(operation const& one);
    [[nodiscard]] bool has_lost_token(operation const& one) const;
    void check_token(operation const& one);
    void speak(operation& one);
    void drive(std::size_t id);
    void wait(std::size_t id, afterwrite::duration told);
    void send(std::size_t id);
    void finish(std::size_t id);
    void take(operation& one, flight& got);
    void die(operation& one, flight& got);
    void take_answer(operation& one, flight& got);
    void take_loss(operation& one, flight& got);
    void give_up(operation& one, flight& got);
    void record_later(operation& one, flight& got);
    void repeat_record(flight& got);
    [[nodiscard]] bool is_old(recording const& by);
    void note_recorded(recording const& by, flight const& got, bool was_old);
    void note_epoch(recording const& by, flight const& got, std::string const& of);
    void note_misleading(recording const& by, flight const& got);
    [[nodiscard]] cluster::position carried_of(flight const& got, std::string_view of);
    void note_refusal(recording const& by, flight const& got);
    void add_proof(recording const& by, flight const& got, std::string_view of, afterwrite::duration after);
    void note_proof(recording const& by, flight const& got, std::string_view of,
                    cluster::position const& answered);
    [[nodiscard]] bool is_at_home(operation const& one, log_view const& log) const;
    void release_fences(operation const& one, std::size_t seen_from);
    [[nodiscard]] bool may_fence(operation const& one, flight const& got) const;
    [[nodiscard]] static bool is_full(scope const& who);
    [[nodiscard]] bool tells_state(operation const& one, flight const& got) const;
    void note_promise(operation& one, flight const& got);
    [[nodiscard]] std::string session_of(operation const& one) const;
    [[nodiscard]] std::string log_of(operation const& one) const;
    void write_begin(operation& one) const;
    void write_attempt(operation const& one, std::string_view address) const;
    void write_answer(operation const& one, flight const& got) const;
    void write_end(operation const& one) const;
    void write_loss(operation const& one) const;
    [[nodiscard]] bool may_have_ended(process const& host, scope const& who,
                                      afterwrite::time_point since) const;
    void check_begin(operation& one, afterwrite::required_states const& required, naive_demand const& before);
    void hear(process& host, scope& who, cluster::response const& answer);
    void check_plan(operation& one);
    void check_attempt(operation& one);
    void check_spending(operation& one, bool is_answered);
    void count_answer(operation& one, flight const& got);
    void count_end(operation& one);
    [[nodiscard]] bool carries_unsigned(cluster::request const& asked) const;
    [[nodiscard]] bool must_show(operation const& one) const;
    [[nodiscard]] bool did_lack(flight const& got);
    void check_step(operation& one, flight const& got);
    void check_end(operation& one);
    [[nodiscard]] bool may_end_badly(operation const& one);
    [[nodiscard]] bool has_redirecting_nodes(std::size_t site);
    [[nodiscard]] bool waits_for_nothing(operation const& one);
    [[nodiscard]] bool waits_for_lost(operation const& one);
    [[nodiscard]] bool forget_lost(operation const& one);
    void check(std::string_view invariant, operation const& one, invariant::breach const& what);
    void fail(std::string_view invariant, recording const& by, errand const& what, std::string const& why);
    [[nodiscard]] static recording recording_of(operation const& one, bool was_fenced);
    void free(std::size_t id);

    plan const& plan_;
    world& servers_;
    network& way_;
    oracle& truth_;
    index_book& book_;
    timeline& time_;
    weather& sky_;
    report& report_;
    journal const& journal_;
    store_moments moments_;
    std::vector<process> processes_;
    std::deque<scope> scopes_;
    std::vector<std::size_t> scope_of_;   ///< by the caller
    std::vector<std::size_t> newborn_of_; ///< by the caller: who has its token, if its process has a store
    std::vector<std::shared_ptr<credential const>> newest_tokens_; ///< by the site
    std::vector<line_of_work> work_;                               ///< by the caller
    std::deque<operation> operations_;
    std::vector<std::size_t> unused_;
    std::map<std::string, std::vector<nanoseconds>, std::less<>> changes_; ///< when, by the cluster
    text_set forged_;                                                      ///< texts that no server wrote
    std::uint64_t values_ = 0;
    bool expects_good_ends_ = false;
    nanoseconds good_from_{};
};

} // namespace simulation
