// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/read_message.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/test_message.hpp"

#include <string>
#include <string_view>

using namespace afterwrite;
using namespace support;

namespace {

std::string const service_token = std::string("hvs.") + std::string(91, 'x');
std::string const batch_token = std::string("hvb.") + std::string(91, 'x');

bool may_carry(std::string_view name, std::string_view credential)
{
    return read_request(get().with(name, credential)).token_may_carry_index;
}

} // namespace

TEST_CASE("a request for sys/health is told apart by its path")
{
    CHECK(read_request(get("/v1/sys/health?standbyok=true")).asks_health);
    CHECK_FALSE(read_request(get("/v1/kv/foo")).asks_health);
}

TEST_CASE("a token that may demand a state of its own is seen, in whichever field it stands")
{
    CHECK(may_carry("X-Vault-Token", service_token));
    CHECK(may_carry("x-vault-token", service_token));
    CHECK(may_carry("Authorization", "Bearer " + service_token));
    CHECK_FALSE(may_carry("X-Vault-Token", batch_token));
    CHECK_FALSE(may_carry("Authorization", "Bearer " + batch_token));
    CHECK_FALSE(may_carry("Cookie", service_token));
    CHECK_FALSE(read_request(get()).token_may_carry_index);
    auto const both =
        get().with("X-Vault-Token", batch_token).with("Authorization", "Bearer " + service_token);
    CHECK(read_request(both).token_may_carry_index);
}

TEST_CASE("Retry-After is the first value that can be read")
{
    CHECK(find_retry_after(answer(429).with("retry-after", "2")) == 2s);
    CHECK(find_retry_after(
              answer(429).with("Retry-After", "soon").with("Retry-After", "3").with("Retry-After", "4")) ==
          3s);
    CHECK_FALSE(find_retry_after(answer(429)).has_value());
    CHECK_FALSE(
        find_retry_after(answer(429).with("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT")).has_value());
}

TEST_CASE("an answer teaches which cluster answered, and in which dialect")
{
    replication_view view;
    learn_cluster(view, answer(200), {});
    CHECK(view.cluster().empty());
    learn_cluster(view, answer(200).with("X-Vault-Index", vault("a", 1, 0)), {});
    CHECK(view.cluster() == "a");
    CHECK(view.form() == dialect::vault);
    learn_cluster(view, answer(200).with("X-Vault-Index", openbao("b", "1")), {});
    CHECK(view.cluster() == "b");
    CHECK(view.form() == dialect::openbao);
    CHECK(view.cluster_changes() == 1);
}

TEST_CASE("an index that cannot be read teaches nothing")
{
    replication_view view;
    learn_cluster(view, answer(200).with("X-Vault-Index", vault("a", 1, 0)), {});
    for (std::string_view const garbage : {"", "garbage", "djE6", "eyJ9", ",,"})
        learn_cluster(view, answer(200).with("X-Vault-Index", garbage), {});
    CHECK(view.cluster() == "a");
    CHECK(view.cluster_changes() == 0);
}

TEST_CASE("an index that was carried tells a view that knows no cluster yet where it is")
{
    auto const carried = states({vault("a", 1, 0)});
    replication_view view;
    learn_cluster(view, answer(200).with("X-Vault-Index", vault("a", 1, 0)), carried);
    CHECK(view.cluster() == "a");
}

TEST_CASE("an index that was carried tells a view that took another cluster for this one where it is")
{
    auto const carried = states({vault("a", 1, 0), vault("c", 1, 0)});
    for (auto const& found : {vault("b", 7, 0), vault("c", 1, 0)}) {
        replication_view view(dialect::vault, cluster_id(found == vault("c", 1, 0) ? "c" : "a"));
        auto const before = view.cluster_changes();
        auto const news = learn_cluster(
            view, answer(200).with("X-Vault-Index", found).with("X-Vault-Index", vault("a", 1, 0)), carried);
        CHECK(news.has_changed);
        CHECK(view.cluster() == "a");
        CHECK(view.cluster_changes() > before);
    }
}

