#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Builds the probe, with what it needs, and runs it with the options given; --help says which there are.
set -eu

source_dir=$(cd "$(dirname "$0")/.." && pwd -P)
case $* in
    --help | -h) # the probe's own words, without building it
        sed -n '/R"(usage: /,/^)"/{s/.*R"(//;/^)"/!p;}' "$source_dir/benchmarks/probe/options.cpp"
        exit 0
        ;;
esac
. "$source_dir/tests/packages.sh"

# Exit status 1 means that a promise was broken: whatever keeps the probe from running is 2.
need_build_tools || exit 2
need_packages libcurl4-openssl-dev libssl-dev nlohmann-json3-dev libboost-dev || exit 2
tree=$build_dir/probe
probe=$tree/benchmarks/afterwrite.probe
[ -e "$probe" ] || echo "probe.sh: building, which takes a minute or two" >&2
build_benchmarks "$tree" probe afterwrite.probe || exit 2
exec "$probe" "$@"
