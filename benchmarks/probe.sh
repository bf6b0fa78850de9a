#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Builds the probe, with what it needs, and runs it with the options given; --help says which there are.
set -eu

source_dir=$(cd "$(dirname "$0")/.." && pwd -P)
build_dir=${AFTERWRITE_BUILD_DIR:-$source_dir/build}
mkdir -p "$build_dir/log"
build_dir=$(cd "$build_dir" && pwd -P)
. "$source_dir/tests/packages.sh"

need_tools 'g++|clang++-14|clang++:g++' cmake:cmake 'ninja|make:ninja-build'
need_packages libcurl4-openssl-dev libssl-dev nlohmann-json3-dev libboost-dev

tree=$build_dir/probe
log=$build_dir/log/probe.log
generator=Ninja
command -v ninja >/dev/null 2>&1 || generator='Unix Makefiles'
jobs=$(nproc 2>/dev/null || echo 2)
{ cmake -S "$source_dir" -B "$tree" -G "$generator" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE='-O2 -DNDEBUG' \
    -DAFTERWRITE_BUILD_TESTS=OFF -DAFTERWRITE_BUILD_BENCHMARKS=ON -DAFTERWRITE_BENCHMARKS=probe &&
    cmake --build "$tree" --parallel "$jobs" --target afterwrite.probe; } >"$log" 2>&1 || {
    tail -n 60 "$log" >&2
    exit 1
}
exec "$tree/benchmarks/afterwrite.probe" "$@"
