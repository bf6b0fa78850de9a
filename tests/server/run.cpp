// SPDX-License-Identifier: BSL-1.0
#include "server/run.hpp"

#include "probe/interrupt.hpp"
#include "server/checks.hpp"
#include "server/child.hpp"
#include "server/findings.hpp"
#include "server/nodes.hpp"
#include "server/version.hpp"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <optional>
#include <stdexcept>

namespace server {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view help =
    R"(usage: afterwrite.server [--folder DIR] [--lag MS] [--rounds N] [--operations N] PATH

Checks the library against OpenBao: PATH is its program, 2.7.0 or newer. Starts three raft nodes on free
ports of 127.0.0.1, of which one gets the log late, makes a cluster of them, and ends them whatever happens.

  --folder DIR    where the nodes have a folder while they run, and the last history stays; without it, the
                  working folder
  --lag MS        how late the slow standby gets the log (150)
  --rounds N      how many writes and reads each check makes (40)
  --operations N  how many operations the history has at least (3000)

Exit status: 0 all checks passed; 1 not all did; 2 there is nothing that could be checked; 130 a signal came.

Untried with a server that is not our stand-in: that these nodes start and join with the configuration that
is written (nodes.cpp, configuration.cpp), that the leader reaches a standby through the relay, how long
elections take, that KV of version 2 is usable at standbys, and what the checks find.
)";

struct options {
    std::string program{};
    fs::path folder = ".";
    std::size_t lag = 150;
    std::size_t rounds = 40;
    std::size_t operations = 3000;
    bool wants_help = false;
};

std::optional<std::size_t> number_in(std::string const& text)
{
    std::size_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool const is_good =
        error == std::errc() && end == text.data() + text.size() && number > 0 && number < 1'000'000;
    return is_good ? std::optional{number} : std::nullopt;
}

/// Throws std::runtime_error.
options read_options(std::span<std::string const> arguments)
{
    options chosen;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        auto const& word = arguments[i];
        std::size_t* const wanted = word == "--lag"          ? &chosen.lag
                                    : word == "--rounds"     ? &chosen.rounds
                                    : word == "--operations" ? &chosen.operations
                                                             : nullptr;
        bool const has_value = wanted != nullptr || word == "--folder";
        if (has_value && i + 1 == arguments.size())
            throw std::runtime_error(word + " needs a value.");
        if (wanted != nullptr) {
            auto const number = number_in(arguments[++i]);
            if (!number)
                throw std::runtime_error(word + " takes a number from 1 to 999999.");
            *wanted = *number;
        } else if (has_value) {
            chosen.folder = arguments[++i];
        } else if (word == "--help") {
            chosen.wants_help = true;
        } else if (word.starts_with('-') || !chosen.program.empty()) {
            throw std::runtime_error("There is no option '" + word + "'; see --help.");
        } else {
            chosen.program = word;
        }
    }
    if (chosen.program.empty() && !chosen.wants_help)
        throw std::runtime_error("Which server? Name the program of OpenBao, as /usr/bin/bao.");
    return chosen;
}

void check_all(options const& chosen, findings& into)
{
    auto const folder = fs::absolute(chosen.folder);
    nodes cluster(fs::absolute(chosen.program).string(), folder / ("nodes-" + std::to_string(::getpid())),
                  std::chrono::milliseconds(chosen.lag));
    set_up(cluster);
    into.tell("three nodes run; " + cluster.address(cluster.active()) + " is active, and " +
              cluster.address(cluster.slow()) + " gets the log " + std::to_string(chosen.lag) + " ms late");
    check_fields(cluster, into, chosen.rounds);
    check_policies(cluster, into, chosen.rounds);
    check_identities(cluster, into, chosen.rounds);
    check_history(cluster, into, chosen.operations, (folder / "history.txt").string());
}

} // namespace

int run(std::span<std::string const> arguments, std::ostream& out, std::ostream& err)
{
    findings found(out);
    probe::interrupt_guard const guard;
    try {
        auto const chosen = read_options(arguments);
        if (chosen.wants_help) {
            out << help;
            return status_passed;
        }
        auto const said = output_of({chosen.program, "version"});
        if (auto const problem = refuse_version(said); !problem.empty()) {
            err << "server: " << chosen.program << ": " << problem << "\n";
            return status_unusable;
        }
        out << said.substr(0, said.find('\n')) << std::endl;
        check_all(chosen, found);
    } catch (interrupted const&) {
        err << "server: Interrupted; the nodes have ended.\n";
        return status_interrupted;
    } catch (std::exception const& error) {
        err << "server: " << error.what() << "\n";
        if (found.passed() + found.failed() == 0)
            return status_unusable;
        found.check(false, "The checks come to their end");
    }
    out << "server: " << found.passed() << " checks passed, " << found.failed() << " failed" << std::endl;
    return found.failed() == 0 ? status_passed : status_failed;
}

} // namespace server
