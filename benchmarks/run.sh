#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
set -eu

usage() {
    cat <<'END'
usage: sh benchmarks/run.sh [NAME...] [--json DIR] [--help]

Builds and runs the benchmarks, or those named: each a file benchmarks/NAME.cpp. Each prints a table, then the ratios
that its question is about. What a machine lacks is unpacked below the build folder, or, if a tool, installed.

  --json DIR   also write DIR/NAME.json of each, in Google Benchmark's format
  --help       this text
END
}

names=
json=
while [ $# != 0 ]; do
    case $1 in
        --json)
            [ $# -ge 2 ] || { echo "run.sh: --json needs a folder." >&2; exit 2; }
            mkdir -p "$2"
            json=$(cd "$2" && pwd -P)
            shift
            ;;
        --help) usage; exit 0 ;;
        -*) echo "run.sh: There is no option '$1'; see 'sh benchmarks/run.sh --help'." >&2; exit 2 ;;
        *) names="$names $1" ;;
    esac
    shift
done

source_dir=$(cd "$(dirname "$0")/.." && pwd -P)
build_dir=${AFTERWRITE_BUILD_DIR:-$source_dir/build}
mkdir -p "$build_dir"
build_dir=$(cd "$build_dir" && pwd -P)
. "$source_dir/tests/packages.sh"

cd "$source_dir/benchmarks"
if [ -z "$names" ]; then
    for file in *.cpp; do
        case $file in probe.cpp | '*.cpp') ;; *) names="$names ${file%.cpp}" ;; esac
    done
fi
[ -n "$names" ] || { echo "run.sh: There is no benchmark." >&2; exit 1; }
for name in $names; do
    if [ ! -e "$name.cpp" ] || [ "$name" = probe ]; then
        echo "run.sh: There is no benchmark '$name'." >&2
        exit 2
    fi
done

need_tools 'g++|clang++-14|clang++:g++' cmake:cmake 'ninja|make:ninja-build' pkg-config:pkg-config
need_packages libbenchmark-dev libcurl4-openssl-dev libcpp-httplib-dev libssl-dev nlohmann-json3-dev libboost-dev

tree=$build_dir/benchmarks
log=$build_dir/log/benchmarks.log
mkdir -p "$build_dir/log"
generator=Ninja
command -v ninja >/dev/null 2>&1 || generator='Unix Makefiles'
jobs=$(nproc 2>/dev/null || echo 2)
targets=
for name in $names; do targets="$targets afterwrite.benchmarks.$name"; done
# shellcheck disable=SC2086  # targets are words
{ cmake -S "$source_dir" -B "$tree" -G "$generator" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE='-O2 -DNDEBUG' \
    -DAFTERWRITE_BUILD_TESTS=OFF -DAFTERWRITE_BUILD_BENCHMARKS=ON -DAFTERWRITE_BENCHMARKS=all &&
    cmake --build "$tree" --parallel "$jobs" --target $targets; } >"$log" 2>&1 || { tail -n 60 "$log"; exit 1; }

status=0
for name in $names; do
    echo "== $name"
    "$tree/benchmarks/afterwrite.benchmarks.$name" ${json:+--json "$json/$name.json"} || status=1
    echo
done
exit $status
