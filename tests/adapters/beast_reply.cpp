// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/beast_reply.hpp>

#include <boost/beast/http/error.hpp>

#include <doctest/doctest.h>

namespace http = boost::beast::http;
using afterwrite::beast_reply;

TEST_CASE("a reply is an answer or an error, and the answer of an error is empty")
{
    beast_reply const nothing;
    CHECK_FALSE(nothing);
    CHECK_FALSE(nothing.is_unsent()); // as far as is known
    CHECK(nothing->result_int() == 0);
    CHECK(nothing->body().empty());
    beast_reply const broken{http::error::end_of_stream, false};
    CHECK_FALSE(broken);
    CHECK_FALSE(broken.is_unsent());
    CHECK(broken.error() == http::error::end_of_stream);
    CHECK(broken.what() == "No answer came: end of stream.");
    beast_reply const unsent{http::error::bad_target, true};
    CHECK_FALSE(unsent);
    CHECK(unsent.is_unsent());
    CHECK(unsent.what().starts_with("There was no connection: "));
    beast_reply const answered{beast_reply::answer_type{http::status::not_found, 11}};
    CHECK(answered);
    CHECK_FALSE(answered.is_unsent());
    CHECK((*answered).result_int() == 404);
    CHECK(answered.what() == "The request was answered.");
}
