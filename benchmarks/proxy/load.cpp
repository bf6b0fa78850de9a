// SPDX-License-Identifier: BSL-1.0
#include "load.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace proxy_load {

namespace {

std::string configuration(std::string_view enforce, upstream const& behind)
{
    auto const trusted =
        behind.authority().empty() ? std::string() : " ca_cert = \"" + behind.authority() + "\"";
    return "vault { address = \"" + behind.address() + "\"" + trusted + " }\n" +
           "listener \"tcp\" { address = \"127.0.0.1:0\" tls_disable = true }\n" +
           "api_proxy { enforce_consistency = \"" + std::string(enforce) +
           "\" when_inconsistent = \"retry_then_forward\" }\n";
}

/// Requests of one identity after the other. At the end a line that is easily read.
std::string script(std::string_view method, int identities)
{
    return "local method, identities, at, prepared = '" + std::string(method) + "', " +
           std::to_string(identities) + ", 0, {}\n" +
           R"(
function init()
  local body = method == 'PUT' and '{"value":"1"}' or nil
  for i = 1, identities do
    prepared[i] = wrk.format(method, '/v1/secret/of' .. i, {['X-Vault-Token'] = 'hvs.identity' .. i}, body)
  end
end
function request()
  at = at % identities + 1
  return prepared[at]
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('counted %d %d %d\n', summary.requests, summary.duration,
                         e.connect + e.read + e.write + e.status + e.timeout))
end
)";
}

/// An answer's last line. Closes the connection, so that the answer ends with it.
std::string get(std::string const& address, std::string_view target, std::string_view fields)
{
    auto const colon = address.rfind(':');
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<unsigned short>(std::stoul(address.substr(colon + 1))));
    int const connection = ::socket(AF_INET, SOCK_STREAM, 0);
    std::string answer;
    if (::connect(connection, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0) {
        auto const asked = "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" +
                           std::string(fields) + "Connection: close\r\n\r\n";
        static_cast<void>(::send(connection, asked.data(), asked.size(), MSG_NOSIGNAL));
        char buffer[4096];
        for (ssize_t size = 0; (size = ::recv(connection, buffer, sizeof buffer, 0)) > 0;)
            answer.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(connection);
    return answer.substr(answer.rfind('\n') + 1);
}

} // namespace

contestant::contestant(std::string name, std::string_view enforce, upstream const& behind,
                       scratch_folder const& folder)
    : name_(std::move(name))
{
    auto const file = folder.write(name_ + ".hcl", configuration(enforce, behind));
    program_ = std::make_unique<child>(
        std::vector<std::string>{AFTERWRITE_PROXY_PROGRAM, "-config=" + file, "-log-level=error"});
    address_ = program_->line_after("listening at ");
}

load::load(load_options chosen, scratch_folder const& folder)
    : chosen_(chosen), reading_(folder.write("reading.lua", script("GET", chosen.identities))),
      writing_(folder.write("writing.lua", script("PUT", chosen.identities)))
{}

std::string load::wrk(contestant const& which, double seconds, std::string const& file) const
{
    auto const whole = std::to_string(static_cast<int>(std::ceil(seconds)));
    child program({"wrk", "-t1", "-c" + std::to_string(chosen_.connections), "-d" + whole + "s", "-s", file,
                   which.address()});
    return program.finish();
}

void load::prepare(contestant const& which) const
{
    auto const said = wrk(which, 1, writing_);
    if (said.find(" 0\n", said.find("counted ")) == std::string::npos)
        throw std::runtime_error(which.name() + ": not every write was answered with success:\n" + said);
}

std::string load::seen_upstream(contestant const& which)
{
    auto const line = get(which.address(), "/v1/seen", "X-Vault-Token: hvs.identity1\r\n");
    if (!line.starts_with("seen:"))
        throw std::runtime_error(which.name() + " answers \"" + line + "\"");
    return line.substr(5);
}

measured load::measure(contestant const& which) const
{
    auto const before = which.cpu_time();
    auto const said = wrk(which, chosen_.seconds, chosen_.is_write ? writing_ : reading_);
    auto const used = which.cpu_time() - before;
    std::istringstream words(said.substr(std::min(said.find("counted "), said.size())));
    std::string word;
    double requests = 0;
    double microseconds = 0;
    double errors = 0;
    if (!(words >> word >> requests >> microseconds >> errors) || requests <= 0)
        throw std::runtime_error("wrk tells nothing:\n" + said);
    if (errors > 0)
        throw std::runtime_error(which.name() + ": not every request was answered with success:\n" + said);
    return {requests / (microseconds / 1e6), used.count() / requests};
}

} // namespace proxy_load
