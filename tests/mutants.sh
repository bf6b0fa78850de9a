#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
set -eu

usage() {
    cat <<'END'
usage: sh tests/mutants.sh [--named | --sweep] [option value]...

Breaks the library one line at a time, in a copy, and sees whether the tests notice it. Without --named or --sweep it
does both. It fails if a named mutant is missed, or if fewer than 95 % of those of the sweep are caught.

  --named        the rules of tests/mutants/named.txt: each of the tests that it names must fail
  --sweep        samples of all that comes of changing one operator, constant, condition or statement: of a header's
                 mutants, its mirror must catch them, or one of the tests that mutants/further_tests.txt names. Those
                 that nobody can notice are listed in mutants/equivalent.txt, and do not count
  --samples N    how many (500); what is no C++ does not count
  --seed N       which ones (1)
  --skip N       leave out so many of them at first: to go on where an earlier run was ended
  --only TEXT    only of headers whose name contains this, for both
  --layer NAME   of the named ones: only unit, law, statistics or simulation. The last one takes longest: for each
                 mutant it is built, and runs 200 seeds or as many as are needed
  --jobs N       so many at a time (one for each processor)

AFTERWRITE_BUILD_DIR names the build folder, as for run.sh.
END
}

what=
options=
while [ $# -gt 0 ]; do
    case $1 in
        --help) usage; exit 0 ;;
        --named | --sweep) what="$what ${1#--}" ;;
        --samples | --seed | --skip | --only | --layer | --jobs)
            if [ $# -lt 2 ]; then echo "mutants.sh: $1 needs a value" >&2; exit 2; fi
            options="$options ${1#--} $2"
            shift ;;
        *) echo "mutants.sh: There is no option '$1'; see 'sh tests/mutants.sh --help'." >&2; exit 2 ;;
    esac
    shift
done

source_dir=$(cd "$(dirname "$0")/.." && pwd -P)
. "$source_dir/tests/packages.sh"
export AFTERWRITE_BUILD_DIR="$build_dir"
need_build_tools || exit 1
need_packages doctest-dev || exit 1
packages_prepend CPLUS_INCLUDE_PATH "$packages_root/usr/include"

# clang compiles these in half of the time.
fastest=$(command -v clang++-14 || command -v clang++ || echo "$compiler")
work=$build_dir/mutants
rm -rf "$work" # copies of another state of the sources may be in it
mkdir -p "$work"
"$compiler" -std=c++20 -O1 -pthread "$source_dir"/tests/mutants/*.cpp -o "$work/mutants"
status=0
for mode in ${what:-named sweep}; do
    # shellcheck disable=SC2086
    "$work/mutants" "$mode" source "$source_dir" work "$work/work" jobs "$jobs" compiler "$fastest" \
        flags "-std=c++20 -O0 -w -pthread -D_GLIBCXX_ASSERTIONS -DAFTERWRITE_SOURCE_DIR='\"$source_dir\"' \
            -DAFTERWRITE_TEST_DATA='\"$source_dir/tests/vectors\"'" \
        simulator "sh $source_dir/tests/mutants/simulate.sh $source_dir" $options || status=1
done
exit $status
