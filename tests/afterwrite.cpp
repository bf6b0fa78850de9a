// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/afterwrite.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/test_message.hpp"

using namespace afterwrite;
using namespace support;

TEST_CASE("one header is enough to write, and to require the write of the next read")
{
    session mine;
    replication_view cluster;
    auto request = put();
    exchange writing({}, mine.required(cluster), request_facts::of_method("PUT"), at(0s), 1);
    CHECK(writing.first(cluster).what == action::send_again);
    writing.prepare(request, cluster);
    CHECK(request.fields.empty());

    auto const response = written(vault("c", 7, 0));
    CHECK(mine.record(response, writing.carried(), at(1ms)).kept == 1);
    CHECK(writing.on_response(response, cluster, at(1ms)).what == action::deliver);

    auto next = get();
    exchange reading({}, mine.required(cluster), request_facts::of_method("GET"), at(2ms), 2);
    reading.prepare(next, cluster);
    CHECK(next.values("x-vault-index") == texts{vault("c", 7, 0)});
}
