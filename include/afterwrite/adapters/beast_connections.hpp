// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/version.hpp>

#include <utility> // before anything of Asio, some versions of which lack it

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/stream_traits.hpp>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// needs exceptions: Boost.Beast does.

namespace afterwrite::inline AFTERWRITE_VERSION {

namespace detail {

/// TCP, or a unix socket.
using beast_stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;

/// Where the address of a node leads to.
struct beast_place {
    std::string authority{}; ///< for the Host field
    std::string host{};      ///< name or number, without brackets
    std::uint16_t port = 0;
    std::string path{}; ///< of a unix socket
    bool is_tls = false;

    /// "https://10.0.0.1:8200", "http://[::1]:8200", "unix:/run/vault.sock"; nothing if it is no such
    /// address.
    [[nodiscard]] static std::optional<beast_place> of(std::string_view address)
    {
        if (address.substr(0, 5) == "unix:")
            return of_path(address.substr(address.substr(5, 2) == "//" ? 7 : 5));
        auto const origin = replication_view::origin_of(address);
        auto const colon = origin.find(':');
        if (colon == std::string_view::npos)
            return std::nullopt;
        beast_place place;
        place.is_tls = colon == std::string_view("https").size();
        auto rest = origin.substr(colon + 3);
        place.authority = rest;
        if (rest.front() == '[') {
            auto const end = rest.find(']');
            if (end == std::string_view::npos)
                return std::nullopt;
            place.host = rest.substr(1, end - 1);
            rest.remove_prefix(end + 1);
        } else {
            place.host = rest.substr(0, rest.find(':'));
            rest.remove_prefix(place.host.size());
        }
        return place.has_host_and_port(rest) ? std::optional(std::move(place)) : std::nullopt;
    }

private:
    /// The longest path that every system has room for.
    static constexpr std::size_t longest_path = 103;

    [[nodiscard]] static std::optional<beast_place> of_path(std::string_view path)
    {
        if (path.empty() || path.size() > longest_path)
            return std::nullopt;
        return beast_place{.authority = "localhost", .path = std::string(path)};
    }

    /// `text`: what stands behind the host.
    [[nodiscard]] bool has_host_and_port(std::string_view text)
    {
        port = is_tls ? 443 : 80;
        if (host.empty() || text.empty())
            return !host.empty();
        auto const [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), port);
        return text.front() == ':' && error == std::errc{} && end == text.data() + text.size();
    }
};

/// Nothing is to be read at once: neither bytes nor an end. Whatever is found is taken, so a stream of which
/// this does not hold is of no use any more. (To peek at the socket is not enough: TLS may have taken bytes
/// from there that nobody has asked it for yet.)
template <class Stream>
[[nodiscard]] bool has_nothing_to_read(Stream& stream)
{
    boost::beast::error_code error;
    char byte = 0;
    boost::beast::get_lowest_layer(stream).socket().non_blocking(true, error);
    if (!error)
        stream.read_some(boost::asio::buffer(&byte, 1), error);
    return error == boost::asio::error::would_block;
}

/// Connections without TLS. What takes its place makes others, see `beast_tls`.
struct beast_plain {
    using stream = beast_stream;
    static constexpr bool is_tls = false;

    /// See `has_nothing_to_read`.
    [[nodiscard]] static bool is_quiet(stream& of) { return has_nothing_to_read(of); }

    template <class Executor>
    [[nodiscard]] std::unique_ptr<stream> make(Executor const& executor, beast_place const&) const
    {
        return std::make_unique<stream>(executor);
    }

    template <class Handler>
    static void async_handshake(stream& to, Handler&& handler)
    {
        boost::asio::post(to.get_executor(), boost::beast::bind_front_handler(std::forward<Handler>(handler),
                                                                              boost::beast::error_code{}));
    }
};

/// Connections that wait for their next request.
template <class Security>
class beast_connections {
public:
    using clock = std::chrono::steady_clock;
    using stream_type = typename Security::stream;

    /// One that still is open, the one last used first; null if there is none. Of one where something is to
    /// be read though nothing was asked, an end or bytes that belong to no request, nobody gets the rest.
    [[nodiscard]] std::unique_ptr<stream_type> take(std::string_view address, std::chrono::seconds idle_time)
    {
        for (auto i = kept_.size(); i-- > 0;) {
            if (kept_[i].address != address)
                continue;
            auto one = std::move(kept_[i]);
            kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
            if (clock::now() - one.since <= idle_time && Security::is_quiet(*one.stream))
                return std::move(one.stream);
        }
        return nullptr;
    }

    /// Of too many the one goes that was kept first.
    void keep(std::string address, std::unique_ptr<stream_type> stream, std::size_t max_idle)
    {
        boost::beast::get_lowest_layer(*stream).expires_never();
        kept_.push_back({std::move(address), std::move(stream), clock::now()});
        if (kept_.size() > max_idle)
            kept_.erase(kept_.begin());
    }

private:
    struct kept {
        std::string address;
        std::unique_ptr<stream_type> stream;
        clock::time_point since;
    };

    std::vector<kept> kept_;
};

} // namespace detail

} // namespace afterwrite::inline AFTERWRITE_VERSION
