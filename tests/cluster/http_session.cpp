// SPDX-License-Identifier: BSL-1.0
#include "http_session.hpp"

#include "answers.hpp"

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace cluster {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::uint32_t header_limit = 64 * 1024; // far above any set of headers used here
constexpr std::uint64_t body_limit = std::uint64_t{32} * 1024 * 1024; // Vault's DefaultMaxRequestSize

constexpr std::chrono::seconds linger_time{2};
constexpr std::size_t discard_bytes = std::size_t{64} * 1024;

using plain_stream = beast::tcp_stream;
using secure_stream = beast::ssl_stream<beast::tcp_stream>;

template <class Stream>
class session final : public connection, public std::enable_shared_from_this<session<Stream>> {
public:
    template <class... Args>
    session(serving& shared, std::size_t node, asio::ip::tcp::socket socket, Args&... args)
        : shared_(shared), node_(node), stream_(std::move(socket), args...), timer_(shared.loop)
    {
        shared_.open.insert(this);
    }

    ~session() override
    {
        drop_ticket();
        shared_.open.erase(this);
    }

    session(session const&) = delete;
    session& operator=(session const&) = delete;

    void start()
    {
        if constexpr (std::is_same_v<Stream, secure_stream>) {
            stream_.async_handshake(asio::ssl::stream_base::server,
                                    [self = this->shared_from_this()](error_code error) {
                                        if (!error) {
                                            self->read();
                                        }
                                    });
        } else {
            read();
        }
    }

    void close() override
    {
        error_code ignored;
        socket().close(ignored);
        timer_.cancel();
        drop_ticket();
    }

    void arm() override
    {
        auto const until = shared_.emulated.held_until(ticket_);
        if (!until) {
            return;
        }
        timer_.expires_at(shared_.started +
                          std::chrono::duration_cast<std::chrono::steady_clock::duration>(*until));
        timer_.async_wait([self = this->shared_from_this(), id = ticket_](error_code error) {
            if (!error && self->ticket_ == id) {
                self->resume();
            }
        });
    }

private:
    asio::ip::tcp::socket& socket() { return beast::get_lowest_layer(stream_).socket(); }

    void drop_ticket()
    {
        if (ticket_ != 0) {
            shared_.emulated.cancel(ticket_);
            shared_.held.erase(ticket_);
            ticket_ = 0;
        }
    }

    void read()
    {
        parser_.emplace();
        parser_->header_limit(header_limit);
        parser_->body_limit(body_limit);
        http::async_read(
            stream_, buffer_, *parser_,
            [self = this->shared_from_this()](error_code error, std::size_t) { self->got(error); });
    }

    void got(error_code error)
    {
        if (error == http::error::body_limit) {
            write(error_answer(413, "request body too large"), true);
            return;
        }
        if (error == http::error::header_limit) {
            write(error_answer(431), true);
            return;
        }
        if (error == http::error::end_of_stream || error == http::error::partial_message) {
            finish();
            return;
        }
        const error_code some_parse_error = http::error::bad_method;
        if (error && error.category() == some_parse_error.category()) {
            write(error_answer(400), true);
            return;
        }
        if (error) {
            return; // the socket itself failed
        }
        keep_alive_ = parser_->get().keep_alive();
        const request asked = translated();
        delay_ = shared_.options.on_request ? shared_.options.on_request(node_, asked) : nanoseconds{0};
        after(shared_.emulated.handle(node_, asked, shared_.now()));
        shared_.look_at_held();
    }

    request translated() const
    {
        auto const& message = parser_->get();
        auto const method = message.method_string();
        auto const target = message.target();
        request asked{{method.data(), method.size()}, {target.data(), target.size()}, {}, message.body()};
        for (auto const& field : message) {
            auto const name = field.name_string();
            auto const value = field.value();
            asked.fields.emplace_back(std::string(name.data(), name.size()),
                                      std::string(value.data(), value.size()));
        }
        return asked;
    }

    void after(outcome result)
    {
        if (result.held) {
            ticket_ = result.id;
            watch();
            shared_.held[ticket_] = this;
            arm();
            return;
        }
        int const hops = (result.note.forwarded ? 1 : 0) + (result.note.to_primary ? 1 : 0);
        const nanoseconds delay = delay_ + hops * shared_.options.forward_delay;
        if (delay <= nanoseconds{0}) {
            return write(std::move(result.answer), false);
        }
        timer_.expires_after(delay);
        timer_.async_wait(
            [self = this->shared_from_this(), answer = std::move(result.answer)](error_code error) {
                if (!error) {
                    self->write(answer, false);
                }
            });
    }

    void resume()
    {
        const ticket id = std::exchange(ticket_, 0);
        shared_.held.erase(id);
        after(shared_.emulated.resume(id, shared_.now()));
        shared_.look_at_held();
    }

    /// While a request is held nothing reads; a client that goes away shows as readable and empty.
    void watch()
    {
        if (watching_) {
            return;
        }
        watching_ = true;
        socket().async_wait(
            asio::socket_base::wait_read, [self = this->shared_from_this()](error_code error) {
                self->watching_ = false;
                char byte = 0;
                error_code peeked;
                if (error || self->ticket_ == 0 || !self->socket().is_open()) {
                    return;
                }
                self->socket().non_blocking(true, peeked);
                const auto bytes =
                    self->socket().receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, peeked);
                // With TLS the goodbye itself is bytes, and a client that waits has nothing else to say.
                const bool secure = std::is_same_v<Stream, secure_stream>;
                if (peeked != asio::error::would_block && (secure || bytes == 0)) {
                    self->close();
                }
            });
    }

    void write(response answer, bool last)
    {
        keep_alive_ = keep_alive_ && !last;
        message_ = {};
        message_.version(11);
        message_.result(static_cast<unsigned>(answer.status));
        for (auto const& [name, value] : answer.fields) {
            message_.insert(name, value);
        }
        message_.body() = std::move(answer.body);
        if (answer.status != 204) {
            message_.content_length(message_.body().size());
        }
        message_.keep_alive(keep_alive_);
        http::async_write(stream_, message_,
                          [self = this->shared_from_this()](error_code error, std::size_t) {
                              if (error || !self->keep_alive_) {
                                  self->finish();
                              } else {
                                  self->read();
                              }
                          });
    }

    void finish()
    {
        if constexpr (std::is_same_v<Stream, secure_stream>) {
            stream_.async_shutdown([self = this->shared_from_this()](error_code) { self->linger(); });
        } else {
            linger();
        }
    }

    /// Says goodbye and throws away what the client still sends: to close at once would reset the
    /// connection, and the client could lose the answer.
    void linger()
    {
        error_code ignored;
        socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        timer_.expires_after(linger_time);
        timer_.async_wait([self = this->shared_from_this()](error_code error) {
            if (!error) {
                self->close();
            }
        });
        discard();
    }

    void discard()
    {
        buffer_.clear();
        socket().async_receive(buffer_.prepare(discard_bytes),
                               [self = this->shared_from_this()](error_code error, std::size_t) {
                                   if (error) {
                                       self->close();
                                   } else {
                                       self->discard();
                                   }
                               });
    }

    serving& shared_;
    std::size_t node_;
    Stream stream_;
    asio::steady_timer timer_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> message_;
    ticket ticket_ = 0;
    nanoseconds delay_{}; ///< of the answer to the last request
    bool keep_alive_ = false;
    bool watching_ = false;
};

} // namespace

void serve_connection(serving& shared, asio::ip::tcp::socket socket, std::size_t node)
{
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (shared.options.tls) {
        std::make_shared<session<secure_stream>>(shared, node, std::move(socket), shared.tls)->start();
    } else {
        std::make_shared<session<plain_stream>>(shared, node, std::move(socket))->start();
    }
}

} // namespace cluster
