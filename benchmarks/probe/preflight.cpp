// SPDX-License-Identifier: BSL-1.0
#include "preflight.hpp"

#include "interrupt.hpp"

#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/field_names.hpp>

#include <cstddef>
#include <string_view>

namespace probe {

namespace {

using afterwrite::curl_answer;
using afterwrite::curl_reply;
using afterwrite::curl_transport;
using afterwrite::dialect;
using sentence = std::optional<std::string>;

bool has(curl_answer const& answer, std::string_view words)
{
    return answer.body.find(words) != std::string::npos;
}

std::string unreachable(std::string const& node, curl_reply const& reply)
{
    auto const error = reply.error();
    if (error == CURLE_PEER_FAILED_VERIFICATION || error == CURLE_SSL_CACERT_BADFILE)
        return "The certificate of " + node + " is not trusted (" + reply.what() +
               "): let VAULT_CACERT name a PEM file with its authority.";
    return node + " cannot be reached (" + reply.what() +
           "): check --address or VAULT_ADDR, and that it is running.";
}

/// What an answer other than the expected one means, and what to do about it.
std::string explain(target const& cluster, std::string const& node, std::string_view what,
                    curl_answer const& answer)
{
    if (has(answer, "versioned K/V"))
        return "The mount " + cluster.mount() +
               " is KV version 2, and the probe speaks version 1: name another by "
               "--mount, or make one with: vault secrets enable -version=1 -path=kv kv";
    if (answer.status == 404 || has(answer, "no handler for route"))
        return "There is no mount " + cluster.mount() +
               ": name one of KV version 1 by --mount, or make one with: "
               "vault secrets enable -version=1 -path=" +
               cluster.mount() + " kv";
    if (answer.status == 403)
        return "The token is not permitted to " + std::string(what) + " at " + cluster.folder() +
               "/*: give one (--token or VAULT_TOKEN) whose policy has create, read, update and delete "
               "there.";
    if (answer.status == 503)
        return node + " is sealed or has no active node: unseal it, or wait for the election to end.";
    if (answer.status >= 300 && answer.status < 400)
        return node + " redirects to " + std::string(answer.head.field("Location")) +
               ": give addresses of nodes that answer requests themselves or forward them.";
    if (answer.status == 405 || has(answer, "unsupported"))
        return "The mount " + cluster.mount() + " is no KV version 1: name one by --mount.";
    return node + " answered " + std::to_string(answer.status) + " to the attempt to " + std::string(what) +
           " at " + cluster.folder() + ": " + answer.body.substr(0, 300);
}

sentence reach(target const& cluster, std::size_t node)
{
    auto request = cluster.request("GET", "sys/health");
    auto const reply = (*cluster.connect(node))(request, {});
    if (!reply)
        return unreachable(cluster.nodes()[node], reply);
    return std::nullopt;
}

/// A second probe with the same seed, or what an earlier one left: neither may be touched.
sentence find_leftovers(target const& cluster, curl_transport& connection)
{
    auto request = cluster.request("GET", cluster.folder() + "/?list=true");
    auto const reply = connection(request, {});
    if (reply && reply->status == 200)
        return "There are keys below " + cluster.folder() +
               "/ already: give another --seed, or remove them if no other probe is running.";
    return std::nullopt; // not permitted to list: nothing known, and nothing needed
}

sentence try_request(target const& cluster, curl_transport& connection, std::string_view method,
                     std::string_view what, std::optional<curl_reply>* answer = nullptr)
{
    constexpr std::string_view body = R"({"probe":"preflight"})";
    auto request = cluster.request(method, cluster.folder() + "/preflight",
                                   method == "POST" ? body : std::string_view{});
    auto const reply = connection(request, {});
    if (answer != nullptr)
        *answer = reply;
    if (!reply)
        return unreachable(connection.address(), reply);
    bool const lags =
        method == "GET" && reply->status == 404; // it may have answered before the write arrived
    if (!lags && (reply->status < 200 || reply->status > 299))
        return explain(cluster, connection.address(), what, *reply);
    return std::nullopt;
}

/// The index of a write tells the dialect.
sentence learn_dialect(target& cluster, curl_answer const& written)
{
    auto const index = written.head.field(afterwrite::field_names::index);
    auto const form = index.empty() ? dialect::unknown : afterwrite::dialect_of(index);
    if (form != dialect::unknown && cluster.form() != dialect::unknown && form != cluster.form())
        return "The cluster speaks " + std::string(to_string(form)) + ", not " +
               std::string(to_string(cluster.form())) + ": correct --dialect, or leave it out.";
    if (form != dialect::unknown)
        cluster.set_form(form);
    return std::nullopt;
}

/// Whether the answer leaves no doubt that nothing was written.
bool is_refusal(curl_reply const& reply) { return reply && reply->status >= 300 && reply->status <= 499; }

/// Writes a key, reads it, and removes it in any case: its write may have arrived though no answer did.
void try_key(target& cluster, preflight_result& found)
{
    auto const connection = cluster.connect(0);
    std::optional<curl_reply> written;
    found.problem = try_request(cluster, *connection, "POST", "write", &written);
    if (!found.problem) {
        found.has_index = !(*written)->head.field(afterwrite::field_names::index).empty();
        found.problem = learn_dialect(cluster, **written);
    }
    if (!found.problem)
        found.problem = try_request(cluster, *connection, "GET", "read");
    auto const cleaner = cluster.connect(0, true);
    auto undeleted = try_request(cluster, *cleaner, "DELETE", "delete");
    if (undeleted && !is_refusal(*written))
        found.leftover = *undeleted + " One key may be left: " + cluster.folder() + "/preflight.";
}

} // namespace

preflight_result preflight(target& cluster)
{
    preflight_result found;
    for (std::size_t node = 0; node < cluster.nodes().size() && !found.problem; ++node)
        found.problem = reach(cluster, node);
    if (!found.problem)
        found.problem = find_leftovers(cluster, *cluster.connect(0));
    if (!found.problem && !interrupt_guard::is_asked_to_stop())
        try_key(cluster, found);
    return found;
}

} // namespace probe
