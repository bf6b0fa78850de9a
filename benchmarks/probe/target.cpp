// SPDX-License-Identifier: BSL-1.0
#include "target.hpp"

#include "interrupt.hpp"

#include "cluster/http_server.hpp"

#include <array>
#include <charconv>

namespace probe {

namespace {

using afterwrite::dialect;

constexpr std::size_t active_node = 0; // of the embedded cluster that is measured: it has no elections

// Loopback and data centres answer in milliseconds; who takes longer has failed, and the report says so.
constexpr long connect_timeout_ms = 5000;
constexpr long request_timeout_ms = 15000;

cluster::settings embedded_settings(options const& chosen)
{
    cluster::settings settings;
    settings.speaks = chosen.form == dialect::openbao ? cluster::dialect::openbao : cluster::dialect::vault;
    settings.performance_standbys = 2;
    settings.allow_forwarding_via_header = true; // or there is nothing to see of the policies that forward
    settings.lag = cluster::parse_lag(chosen.lag).spec.value_or(cluster::lag_spec{});
    settings.seed = chosen.seed;
    settings.mounts = {"secret", chosen.mount};
    if (chosen.shape == topology::secondary) {
        auto secondary = cluster::secondary_of(settings);
        secondary.upstream_lag = settings.lag;
        settings.secondaries = {secondary};
    }
    return settings;
}

std::string hex(std::uint64_t number)
{
    std::array<char, 16> digits{};
    auto const [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return {digits.data(), end};
}

int stop_if_asked(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t)
{
    return interrupt_guard::is_asked_to_stop() ? 1 : 0;
}

} // namespace

target::target(options const& chosen)
    : lag_(chosen.lag), nodes_(chosen.addresses), token_(chosen.token), name_space_(chosen.name_space),
      ca_file_(chosen.ca_file), mount_(chosen.mount),
      folder_(chosen.mount + "/afterwrite-probe-" + hex(chosen.seed)), form_(chosen.form)
{
    if (!chosen.is_embedded())
        return;
    auto const settings = embedded_settings(chosen);
    embedded_ = std::make_unique<cluster::http_server>(settings);
    token_ = settings.root_token;
    embedded_->with_model([this](cluster::model& model, cluster::nanoseconds) {
        first_node_ = model.first_node(model.cluster_count() - 1);
    });
    for (std::size_t node = first_node_; node < embedded_->node_count(); ++node)
        nodes_.push_back(embedded_->address(node));
}

target::~target() = default;

std::string target::description() const
{
    std::string text;
    if (is_embedded()) {
        bool const is_vault = form_ == dialect::vault;
        bool const is_secondary = first_node_ != 0;
        text = std::string("Embedded ") + (is_vault ? "Vault" : "OpenBao") +
               (is_secondary ? " secondary, which has its primary write: " : " cluster: ") +
               "one active node, two " +
               (is_vault ? "performance standbys, allow_forwarding_via_header on" : "read-enabled standbys") +
               "; lag " + lag_ +
               (is_secondary ? " behind the primary, and once more behind the active node" : "");
    } else {
        text = std::string("Cluster (") +
               (form_ == dialect::unknown ? "dialect unknown" : std::string(to_string(form_))) + ") at";
        for (auto const& node : nodes_)
            text += " " + node;
    }
    return text + "; below " + folder_ + "/";
}

std::string target::name_of(std::size_t node) const
{
    if (!is_embedded())
        return nodes_[node];
    return node == active_node ? "the active node" : "standby " + std::to_string(node);
}

afterwrite::replication_view target::view() const
{
    afterwrite::replication_view view(form_);
    for (auto const& node : nodes_)
        view.add_node(node);
    if (is_embedded())
        view.set_active_address(nodes_[active_node]);
    return view;
}

std::unique_ptr<afterwrite::curl_transport> target::connect(std::size_t node, bool cleans_up) const
{
    auto connection = std::make_unique<afterwrite::curl_transport>(nodes_.at(node));
    CURL* const easy = connection->handle();
    if (easy == nullptr)
        return connection; // each request on it fails, and says so
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request_timeout_ms);
    if (is_embedded())
        curl_easy_setopt(easy, CURLOPT_PROXY, ""); // loopback is reached without the environment's proxy
    if (!ca_file_.empty())
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file_.c_str());
    if (!cleans_up) {
        curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &stop_if_asked);
        curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    }
    return connection;
}

afterwrite::curl_request target::request(std::string_view method, std::string_view path,
                                         std::string_view body) const
{
    afterwrite::curl_request request{.method = std::string(method), .path = "/v1/" + std::string(path)};
    request.body = body;
    request.fields.set("X-Vault-Token", token_);
    request.fields.set("X-Vault-Request", "true"); // an Agent or Proxy in between may insist on it
    if (!name_space_.empty())
        request.fields.set("X-Vault-Namespace", name_space_);
    return request;
}

void target::forget_served_reads()
{
    if (is_embedded())
        embedded_->with_model([](cluster::model& model, cluster::nanoseconds) { model.reset_counters(); });
}

std::optional<double> target::active_share()
{
    if (!is_embedded())
        return std::nullopt;
    std::uint64_t all = 0;
    for (std::size_t node = 0; node < nodes_.size(); ++node)
        all += embedded_->counters(first_node_ + node).reads;
    if (all == 0)
        return std::nullopt;
    auto const by_active = embedded_->counters(first_node_ + active_node).reads;
    return static_cast<double>(by_active) / static_cast<double>(all);
}

} // namespace probe
