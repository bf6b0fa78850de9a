// SPDX-License-Identifier: BSL-1.0
#include "shared.hpp"

#include "server.hpp"
#include "tls.hpp"

#include <algorithm>
#include <random>
#include <span>
#include <stdexcept>

namespace proxy {

namespace {

[[nodiscard]] node_place parse_upstream(std::string const& address)
{
    try {
        return node_place::parse(address);
    } catch (std::invalid_argument const& error) {
        throw setup_error(std::string("the address of the cluster: ") + error.what());
    }
}

[[nodiscard]] bool is_https(std::string const& address) { return address.starts_with("https://"); }

[[nodiscard]] tls_context tls_of(upstream_settings const& chosen)
{
    bool const is_needed =
        is_https(chosen.address) || std::any_of(chosen.nodes.begin(), chosen.nodes.end(), is_https);
    return is_needed ? make_client_tls(chosen) : nullptr;
}

[[nodiscard]] afterwrite::siphash_key random_key()
{
    std::random_device system;
    auto const word = [&system] { return std::uint64_t{system()} << 32 | system(); };
    return {word(), word()};
}

} // namespace

shared::shared(settings const& all, proxy::log& to, std::function<void()> on_quit)
    : chosen(all), log(to), upstream(parse_upstream(all.upstream.address)),
      chooses_node(!all.upstream.nodes.empty()), tls_(tls_of(all.upstream)), on_quit_(std::move(on_quit))
{
    auto const size = session_store::size_for(std::max<std::size_t>(chosen.max_identities, 1));
    block_.resize((size + sizeof(block_line) - 1) / sizeof(block_line));
    auto made = session_store::create(std::as_writable_bytes(std::span(block_)), random_key());
    if (!made)
        throw setup_error("there is no room for the sessions of " + std::to_string(chosen.max_identities) +
                          " identities");
    sessions = *made;
    view.with([this](afterwrite::replication_view& known) {
        for (auto const& node : chosen.upstream.nodes)
            if (parse_upstream(node).what == node_place::kind::unix_socket || !known.add_node(node))
                throw setup_error("\"" + node + "\" cannot be declared as a node: it is no address of one, " +
                                  "or one too many");
    });
}

tls_context shared::tls() const
{
    std::lock_guard const held(reloading_);
    return tls_;
}

void shared::reload()
{
    auto made = tls_of(chosen.upstream);
    std::lock_guard const held(reloading_);
    tls_ = std::move(made);
}

void shared::quit()
{
    std::call_once(has_quit_, [this] {
        if (on_quit_)
            on_quit_();
    });
}

void shared::note_closed()
{
    if (--counted.connections_open != 0 || !is_draining)
        return;
    std::lock_guard const held(emptying_);
    emptied_.notify_all();
}

bool shared::wait_until_empty(monotonic::duration patience)
{
    std::unique_lock held(emptying_);
    return emptied_.wait_for(held, patience, [this] { return counted.connections_open == 0; });
}

} // namespace proxy
