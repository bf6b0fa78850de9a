// SPDX-License-Identifier: BSL-1.0
// The README's jobs that hand a session on, run against a cluster whose second node stands still.
#include "readme/handed_on.hpp"

#include <afterwrite/session/portable_session.hpp>

#include "end_to_end/cases.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using cluster::dialect;

constexpr afterwrite::hmac_key key("the secret of these jobs");
constexpr afterwrite::hmac_key other_key("the secret of others");
char const* const path = "/v1/kv/release";

/// The jobs' own folder, and their environment.
class workplace {
public:
    workplace()
    {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        fs::current_path(folder_);
        unsetenv("VAULT_SESSION");
    }
    ~workplace()
    {
        unsetenv("VAULT_SESSION");
        fs::current_path(before_);
        fs::remove_all(folder_);
    }
    workplace(workplace const&) = delete;
    workplace& operator=(workplace const&) = delete;

    /// What a shell makes of the file, without a quote in it, is a variable from now on.
    std::string take_environment()
    {
        std::string text;
        auto* const shell = popen("set -eu; . ./vault.env; printf %s \"$VAULT_SESSION\"", "r");
        REQUIRE(shell != nullptr);
        for (int c = std::fgetc(shell); c != EOF; c = std::fgetc(shell))
            text += static_cast<char>(c);
        REQUIRE(pclose(shell) == 0);
        set_environment(text);
        return text;
    }

    static void set_environment(std::string const& text)
    {
        REQUIRE(setenv("VAULT_SESSION", text.c_str(), 1) == 0);
    }

private:
    fs::path before_ = fs::current_path();
    fs::path folder_ = fs::temp_directory_path() / ("afterwrite-handed-on-" + std::to_string(getpid()));
};

/// Node 1 has not seen what is written from now on, and will not.
cluster::settings standing_still(dialect speaks)
{
    auto chosen = end_to_end::settings_of(speaks, "constant:0ms");
    chosen.allow_forwarding_via_header = true;
    return chosen;
}

std::string value(std::string const& of) { return R"({"v":")" + of + R"("})"; }

bool shows(std::string const& body, std::string const& expected)
{
    return body.find(R"("v":")" + expected + '"') != std::string::npos;
}

/// What somebody gets who was handed nothing.
std::string read_without(httplib::Client& vault)
{
    auto const answer = vault.Get(path, httplib::Headers{{"X-Vault-Token", "root"}});
    REQUIRE(answer);
    return answer->body;
}

void check_jobs(dialect speaks)
{
    cluster::http_server nodes{standing_still(speaks)};
    httplib::Client first{nodes.address(0)};
    httplib::Client second{nodes.address(1)};
    workplace work;
    std::string seen;

    end_to_end::stall(nodes, 1);
    REQUIRE(handed_on::write_job(first, key, path, value("42")) == 0);
    auto const text = work.take_environment();
    CHECK_FALSE(shows(read_without(second), "42"));
    CHECK(handed_on::read_job(second, key, path, seen) == 0);
    CHECK(shows(seen, "42"));

    // The same without a signature, for whoever leaves the key out on both sides.
    afterwrite::session writer;
    afterwrite::replication_view view;
    REQUIRE(afterwrite::send(first, handed_on::put(path, value("43")), writer, view).delivered());
    auto const anybodys = afterwrite::export_session(writer);
    REQUIRE(anybodys.has_value());
    afterwrite::session reader;
    REQUIRE(afterwrite::import_session(reader, *anybodys, afterwrite::clock::now()).has_value());
    afterwrite::replication_view unknown;
    auto const secret = afterwrite::send(second, handed_on::get(path), reader, unknown);
    CHECK(end_to_end::shows(secret, "43"));
}

} // namespace

TEST_CASE("the README's second job sees what the first one wrote, where others do not yet")
{
    check_jobs(dialect::vault);
    check_jobs(dialect::openbao);
}

TEST_CASE("the README's second job fails, and asks nobody, if the text is wrong, missing or of others")
{
    cluster::http_server nodes{standing_still(dialect::vault)};
    httplib::Client first{nodes.address(0)};
    httplib::Client second{nodes.address(1)};
    workplace work;
    REQUIRE(handed_on::write_job(first, key, path, value("42")) == 0);
    auto const text = work.take_environment();
    std::string seen = "nothing";
    auto const fails = [&] { return handed_on::read_job(second, key, path, seen) == 1; };

    auto altered = text;
    altered[text.size() / 2] = altered[text.size() / 2] == 'A' ? 'B' : 'A';
    for (auto const& wrong : {altered, text.substr(0, text.size() - 1), text + "\n", std::string()}) {
        work.set_environment(wrong);
        CHECK(fails());
    }
    unsetenv("VAULT_SESSION");
    CHECK(fails());
    work.set_environment(text);
    CHECK(handed_on::read_job(second, other_key, path, seen) == 1);
    CHECK(seen == "nothing");
    CHECK(nodes.counters(1).received == 0);
    CHECK(handed_on::read_job(second, key, path, seen) == 0);
    CHECK(shows(seen, "42"));
}

TEST_CASE("the README's first job hands nothing on if its write did not get through")
{
    httplib::Client nobody{"http://127.0.0.1:1"};
    workplace work;
    CHECK(handed_on::write_job(nobody, key, path, value("42")) == 1);
    CHECK_FALSE(fs::exists("vault.env"));
}

TEST_CASE("a server gets the text whole, in a field of its own and in a cookie")
{
    std::string field;
    std::string cookies;
    cluster::http_options options;
    options.on_request = [&](std::size_t, cluster::request const& asked) {
        for (auto const& [name, text] : asked.fields) {
            if (name == "X-Session")
                field = text;
            if (name == "Cookie")
                cookies = text;
        }
        return cluster::nanoseconds{};
    };
    workplace work;
    std::string text;
    {
        cluster::http_server nodes{standing_still(dialect::vault), options};
        httplib::Client vault{nodes.address(0)};
        REQUIRE(handed_on::write_job(vault, key, path, value("42")) == 0);
        text = work.take_environment();
        REQUIRE(vault.Get(path, httplib::Headers{{"X-Vault-Token", "root"},
                                                 {"X-Session", text},
                                                 {"Cookie", "a=b; session=" + text + "; c=d"}}));
    } // its thread has ended
    CHECK(field == text);
    CHECK(cookies == "a=b; session=" + text + "; c=d");
    afterwrite::session session;
    CHECK(afterwrite::import_session(session, field, afterwrite::clock::now(), key).has_value());
}
