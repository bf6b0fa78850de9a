// SPDX-License-Identifier: BSL-1.0
#include "node_pool.hpp"

#include "tls.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace proxy {

namespace {

using asio::ip::tcp;

/// Servers close what is idle, after a minute or more, and a request that meets that is lost.
constexpr std::chrono::seconds longest_kept{30};
constexpr std::chrono::seconds between_sweeps{1};

[[nodiscard]] std::optional<asio::generic::stream_protocol::endpoint> find_endpoint(node_place const& place)
{
    if (place.what == node_place::kind::unix_socket)
        return asio::local::stream_protocol::endpoint(place.host);
    error_code error;
    auto const address = asio::ip::make_address(place.host, error);
    if (error)
        return std::nullopt;
    return tcp::endpoint(address, static_cast<unsigned short>(std::stoul(place.port)));
}

} // namespace

node::node(shared& all, rounds& by, asio::io_context& io, std::string_view address, name_lookup::function ask)
    : all_(all), by_(by), io_(io), place_(address.empty() ? all.upstream : node_place::parse(address)),
      host_field_(place_.host_field()), endpoint_(find_endpoint(place_)),
      names_(io, place_.host, place_.port, std::move(ask))
{}

void node::warn(std::string_view trouble)
{
    constexpr std::chrono::seconds pause{10};
    auto const now = monotonic::now();
    if (now - warned_ < pause) {
        ++unsaid_;
        return;
    }
    all_.log.warn("a node gave no answer", {{"node", place_.address},
                                            {"error", trouble},
                                            {"before", std::to_string(std::exchange(unsaid_, 0))}});
    warned_ = now;
}

std::unique_ptr<node_link> node::take()
{
    while (!kept_.empty()) {
        auto link = std::move(kept_.back());
        kept_.pop_back();
        if (link->bytes.is_open() && link->bytes.is_quiet())
            return link;
    }
    return nullptr;
}

std::unique_ptr<node_link> node::open() const
{
    return std::make_unique<node_link>(by_, stream_socket(io_), place_.is_secure() ? all_.tls() : nullptr,
                                       all_.chosen.limits.max_header_bytes);
}

task<error_code> node::connect(node_link& with)
{
    auto& stream = with.bytes;
    error_code error;
    if (endpoint_)
        error = co_await connect_to(stream, *endpoint_);
    else
        error = co_await connect_by_name(stream);
    if (error || !stream.is_secure())
        co_return error;
    auto const& name = all_.chosen.upstream.tls_server_name;
    error = expect_host(stream, name.empty() ? place_.host : name, !all_.chosen.upstream.tls_skip_verify);
    if (error)
        co_return error;
    co_return co_await stream.handshake(asio::ssl::stream_base::client);
}

task<error_code> node::connect_to(stream& with, asio::generic::stream_protocol::endpoint to) const
{
    auto error = with.open(to.protocol());
    if (error)
        co_return error;
    auto& socket = with.socket();
    if (place_.what != node_place::kind::unix_socket)
        socket.set_option(tcp::no_delay(true), error);
    co_await socket.async_connect(to, into(error));
    co_return error;
}

/// Each address gets its share of the time, for one behind which packets vanish uses up whatever it gets. The
/// one that was good last time comes first.
task<error_code> node::connect_by_name(stream& with)
{
    auto const until = with.expires();
    auto found = co_await names_.find(with);
    auto& all = found.all;
    error_code error = asio::error::host_not_found; // where no address was found
    if (found.error)
        error = found.error;
    if (auto const good = std::find(all.begin(), all.end(), last_good_); good != all.end())
        std::rotate(all.begin(), good, good + 1);
    for (auto left = all.size(); left > 0; --left) {
        auto const& to = all[all.size() - left];
        auto const now = monotonic::now();
        with.expire_at(now + (until - now) / static_cast<int>(left));
        error = co_await connect_to(with, to);
        if (!error)
            last_good_ = to;
        bool const is_cut = error == asio::error::operation_aborted && !with.has_expired();
        if (!error || is_cut)
            break;
    }
    with.expire_at(until);
    co_return error;
}

void node::keep(std::unique_ptr<node_link> link)
{
    auto const& chosen = all_.chosen.upstream;
    if (!chosen.keep_alive || kept_.size() >= chosen.max_idle_connections || !link->in.is_empty())
        return;
    link->bytes.expire_never();
    link->in.rest();
    link->kept_since = monotonic::now();
    kept_.push_back(std::move(link));
}

void node::sweep(instant now)
{
    std::erase_if(kept_, [now](auto const& link) {
        return now - link->kept_since > longest_kept || !link->bytes.is_quiet();
    });
}

node_pool::node_pool(shared& all, rounds& by, asio::io_context& io) : watched(by), all_(all), by_(by), io_(io)
{
    nodes_.push_back(std::make_unique<node>(all_, by_, io_, std::string_view()));
}

node& node_pool::at(std::string_view address)
{
    if (address.empty())
        return *nodes_.front();
    auto const found = std::find_if(nodes_.begin(), nodes_.end(),
                                    [address](auto const& each) { return each->place().address == address; });
    if (found != nodes_.end())
        return **found;
    return *nodes_.emplace_back(std::make_unique<node>(all_, by_, io_, address));
}

void node_pool::look(instant now)
{
    if (now - swept_ < between_sweeps)
        return;
    swept_ = now;
    // What is closed is taken off the rounds, which are under way.
    asio::post(io_, [this, now] {
        for (auto const& each : nodes_)
            each->sweep(now);
    });
}

void node_pool::close_all()
{
    for (auto const& each : nodes_)
        each->close_all();
}

} // namespace proxy
