#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# server.sh PATH [OPTION...]: builds the checks against a real server and runs them; PATH is the program of an OpenBao,
# 2.7.0 or newer, of the caller's. It starts three raft nodes on 127.0.0.1 and ends them; options are those of the
# program, which --help tells. Its last line says how many checks passed.
#
# Tried so far with our stand-in alone (server/stand_in.cpp, which has OpenBao's command line and nothing of its raft).
# Untried: that OpenBao starts and joins with the configuration that is written, that its leader reaches a standby
# through our relay, how long elections take, and what the checks find.
set -eu

source_dir=$(cd "$(dirname "$0")/.." && pwd -P)
. "$source_dir/tests/packages.sh"
tree=$build_dir/server
log=$build_dir/log/server.log

if [ $# = 0 ]; then
    echo "server: which server? Name the program of OpenBao, as /usr/bin/bao" >&2
    exit 2
fi
need_build_tools g++:g++ || exit 2
need_packages doctest-dev libcurl4-openssl-dev libcpp-httplib-dev libssl-dev nlohmann-json3-dev libboost-dev || exit 2
if ! { configure "$tree" g++ -DCMAKE_CXX_FLAGS=-O1 -DAFTERWRITE_TEST_GROUPS=server &&
    build "$tree" afterwrite.server; } >"$log" 2>&1 </dev/null; then
    tail -n 60 "$log"
    echo "server: the checks cannot be built; the log is $log" >&2
    exit 2
fi
exec "$tree/tests/afterwrite.server" --folder "$tree" "$@"
