#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Builds the core tests with g++ so that they count what they run, runs them, and names the lines and branches of the
# headers that no test ran. Fails below 98 % of the lines or 95 % of the branches.
set -eu

least_of_lines=98
least_of_branches=95

source_dir=$(cd "$(dirname "$0")/.." && pwd -P)
. "$source_dir/tests/packages.sh"
tree=$build_dir/coverage
log=$build_dir/log/coverage.log

fail() {
    tail -n 40 "$log"
    echo "coverage: $*; the log is $log" >&2
    exit 1
}

need_build_tools g++:g++ || exit 1
need_packages doctest-dev gcovr || exit 1
gcov=$(command -v "gcov-$(g++ -dumpversion)" || command -v gcov) || { echo "coverage: g++ came without gcov" >&2; exit 1; }

{ configure "$tree" g++ -DCMAKE_CXX_FLAGS='-O0 --coverage' -DAFTERWRITE_TEST_GROUPS=core && build "$tree"; } \
    >"$log" 2>&1 </dev/null || fail "the tests cannot be built"
find "$tree" -name '*.gcda' -exec rm -f {} +
for name in core laws; do # but tidy.cpp, which runs no code of ours
    "$tree/tests/afterwrite.tests.$name" --source-file-exclude='*tests/tidy.cpp' >"$log" 2>&1 </dev/null ||
        fail "the tests do not pass"
done

# For each object a folder, since two objects that include one header write files of one name. gcov says of a branch
# that it is that of an exception only if the code before it ran; where it did not run, the line or the branch that leads
# there is counted as missed already.
rm -rf "$tree/gcov"
# shellcheck disable=SC2016  # the inner shell is to see them
find "$tree/tests" -name '*.gcda' -print0 | xargs -0 -P "$jobs" -n 1 sh -c '
    folder=$1/gcov/$(basename "$3")-$(echo "$3" | cksum | tr " " -)
    mkdir -p "$folder" && cd "$folder" &&
        "$0" --branch-counts --branch-probabilities --preserve-paths --relative-only --source-prefix "$2" "$3" \
            >gcov.log 2>&1 &&
        sed -i "/^branch .*never executed/d" ./*.gcov' \
    "$gcov" "$tree" "$source_dir" >>"$log" 2>&1 || fail "gcov fails"

# summary OPTION...: of what gcovr has read.
summary() { gcovr --root "$source_dir" --add-tracefile "$tree/coverage.json" "$@"; }
# missing WHAT: of a table only the files that lack something; a long name has a line of its own.
missing() {
    printf '\n%s that no test runs (file, how many it has, how many are run, share, the lines of the others):\n' "$1"
    awk 'NF == 1 && /^include/ { name = $1; next }
         / (100|--)% *$/ { name = ""; next }
         name != "" || /^include/ { print name $0; name = "" }' | sed 's/  */ /g'
}
gcovr --use-gcov-files --root "$source_dir" --filter "$source_dir/include/afterwrite/" --exclude-throw-branches \
    --json "$tree/coverage.json" "$tree/gcov" >>"$log" 2>&1 || fail "gcovr fails"
summary --txt | missing Lines
summary --txt --branches | missing Branches
echo
status=0
summary --print-summary --txt /dev/null --fail-under-line $least_of_lines --fail-under-branch $least_of_branches || status=$?
if [ $status != 0 ]; then
    echo "coverage: at least $least_of_lines % of the lines and $least_of_branches % of the branches are to be run" >&2
    exit 1
fi
