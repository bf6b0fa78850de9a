// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/shared_replication_view.hpp>

#include <doctest/doctest.h>

#include <mutex>
#include <stdexcept>
#include <string>
#include <type_traits>

using namespace afterwrite;

namespace {

struct visible_lock {
    static inline bool is_held = false;
    void lock() { is_held = true; }
    void unlock() { is_held = false; }
};

} // namespace

static_assert(!std::is_copy_constructible_v<shared_replication_view<std::mutex>>);

TEST_CASE("it begins as the view that it is given")
{
    replication_view declared(dialect::openbao);
    declared.set_active_address("http://a");
    shared_replication_view<std::mutex> shared(declared);
    CHECK(shared.with([](replication_view& view) { return view.form(); }) == dialect::openbao);
    CHECK(shared.with([](replication_view& view) { return std::string(view.active_address()); }) ==
          "http://a");
    shared_replication_view<no_lock> empty;
    CHECK(empty.with([](replication_view& view) { return view.cluster().empty(); }));
}

TEST_CASE("the view is used under the lock, and what the use returns is returned")
{
    shared_replication_view<visible_lock> shared;
    CHECK(shared.with([](replication_view& view) {
        view.learn(dialect::vault, cluster_id("c"));
        return visible_lock::is_held;
    }));
    CHECK_FALSE(visible_lock::is_held);
    CHECK(shared.with([](replication_view& view) { return view.cluster() == "c"; }));
}

TEST_CASE("an exception lets go of the lock")
{
    shared_replication_view<visible_lock> shared;
    CHECK_THROWS_AS(shared.with([](replication_view&) { throw std::runtime_error("while held"); }),
                    std::runtime_error);
    CHECK_FALSE(visible_lock::is_held);
}
