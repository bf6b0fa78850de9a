// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <utility> // before anything of Asio, some versions of which lack it

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <string>

// needs exceptions: Boost.Beast does.

namespace afterwrite::inline AFTERWRITE_VERSION {

/// How an attempt ended: an answer, or an error of Asio, Beast or OpenSSL. To read the answer of an error is
/// a mistake that yields an empty answer of status 0, never undefined behaviour.
class beast_reply {
public:
    using answer_type = boost::beast::http::response<boost::beast::http::string_body>;

    beast_reply() : beast_reply(boost::beast::http::error::end_of_stream, false) {} ///< nothing came
    beast_reply(boost::beast::error_code error, bool is_unsent) : error_(error), is_unsent_(is_unsent)
    {
        answer_.result(0U);
    }
    beast_reply(answer_type&& answer) : answer_(std::move(answer)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return !error_; }
    [[nodiscard]] answer_type const& operator*() const noexcept { return answer_; }
    [[nodiscard]] answer_type& operator*() noexcept { return answer_; }
    [[nodiscard]] answer_type const* operator->() const noexcept { return &answer_; }
    [[nodiscard]] answer_type* operator->() noexcept { return &answer_; }

    /// No error if there is an answer. beast::error::timeout, http::error::body_limit and
    /// http::error::bad_target are those of this transport; the latter also stands for an address that is
    /// none.
    [[nodiscard]] boost::beast::error_code error() const noexcept { return error_; }

    /// There was no connection to send it over, so it was not executed.
    [[nodiscard]] bool is_unsent() const noexcept { return is_unsent_; }

    /// The error as a sentence for people.
    [[nodiscard]] std::string what() const
    {
        if (!error_)
            return "The request was answered.";
        return (is_unsent_ ? "There was no connection: " : "No answer came: ") + error_.message() + ".";
    }

private:
    answer_type answer_{};
    boost::beast::error_code error_{};
    bool is_unsent_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