TEST_CASE("a redirect to a declared node tells where the active node is, one to a stranger tells nothing")
{
    replication_view view;
    view.add_node("https://a");
    CHECK_FALSE(learn_active_node(view, answer(307)));
    CHECK_FALSE(learn_active_node(view, answer(307).with("Location", "https://evil/")));
    CHECK(view.active_address().empty());
    CHECK(learn_active_node(
        view, answer(307).with("Location", "https://evil/").with("location", "https://a/v1/x")));
    CHECK(view.active_address() == "https://a");
}

TEST_CASE("an answer tells whether its cluster is another one than was carried, and than was there before")
{
    auto const carried = states({vault("a", 1, 0)});
    replication_view view;
    auto news = learn_cluster(view, answer(200).with("X-Vault-Index", vault("a", 2, 0)), carried);
    CHECK_FALSE(news.is_foreign);
    CHECK_FALSE(news.has_changed);
    news = learn_cluster(view, answer(200).with("X-Vault-Index", vault("b", 2, 0)), carried);
    CHECK(news.is_foreign);
    CHECK(news.has_changed);
    news = learn_cluster(view, answer(200).with("X-Vault-Index", vault("b", 3, 0)), {});
    CHECK_FALSE(news.is_foreign);
    CHECK_FALSE(news.has_changed);
    news = learn_cluster(view, answer(412).with("X-Vault-Index", vault("c", 3, 0)), carried);
    CHECK_FALSE(news.has_changed);
}

TEST_CASE("a request tells whether its answer may make a token")
{
    CHECK(read_request(put()).may_give_birth); // who has no token can only be about to get one
    auto const known = [](test_message request) {
        return read_request(request.with("X-Vault-Token", "s.x")).may_give_birth;
    };
    CHECK_FALSE(known(put()));
    CHECK(known(put("/v1/auth/token/create")));
    CHECK(known(get().with("X-Vault-Wrap-TTL", "60s")));
    CHECK_FALSE(read_request(put().with("Authorization", "Bearer s.x")).may_give_birth);
}

TEST_CASE("before a token there may be more than one blank")
{
    CHECK(may_carry("Authorization", "Bearer  " + service_token));
    CHECK(may_carry("Authorization", "Bearer   " + service_token));
    CHECK_FALSE(may_carry("Authorization", "Bearer   " + batch_token));
}

TEST_CASE("the active node is learned from 307 and 308, and from the first place that is declared")
{
    for (int const status : {307, 308, 301, 302, 306, 309}) {
        replication_view view;
        view.add_node("https://b:8200");
        auto const redirect = answer(status)
                                  .with("Location", "https://stranger:8200/v1/kv/foo")
                                  .with("Location", "https://b:8200/v1/kv/foo")
                                  .with("Location", "https://b:8200/v1/kv/bar");
        CHECK(learn_active_node(view, redirect) == (status == 307 || status == 308));
    }
}

TEST_CASE("of a request that was not read nothing is known")
{
    request_marks const unread;
    CHECK_FALSE(unread.asks_health);
    CHECK_FALSE(unread.token_may_carry_index);
    CHECK_FALSE(unread.may_give_birth);
}

TEST_CASE("an answer has an index if one of its fields can be read, whether it was carried or not")
{
    auto const carried = states({vault("a", 1, 0)});
    for (auto const& index : {vault("a", 1, 0), vault("a", 2, 0), "garbage," + vault("b", 1, 0)}) {
        replication_view view(dialect::vault, cluster_id("a"));
        CHECK(learn_cluster(view, answer(200).with("X-Vault-Index", index), carried).has_index);
        CHECK(learn_cluster(view, answer(299).with("X-Vault-Index", index), carried).has_index);
        CHECK_FALSE(learn_cluster(view, answer(300).with("X-Vault-Index", index), carried).has_index);
        CHECK_FALSE(learn_cluster(view, answer(199).with("X-Vault-Index", index), carried).has_index);
    }
    replication_view view(dialect::vault, cluster_id("a"));
    auto const news = learn_cluster(view, answer(200).with("X-Vault-Index", "garbage"), carried);
    CHECK_FALSE((news.has_index || news.is_foreign || news.has_changed || news.is_behind));
}
