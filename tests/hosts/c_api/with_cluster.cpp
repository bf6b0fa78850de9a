// SPDX-License-Identifier: BSL-1.0
// with_cluster PROGRAM: runs it beside an emulated cluster that lags, with the addresses of the active node
// and of a standby. Ends with 0 if the program does, and if the standby had to refuse it at least once: else
// nothing was shown.
#include "cluster/http_server.hpp"
#include "cluster/lag.hpp"
#include "cluster/settings.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

int main(int argc, char** argv)
{
    if (argc != 2)
        return 2;
    for (auto const speaks : {cluster::dialect::vault, cluster::dialect::openbao}) {
        cluster::settings chosen;
        chosen.speaks = speaks;
        chosen.lag = *cluster::parse_lag("constant:200ms").spec;
        cluster::http_server nodes{chosen};
        auto const active = nodes.address(0);
        auto const standby = nodes.address(1);
        auto const child = ::fork();
        if (child == 0) {
            ::execl(argv[1], argv[1], active.c_str(), standby.c_str(), static_cast<char*>(nullptr));
            ::_exit(127);
        }
        int status = 0;
        if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) {
            std::fprintf(stderr, "The program failed: %d.\n", status);
            return 1;
        }
        auto const seen = nodes.counters(1);
        if (seen.refused + seen.held == 0) {
            std::fputs("The standby never lagged.\n", stderr);
            return 1;
        }
    }
    return 0;
}
