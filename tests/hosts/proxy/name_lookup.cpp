// SPDX-License-Identifier: BSL-1.0
#include "name_lookup.hpp"

#include <boost/asio/post.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>

namespace proxy {

namespace {

[[nodiscard]] error_code error_of(int why)
{
    if (why == EAI_SYSTEM)
        return {errno, boost::system::system_category()};
    return why == EAI_AGAIN ? asio::error::host_not_found_try_again : asio::error::host_not_found;
}

} // namespace

found_addresses ask_system(std::string const& host, std::string const& port)
{
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    if (auto const why = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &first); why != 0)
        return {error_of(why), {}};
    std::unique_ptr<addrinfo, void (*)(addrinfo*)> const held(first, ::freeaddrinfo);
    found_addresses found;
    for (auto const* each = first; each != nullptr; each = each->ai_next)
        found.all.emplace_back(each->ai_addr, each->ai_addrlen, IPPROTO_TCP);
    return found;
}

/// What the thread that asks and whoever waits for it have in common.
struct name_lookup::call {
    std::mutex lock;
    name_lookup* by;         ///< null: nobody wants to know any more
    found_addresses found{}; ///< in the thread of `by` alone
};

name_lookup::name_lookup(asio::io_context& io, std::string host, std::string port, function ask)
    : io_(io), host_(std::move(host)), port_(std::move(port)), ask_(std::move(ask))
{}

name_lookup::~name_lookup()
{
    if (!under_way_)
        return;
    std::lock_guard const held(under_way_->lock);
    under_way_->by = nullptr;
}

task<found_addresses> name_lookup::find(stream& with)
{
    if (!under_way_)
        begin();
    auto const asked = under_way_;
    waiting_.push_back(&with);
    at_end const gone([this, &with] { std::erase(waiting_, &with); });
    if (!co_await with.pause())
        co_return found_addresses{asio::error::operation_aborted, {}};
    co_return asked->found;
}

void name_lookup::begin()
{
    auto const made = std::make_shared<call>();
    made->by = this;
    std::thread([made, ask = ask_, host = host_, port = port_] {
        auto found = ask(host, port);
        std::lock_guard const held(made->lock);
        if (made->by == nullptr)
            return;
        asio::post(made->by->io_, [made, found = std::move(found)]() mutable {
            if (made->by != nullptr)
                made->by->end(std::move(found));
        });
    }).detach();
    under_way_ = made;
}

void name_lookup::end(found_addresses found)
{
    under_way_->found = std::move(found);
    under_way_.reset();
    for (auto* const each : waiting_)
        each->go_on();
}

} // namespace proxy
