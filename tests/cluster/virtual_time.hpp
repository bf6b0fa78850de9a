// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "model.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

namespace cluster {

/// The driver of a model in virtual time: an event queue. Events of one time run in the order in
/// which they were put in, so a run depends on the seed and on nothing else.
class virtual_time {
public:
    using action = std::function<void()>;
    using on_answer = std::function<void(response const&, answer_note const&)>;

    explicit virtual_time(model& driven);

    /// The present.
    [[nodiscard]] nanoseconds now() const;

    /// Runs `f` after `delay`.
    void after(nanoseconds delay, action f);

    /// Sends a request; it reaches the node after `one_way`, the answer is back after another one.
    void send(std::size_t node, request asked, on_answer done, nanoseconds one_way = nanoseconds{0});

    /// Sends and runs until the answer is there; other events on the way run too.
    response ask(std::size_t node, request const& asked, answer_note* note = nullptr);

    /// To be called after a hook of the model (stall, drop_lag, …): held requests may wake earlier now.
    void look_at_waiting();

    /// Runs until no event is left. Returns their number.
    std::uint64_t run();

    /// Runs what is due up to `end`, and sets the present to it.
    std::uint64_t run_until(nanoseconds end);

private:
    struct event {
        nanoseconds at;
        std::uint64_t order;
        action run;
    };
    struct later {
        bool operator()(event const& left, event const& right) const;
    };
    struct waiting {
        ticket id;
        nanoseconds armed;
        nanoseconds one_way;
        on_answer done;
    };

    void at(nanoseconds when, action f);
    bool step(nanoseconds end);
    void finish(outcome result, nanoseconds one_way, on_answer const& done);
    void try_resume(ticket id);

    model& model_;
    nanoseconds now_{};
    std::uint64_t order_ = 0;
    std::uint64_t wake_changes_ = 0;
    std::priority_queue<event, std::vector<event>, later> events_;
    std::vector<waiting> waiting_;
};

} // namespace cluster
