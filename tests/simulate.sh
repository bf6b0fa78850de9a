#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# simulate.sh SEEDS [OPTION...]: builds the simulation and runs so many seeds, or A..B, of 20000 operations
# each, in as many threads as there are processors; options are those of the program, such as --rivals, or for a
# single seed, such as 7..7, --shrink and --history FILE. Its last line says how many operations were simulated,
# and how many violations were seen. Fails if there were any, or if a kind of fault struck in none of 100 seeds or more.
set -eu

source_dir=$(cd "$(dirname "$0")/.." && pwd -P)
. "$source_dir/tests/packages.sh"
tree=$build_dir/simulation
log=$build_dir/log/simulation.log

if [ $# = 0 ]; then
    echo "simulate: how many seeds, or which ones? 200, as in CI; or 7..7" >&2
    exit 2
fi
need_build_tools g++:g++ || exit 1
need_packages doctest-dev libssl-dev nlohmann-json3-dev libboost-dev || exit 1
if ! { configure "$tree" g++ -DCMAKE_BUILD_TYPE=Release -DAFTERWRITE_TEST_GROUPS=simulation &&
    build "$tree" afterwrite.simulation; } >"$log" 2>&1 </dev/null; then
    tail -n 60 "$log"
    echo "simulate: the simulation cannot be built; the log is $log" >&2
    exit 1
fi
"$tree/tests/afterwrite.simulation" --seeds "$@"
