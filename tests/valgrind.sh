#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Runs the core tests once under valgrind: no byte is read that nobody wrote, none outside of what was allocated, and
# none is lost at the end. Left out are laws/, which repeat by the million what the others do once, and tidy.cpp, which
# runs no code of ours.
set -eu

source_dir=$(cd "$(dirname "$0")/.." && pwd -P)
. "$source_dir/tests/packages.sh"
tree=$build_dir/valgrind
log=$build_dir/log/valgrind.log

fail() {
    tail -n 60 "$log"
    echo "valgrind: $*; the log is $log" >&2
    exit 1
}

need_build_tools g++:g++ valgrind:valgrind || exit 1
need_packages doctest-dev || exit 1
{ configure "$tree" g++ -DCMAKE_CXX_FLAGS='-O1 -g' -DAFTERWRITE_TEST_GROUPS=core && build "$tree" afterwrite.tests.core; } \
    >"$log" 2>&1 </dev/null || fail "the tests cannot be built"
valgrind --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible \
    "$tree/tests/afterwrite.tests.core" --source-file-exclude='*tests/laws/*,*tests/tidy.cpp' \
    >"$log" 2>&1 </dev/null || fail "something is wrong"
grep -e 'test cases:' -e 'total heap usage' -e 'All heap blocks' -e 'still reachable' -e 'ERROR SUMMARY' "$log"
