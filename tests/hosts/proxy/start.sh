#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Builds the proxy, with what it needs, and runs it with the flags given; -help says which there are.
set -eu

source_dir=$(cd "$(dirname "$0")/../../.." && pwd -P)
. "$source_dir/tests/packages.sh"

# Whatever keeps it from starting is 1; 2 means bad flags.
need_build_tools || exit 1
need_packages libboost-dev libssl-dev || exit 1
tree=$build_dir/proxy
proxy=$tree/tests/afterwrite.proxy
[ -e "$proxy" ] || echo "start.sh: building, which takes a minute or two" >&2
build_benchmarks "$tree" proxy afterwrite.proxy || exit 1
exec "$proxy" "$@"
