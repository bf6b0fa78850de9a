// SPDX-License-Identifier: BSL-1.0
#include "downstream.hpp"

#include "endpoints.hpp"
#include "tls.hpp"

#include <boost/asio/co_spawn.hpp>

namespace proxy {

namespace {

/// RFC 9112, 3.2.2: a client that takes us for a proxy of its own names scheme and host as well.
[[nodiscard]] bool make_plain(request_head& head)
{
    auto target = text_of(head.target());
    for (std::string_view const scheme : {"http://", "https://"})
        if (target.starts_with(scheme)) {
            target.remove_prefix(scheme.size());
            auto const path = target.find_first_of("/?");
            auto const rest = path == target.npos ? std::string() : std::string(target.substr(path));
            head.target(rest.starts_with('/') ? rest : "/" + rest);
            return true;
        }
    return target.starts_with('/') || text_of(head.method_string()) == "CONNECT" ||
           (target == "*" && text_of(head.method_string()) == "OPTIONS");
}

/// What every request of the proxy's has.
void dress(request_head& head, upstream_settings const& chosen, listener_settings const& from)
{
    remove_connection_fields(head);
    if (!from.pass_forwarded)
        remove_forwarded_fields(head);
    head.erase(http::field::host);
    head.erase(http::field::expect);
    head.set("X-Vault-Request", "true");
    if (!chosen.namespace_name.empty() && head.count("X-Vault-Namespace") == 0)
        head.set("X-Vault-Namespace", chosen.namespace_name);
}

} // namespace

void downstream::begin(worker& by, stream_socket socket, listener const& from)
{
    auto const made = std::make_shared<downstream>(by, std::move(socket), from);
    asio::co_spawn(by.io().get_executor(), made->live(), [made](std::exception_ptr const& failure) {
        if (!failure)
            return;
        made->cut();
        std::rethrow_exception(failure); // which the worker logs
    });
}

downstream::downstream(worker& by, stream_socket socket, listener const& from)
    : watched(by.on_rounds()), by_(by), all_(by.all), from_(from.chosen()),
      bytes_(by.on_rounds(), std::move(socket), from.tls()), in_(bytes_, all_.chosen.limits.max_header_bytes)
{
    by_.clients_.insert(this);
}

downstream::~downstream()
{
    by_.clients_.erase(this);
    bytes_.close();
    all_.note_closed();
}

void downstream::drain()
{
    if (is_idle_)
        bytes_.close();
}

void downstream::cut()
{
    if (under_way_ != nullptr)
        under_way_->cancel();
    bytes_.cut();
}

void downstream::look(instant now)
{
    if (under_way_ != nullptr && now - began_ > rounds::pace && bytes_.has_hung_up())
        under_way_->cancel();
}

task<> downstream::live()
{
    bool const is_sound = co_await shake_hands();
    while (is_sound) {
        bool const goes_on = co_await serve_one();
        if (!goes_on)
            break;
    }
    if (is_sound && bytes_.is_open())
        co_await bytes_.finish();
}

task<bool> downstream::shake_hands()
{
    if (!bytes_.is_secure())
        co_return true;
    bytes_.expire_at(connected_ + all_.chosen.limits.header_timeout);
    auto const error = co_await bytes_.handshake(asio::ssl::stream_base::server);
    if (!error)
        co_return true;
    ++all_.counted.requests_malformed;
    if (is_plain_http(error)) {
        all_.log.write_seldom(log_level::warn, "a client speaks HTTP without TLS to a listener with it",
                              {{"listener", from_.address}});
        auto const said = own_answer::error(400, "this listener wants HTTPS");
        auto const text = written(said, answer_form{.is_kept = false});
        co_await bytes_.write_plain(text);
    } else {
        all_.log.debug("no TLS handshake", {{"listener", from_.address}, {"error", error.message()}});
    }
    co_return false;
}

/// Who has said nothing yet has not earned patience.
void downstream::expire_before_request(monotonic::duration patience)
{
    if (is_new_)
        bytes_.expire_at(connected_ + all_.chosen.limits.header_timeout);
    else
        bytes_.expire_after(patience);
}

/// Whether the connection is there for another one.
task<bool> downstream::serve_one()
{
    auto const& limits = all_.chosen.limits;
    is_idle_ = in_.is_empty();
    in_.rest();
    if (is_idle_) {
        if (all_.is_draining)
            co_return false;
        expire_before_request(limits.idle_timeout);
        auto const error = co_await in_.wait_for_bytes();
        if (error)
            co_return false;
        is_idle_ = false;
    }
    expire_before_request(limits.header_timeout);
    auto const head = co_await in_.read_head();
    bytes_.expire_never();
    is_new_ = false;
    if (head.what == incoming::trouble::closed)
        co_return false;
    if (head.what == incoming::trouble::too_large)
        co_return co_await refuse(431, "the head of the request is too large");
    if (head.what == incoming::trouble::broken) {
        if (bytes_.has_expired())
            ++all_.counted.requests_timed_out;
        co_return false;
    }
    auto parsed = read_request_head(head.bytes);
    auto const how = parsed ? framing_of(*parsed) : std::nullopt;
    if (!how || !make_plain(*parsed))
        co_return co_await refuse(400, "the request is no HTTP, or could be read in two ways");
    ++all_.counted.requests;
    ++all_.counted.requests_under_way;
    at_end const done([this] { --all_.counted.requests_under_way; });
    co_return co_await serve(std::move(*parsed), *how);
}

task<bool> downstream::serve(request_head head, framing how)
{
    client_request request{.head = std::move(head), .how = how, .body = {}, .form = {}};
    auto& form = request.form;
    form.version = request.head.version();
    form.is_head = text_of(request.head.method_string()) == "HEAD";
    form.is_kept = is_kept(request.head) && !all_.is_draining;
    body_reader body(how);
    if (auto const own = answer_itself(request.head, how, from_, all_)) {
        ++all_.counted.own_answers;
        form.is_kept = form.is_kept && body.is_done();
        co_return co_await answer(*own, form);
    }
    bool const waits_for_us = form.version >= 11 && names(request.head, http::field::expect, "100-continue");
    bool const is_read = co_await read_body(request, body, waits_for_us);
    if (!is_read)
        co_return false;
    dress(request.head, all_.chosen.upstream, from_);
    co_return co_await hand_on(request, body);
}

/// As much of the body as can be sent again. What is longer is left where it is.
task<bool> downstream::read_body(client_request& request, body_reader& body, bool waits_for_us)
{
    auto const& limits = all_.chosen.limits;
    if (body.is_done())
        co_return true;
    bytes_.expire_after(limits.body_timeout);
    if (waits_for_us && in_.is_empty()) {
        auto const error = co_await bytes_.write("HTTP/1.1 100 Continue\r\n\r\n");
        if (error)
            co_return false;
    }
    in_.expect_body(limits.body_timeout, limits.min_body_rate);
    bool const is_long = body.length().value_or(0) > limits.max_replay_bytes;
    while (!is_long && !body.is_done() && request.body.size() <= limits.max_replay_bytes) {
        bytes_.expire_after(limits.body_timeout);
        auto const part = co_await in_.read_part(body);
        request.body.append(part);
        if (!body.is_broken())
            continue;
        bool const is_slow = in_.was_too_slow();
        if (bytes_.has_expired() || is_slow)
            ++all_.counted.requests_timed_out;
        if (is_slow)
            (void)co_await refuse(408, "the body of the request comes too slowly");
        else if (!bytes_.has_expired())
            (void)co_await refuse(400, "the body of the request is broken");
        co_return false;
    }
    bytes_.expire_never();
    if (request.body.size() <= limits.max_request_bytes)
        co_return true;
    (void)co_await refuse(413, "the body of the request is too large");
    co_return false;
}

task<bool> downstream::hand_on(client_request& request, body_reader& body)
{
    relay way(by_, {bytes_, in_, body}, request);
    began_ = monotonic::now();
    under_way_ = &way;
    at_end const done([this] { under_way_ = nullptr; });
    bool const is_answered = co_await way.run();
    co_return is_answered&& request.form.is_kept;
}

task<bool> downstream::answer(own_answer const& with, answer_form form)
{
    count_answer(all_.counted, with.status);
    bytes_.expire_after(all_.chosen.limits.body_timeout);
    auto const text = written(with, form);
    auto const error = co_await bytes_.write(text);
    bytes_.expire_never();
    co_return !error && form.is_kept;
}

/// What cannot be trusted to be understood is the last that comes over a connection.
task<bool> downstream::refuse(unsigned status, std::string_view sentence)
{
    ++all_.counted.requests_malformed;
    ++all_.counted.own_answers;
    auto const said = own_answer::error(status, sentence);
    co_return co_await answer(said, answer_form{.is_kept = false});
}

} // namespace proxy
