// SPDX-License-Identifier: BSL-1.0
#include "server/relay.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <future>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

namespace server {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using moment = std::chrono::steady_clock::time_point;

/// So many pieces wait in one direction at most; the sender is held up then, as by a full network.
constexpr std::size_t max_waiting = 4096;

/// What came together. Nothing: the sender has ended.
struct piece {
    moment due;
    std::vector<char> bytes;
};

struct delays {
    std::chrono::nanoseconds to_target{};
    std::chrono::nanoseconds to_client{};
    bool is_held = false;
};

/// One connection: two sockets, and what is under way between them. Used in the relay's thread alone.
class link : public std::enable_shared_from_this<link> {
public:
    link(asio::io_context& loop, delays const& shared, std::unordered_set<link*>& all, tcp::socket client)
        : shared_(shared), all_(all), client_(std::move(client)),
          target_(loop), ways_{way{client_, target_, shared.to_target, loop},
                               way{target_, client_, shared.to_client, loop}}
    {
        all_.insert(this);
    }
    ~link() { all_.erase(this); }
    link(link const&) = delete;
    link& operator=(link const&) = delete;

    void start(unsigned short port)
    {
        target_.async_connect({asio::ip::address_v4::loopback(), port},
                              [self = shared_from_this()](error_code error) {
                                  if (error)
                                      return self->close();
                                  self->read(self->ways_[0]);
                                  self->read(self->ways_[1]);
                              });
    }

    void close()
    {
        error_code ignored;
        client_.close(ignored);
        target_.close(ignored);
        for (auto& each : ways_)
            each.timer.cancel();
    }

    void go_on()
    {
        for (auto& each : ways_)
            hand_on(each);
    }

private:
    struct way {
        way(tcp::socket& sender, tcp::socket& receiver, std::chrono::nanoseconds const& later,
            asio::io_context& loop)
            : from(sender), to(receiver), delay(later), timer(loop)
        {}

        tcp::socket& from;
        tcp::socket& to;
        std::chrono::nanoseconds const& delay;
        asio::steady_timer timer;
        std::array<char, 16384> buffer{};
        std::deque<piece> waiting{};
        bool is_reading = false;
        bool is_busy = false; ///< the first piece is being written
        bool has_ended = false;
    };

    void read(way& one)
    {
        if (one.is_reading || one.has_ended || one.waiting.size() >= max_waiting)
            return;
        one.is_reading = true;
        one.from.async_read_some(
            asio::buffer(one.buffer), [self = shared_from_this(), &one](error_code error, std::size_t size) {
                one.is_reading = false;
                if (error && error != asio::error::eof)
                    return self->close(); // reset: the other side is to see no orderly end
                one.has_ended = error == asio::error::eof;
                auto due = std::chrono::steady_clock::now() + one.delay;
                if (!one.waiting.empty())
                    due = std::max(due, one.waiting.back().due);
                one.waiting.push_back({due, {one.buffer.data(), one.buffer.data() + (error ? 0 : size)}});
                self->read(one);
                self->hand_on(one);
            });
    }

    void hand_on(way& one)
    {
        if (one.is_busy || shared_.is_held || one.waiting.empty() || !one.to.is_open())
            return;
        if (one.waiting.front().due > std::chrono::steady_clock::now()) {
            one.timer.expires_at(one.waiting.front().due);
            one.timer.async_wait([self = shared_from_this(), &one](error_code error) {
                if (!error)
                    self->hand_on(one);
            });
            return;
        }
        if (one.waiting.front().bytes.empty())
            return end(one);
        one.is_busy = true;
        asio::async_write(one.to, asio::buffer(one.waiting.front().bytes),
                          [self = shared_from_this(), &one](error_code error, std::size_t) {
                              one.is_busy = false;
                              one.waiting.pop_front();
                              if (error)
                                  return self->close();
                              self->hand_on(one);
                              self->read(one);
                          });
    }

    void end(way& one)
    {
        one.waiting.pop_front();
        error_code ignored;
        one.to.shutdown(tcp::socket::shutdown_send, ignored);
        if (ways_[0].has_ended && ways_[1].has_ended && ways_[0].waiting.empty() && ways_[1].waiting.empty())
            close();
    }

    delays const& shared_;
    std::unordered_set<link*>& all_;
    tcp::socket client_;
    tcp::socket target_;
    std::array<way, 2> ways_;
};

} // namespace

struct relay::state {
    explicit state(unsigned short port_of_target)
        : target(port_of_target), acceptor(loop, {asio::ip::address_v4::loopback(), 0}),
          port(acceptor.local_endpoint().port())
    {
        accept();
        thread = std::thread([this] { loop.run(); });
    }

    ~state()
    {
        in_loop([this] {
            error_code ignored;
            acceptor.close(ignored);
            for (auto* const each : std::vector<link*>(links.begin(), links.end()))
                each->close();
        });
        thread.join();
    }
    state(state const&) = delete;
    state& operator=(state const&) = delete;

    void accept()
    {
        acceptor.async_accept([this](error_code error, tcp::socket client) {
            if (!acceptor.is_open())
                return;
            if (!error)
                std::make_shared<link>(loop, shared, links, std::move(client))->start(target);
            accept();
        });
    }

    template <class F>
    void in_loop(F&& f)
    {
        std::promise<void> done;
        asio::post(loop, [&] {
            f();
            done.set_value();
        });
        done.get_future().get();
    }

    unsigned short target;
    delays shared{};
    std::unordered_set<link*> links{};
    asio::io_context loop{1};
    tcp::acceptor acceptor;
    unsigned short port;
    std::thread thread{};
};

relay::relay(unsigned short target) : state_(std::make_unique<state>(target)) {}

relay::~relay() = default;

unsigned short relay::port() const { return state_->port; }

void relay::set_delay(std::chrono::nanoseconds to_target, std::chrono::nanoseconds to_client)
{
    state_->in_loop([&] {
        state_->shared.to_target = to_target;
        state_->shared.to_client = to_client;
    });
}

void relay::hold()
{
    state_->in_loop([&] { state_->shared.is_held = true; });
}

void relay::release()
{
    state_->in_loop([&] {
        state_->shared.is_held = false;
        for (auto* const each : std::vector<link*>(state_->links.begin(), state_->links.end()))
            each->go_on();
    });
}

std::size_t relay::connections() const
{
    std::size_t count = 0;
    state_->in_loop([&] { count = state_->links.size(); });
    return count;
}

} // namespace server
