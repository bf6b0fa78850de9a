// SPDX-License-Identifier: BSL-1.0
#include "rounds.hpp"

namespace proxy {

watched::watched(rounds& by) : by_(by) { by_.all_.insert(this); }

watched::~watched() { by_.all_.erase(this); }

void rounds::begin(asio::io_context& io)
{
    timer_.emplace(io);
    go();
}

void rounds::go()
{
    timer_->expires_after(pace);
    timer_->async_wait([this](error_code const& error) {
        if (error || !timer_)
            return;
        auto const now = monotonic::now();
        for (auto* const each : all_)
            each->look(now);
        go();
    });
}

} // namespace proxy
