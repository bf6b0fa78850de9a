#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
set -eu

usage() {
    cat <<'END'
usage: sh benchmarks/run.sh [NAME...] [--json DIR] [--benchmark_OPTION...] [--help] [-- OPTION...]

Builds and runs the benchmarks, or those named: each a file benchmarks/NAME.cpp. Each prints a table, then the ratios
that its question is about. What a machine lacks is unpacked below the build folder; a compiler is installed.

  --json DIR   also write DIR/NAME.json of each, in Google Benchmark's format; policy and proxy have their own
  --benchmark_OPTION
               an option of Google Benchmark's, such as --benchmark_min_time=0.01 or --benchmark_list_tests
  --help       this text
  -- OPTION... what only one of them knows: 'sh benchmarks/run.sh policy -- --help' tells
END
}

source_dir=$(cd "$(dirname "$0")/.." && pwd -P)
names=
options=
json=
while [ $# != 0 ]; do
    case $1 in
        --json)
            [ $# -ge 2 ] || { echo "run.sh: --json needs a folder." >&2; exit 2; }
            mkdir -p "$2" || exit 2
            json=$(cd "$2" && pwd -P)
            shift
            ;;
        --help) usage; exit 0 ;;
        --benchmark_*) options="$options $1" ;;
        --)
            shift
            options="$options $*"
            break
            ;;
        -*) echo "run.sh: There is no option '$1'; see 'sh benchmarks/run.sh --help'." >&2; exit 2 ;;
        *) names="$names $1" ;;
    esac
    shift
done

if [ -z "$names" ]; then
    names=$(cd "$source_dir/benchmarks" && find . -maxdepth 1 -name '*.cpp' | LC_ALL=C sort | sed -e '/^\.\/probe\.cpp$/d' -e 's|^\./\(.*\)\.cpp$|\1|')
fi
packages=
for name in $names; do
    case $name in
        codec) packages="$packages libbenchmark-dev libssl-dev" ;;
        compile_time | policy) ;;
        proxy) packages="$packages libboost-dev libssl-dev nginx wrk" ;;
        probe) echo "run.sh: The probe is run by 'sh benchmarks/probe.sh'." >&2; exit 2 ;;
        *) packages="$packages libbenchmark-dev" ;;
    esac
    [ -e "$source_dir/benchmarks/$name.cpp" ] || { echo "run.sh: There is no benchmark '$name'." >&2; exit 2; }
done

. "$source_dir/tests/packages.sh"
need_build_tools || exit 1
# shellcheck disable=SC2086  # packages and targets are words
need_packages $packages || exit 1
tree=$build_dir/benchmarks
targets=
list=
for name in $names; do
    targets="$targets afterwrite.benchmarks.$name"
    list="$list;$name"
done
# shellcheck disable=SC2086
build_benchmarks "$tree" "${list#;}" $targets || exit 1

status=0
for name in $names; do
    echo "== $name"
    # shellcheck disable=SC2086
    "$tree/benchmarks/afterwrite.benchmarks.$name" $options ${json:+--json "$json/$name.json"} || status=1
    echo
done
exit $status
