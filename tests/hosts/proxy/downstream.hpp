// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "answers.hpp"
#include "fields.hpp"
#include "incoming.hpp"
#include "listener.hpp"
#include "relay.hpp"
#include "stream.hpp"
#include "worker.hpp"

#include <memory>
#include <optional>

namespace proxy {

/// One connection of a client's: its requests, one after the other. One thread.
class downstream final : public watched {
public:
    /// It lives until either side closes it.
    static void begin(worker& by, stream_socket socket, listener const& from);

    downstream(worker& by, stream_socket socket, listener const& from);
    ~downstream() override;

    /// Ends after the request that is under way, or at once if there is none.
    void drain();

    /// Ends at once.
    void cut();

    /// A client that is gone needs no answer.
    void look(instant now) override;

private:
    [[nodiscard]] task<> live();
    [[nodiscard]] task<bool> shake_hands();
    void expire_before_request(monotonic::duration patience);
    [[nodiscard]] task<bool> serve_one();
    [[nodiscard]] task<bool> serve(request_head head, framing how);
    [[nodiscard]] task<bool> read_body(client_request& request, body_reader& body, bool waits_for_us);
    [[nodiscard]] task<bool> hand_on(client_request& request, body_reader& body);
    [[nodiscard]] task<bool> answer(own_answer const& with, answer_form form);
    [[nodiscard]] task<bool> refuse(unsigned status, std::string_view sentence);

    worker& by_;
    shared& all_;
    listener_settings const& from_;
    stream bytes_;
    incoming in_;
    relay* under_way_ = nullptr;
    instant began_{}; ///< the request that is under way
    instant const connected_ = monotonic::now();
    bool is_idle_ = true;
    bool is_new_ = true; ///< it has sent no request
};

} // namespace proxy
