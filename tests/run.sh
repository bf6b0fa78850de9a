#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
set -eu

usage() {
    cat <<'END'
usage: sh tests/run.sh [--core] [--allow-missing] [--soak] [--coverage | --valgrind | --mutants |
                       --simulate SEEDS [OPTION...] | --server PATH] [--help]

Builds and runs the tests of afterwrite: with g++ everything, with clang under the address and undefined behaviour
sanitizers, with libFuzzer the programs of fuzz/, with g++ what has threads under the thread sanitizer, and the core
with Meson. Its last line says how many tests passed. What a machine lacks is fetched from Debian's archive: libraries
and build tools are unpacked below the build folder; compilers are installed, where root or `sudo -n` can.

  --core           only the core tests, with one compiler; needs no root and installs nothing
  --allow-missing  leave out what cannot be had here, name it and count it as skipped, instead of failing; but a run in
                   which no test could run fails still
  --soak           after the first build, run its tests of laws/ and end_to_end/ again, 100 times each, or as often as
                   AFTERWRITE_SOAK says, read ten times as much through the proxy, and let the programs of fuzz/ try
                   a hundred times as many inputs: for faults that show only now and then
  --coverage       instead of all that: names the lines and branches of the headers that no core test runs, and fails if
                   they are too many
  --valgrind       instead of all that: the core tests once under valgrind
  --mutants        instead of all that: breaks the library, one line at a time, and sees whether the tests notice it; more
                   options has mutants.sh
  --simulate SEEDS [OPTION...]
                   instead of all that: the library in virtual time against clusters in which everything goes wrong, for so
                   many seeds, or A..B; a run without options takes 200. With --rivals also what others' clients make of
                   them. The first seed that fails is shrunk to a short script; of a single one, such as 7..7, that takes
                   --shrink, and --history FILE writes what its clients saw; more options has simulate.sh
  --server PATH    instead of all that: the library against OpenBao, 2.7.0 or newer, whose program is at PATH: starts
                   three nodes of it on 127.0.0.1, checks what they answer, and ends them; more options has server.sh
  --help           this text

AFTERWRITE_BUILD_DIR names the build folder; without it, that is build/ beside include/. CXX names a compiler to take
for --core and for Meson.
END
}

core=
allow_missing=
soak=
instead=
value=
for option in "$@"; do
    shift
    case $instead$value in server) value=$option; continue ;; esac
    case $option in
        --core) core=yes ;;
        --allow-missing) allow_missing=yes ;;
        --soak) soak=${AFTERWRITE_SOAK:-100} ;;
        --coverage | --valgrind | --mutants | --server) instead=${option#--} ;;
        --simulate) exec sh "$(dirname "$0")/simulate.sh" "$@" ;; # what follows is for it
        --help) usage; exit 0 ;;
        *) echo "run.sh: There is no option '$option'; see 'sh tests/run.sh --help'." >&2; exit 2 ;;
    esac
done

source_dir=$(cd "$(dirname "$0")/.." && pwd -P)
if [ -n "$instead" ]; then exec sh "$source_dir/tests/$instead.sh" ${value:+"$value"}; fi
. "$source_dir/tests/packages.sh"
export AFTERWRITE_BUILD_DIR="$build_dir" # for the commands that tests run

timeout=300
fuzz_runs=200000
if [ -n "$soak" ]; then
    timeout=3600
    export AFTERWRITE_PROXY_READS=100000 # of hosts/proxy/test_consistency, instead of 10000
    fuzz_runs=20000000
fi

passed=0
failed=0
skipped=0
notes=
note() { notes="$notes  $*
"; }
fails() {
    note "FAILED: $*"
    failed=$((failed + 1))
}

# lacks WHAT PACKAGE...: with --allow-missing it is left out and named, else it fails. Counts as one test.
lacks() {
    what="$1; to have it: $(shift; apt_line "$@")"
    if [ -z "$allow_missing" ]; then fails "$what"; return; fi
    note "skipped: $what"
    skipped=$((skipped + 1))
}

finish() {
    if [ "$passed" = 0 ] && [ "$failed" = 0 ]; then fails "no test could run"; fi
    printf '\n%s' "$notes"
    printf '\ntests: %d passed, %d failed%s\n' "$passed" "$failed" "${allow_missing:+, $skipped skipped}"
    if [ "$failed" = 0 ]; then exit 0; else exit 1; fi
}

# ---------------------------------------------------------------------------------------------------------------------
# A stage: configure, build, test; what it printed stays in its log.

begin() { # STAGE COMPILER FLAGS
    stage=$1
    started=$(date +%s)
    printf '\n== %s: %s %s\n' "$stage" "$2" "$3"
    "$2" --version | head -n 1
}
end() { awk -v name="$stage" -v a="$started" -v b="$(date +%s)" 'BEGIN { printf "== %s took %.1f minutes\n", name, (b - a) / 60 }'; }

# step WHAT COMMAND...: fails, and shows the log, if the command does.
step() {
    what=$1
    shift
    log=$build_dir/log/$stage-$what.log
    if "$@" >"$log" 2>&1 </dev/null; then return 0; fi
    grep -nE 'error|Error|ERROR|FAILED|missing|warning' "$log" | head -n 20
    echo "... the end of $log:"
    tail -n 60 "$log"
    fails "$stage does not $what"
    return 1
}

# count NAME TOTAL BAD LEFT: adds what one report says.
count() {
    passed=$((passed + $2 - $3 - $4))
    failed=$((failed + $3))
    if [ "$3" != 0 ]; then note "FAILED: $3 of the tests of $1"; fi
    if [ "$4" = 0 ]; then return; fi
    if [ -n "$allow_missing" ]; then
        note "skipped: $4 of the tests of $1"
        skipped=$((skipped + $4))
    else
        note "FAILED: $4 of the tests of $1 were left out"
        failed=$((failed + $4))
    fi
}

# attribute NAME: a number from the head of ctest's report.
attribute() { sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$report" 2>/dev/null | grep . || echo 0; }

# run_tests NAME OPTION...: with ctest, in `tree`, behind `launcher`.
run_tests() {
    name=$1
    shift
    report=$tree/$name.xml
    rm -f "$report"
    log=$build_dir/log/$name-test.log
    status=0
    # shellcheck disable=SC2086
    (cd "$tree" && $launcher ctest --parallel "$jobs" --output-on-failure --no-tests=error --output-junit "$report" "$@") \
        >"$log" 2>&1 </dev/null || status=$?
    if [ $status = 0 ]; then sed -n '/tests passed/,$p' "$log" | grep -v '^$'; else grep -v ' Passed ' "$log"; fi
    # `skipped` are those that could not be started: nothing of ours skips itself.
    bad=$(($(attribute failures) + $(attribute skipped)))
    left=$(attribute disabled)
    total=$(attribute tests)
    count "$name" "$total" $bad "$left"
    if [ "$total" = 0 ] || { [ $status != 0 ] && [ $bad = 0 ] && [ "$left" = 0 ]; }; then
        fails "$name did not run its tests"
    fi
}

# cmake_stage NAME COMPILER FLAGS GROUPS
cmake_stage() {
    begin "$1" "$2" "$3"
    tree=$build_dir/$1
    if step configure configure "$tree" "$2" -DCMAKE_CXX_FLAGS="$3" -DAFTERWRITE_TEST_GROUPS="$4" \
        -DAFTERWRITE_TEST_TIMEOUT="$timeout" -DAFTERWRITE_FUZZ_RUNS="$fuzz_runs" \
        -DAFTERWRITE_ALLOW_MISSING="${allow_missing:-OFF}"; then
        sed -n '/^-- Left out/,/^--/p' "$build_dir/log/$stage-configure.log" | grep -v '^-- [^L]' || :
        step build build "$tree" || : # what was built is tested all the same
        run_tests "$stage"
        # Of the first stage, how much was tried.
        case $stage in
            gcc | core) sed -n -e 's/.*MESSAGE: \(exhaustive: \)/\1/p' -e '/^simulated /p' "$tree/Testing/Temporary/LastTest.log" ;;
        esac
        case $soak-$stage in
            -*) ;;
            *-gcc | *-core) run_tests "$stage-soak" -R '^(laws|end_to_end)/' --repeat until-fail:"$soak" ;;
        esac
    fi
    end
}

meson_stage() {
    begin meson "$compiler" "the core"
    tree=$build_dir/meson
    # Meson finds doctest only where the compiler looks.
    packages_prepend CPLUS_INCLUDE_PATH "$packages_root/usr/include"
    again=
    if [ -e "$tree/build.ninja" ]; then again=--reconfigure; fi
    # shellcheck disable=SC2086
    if step configure env CXX="$compiler" meson setup $again -Ddebug=false "$tree" "$source_dir"; then
        step build meson compile -C "$tree" -j "$jobs" --ninja-args=-k,0 || :
        log=$build_dir/log/meson-test.log
        if meson test -C "$tree" --no-rebuild --print-errorlogs --num-processes "$jobs" >"$log" 2>&1 </dev/null; then
            sed -n '/^Ok:/,$p' "$log" | grep -v -e '^$' -e ' 0 *$' -e '^Full log' || :
        else
            cat "$log"
        fi
        of() { awk -v name="$1:" 'index($0, name) == 1 { n = $NF } END { print n + 0 }' "$log"; }
        bad=$(($(of Fail) + $(of Timeout) + $(of 'Unexpected Pass')))
        total=$(($(of Ok) + bad))
        count meson $total $bad 0
        if [ $total = 0 ]; then fails "meson ran no test"; fi
    fi
    end
}

# ---------------------------------------------------------------------------------------------------------------------
# What is needed.

# can_link COMPILER FLAG: makes a program so.
can_link() {
    echo 'int main() { return 0; }' >"$build_dir/log/sanitized.cpp"
    "$1" "$2" "$build_dir/log/sanitized.cpp" -o "$build_dir/log/sanitized" >"$build_dir/log/sanitized.log" 2>&1
}
clangxx() { command -v clang++-14 || command -v clang++; }
can_sanitize() { can_link "$(clangxx)" -fsanitize=address,undefined; }

# can_run_sanitized COMPILER FLAG PACKAGE: else says why not. Sets `launcher`: where the kernel gives addresses that the
# thread sanitizer cannot use, its programs start only now and then, but always without random addresses.
can_run_sanitized() {
    if ! can_link "$1" "$2"; then
        lacks "the build with $1 $2: it cannot be linked" "$3"
        return 1
    fi
    for launcher in '' 'setarch -R'; do
        runs=0
        while [ $runs -lt 10 ] && $launcher "$build_dir/log/sanitized" >"$build_dir/log/sanitized.log" 2>&1; do
            runs=$((runs + 1))
        done
        if [ $runs = 10 ]; then return 0; fi
    done
    launcher=
    note "left out: the build with $1 $2, whose programs do not run on this kernel"
    return 1
}

launcher=
if [ -n "$core" ]; then
    packages_mode=${AFTERWRITE_PACKAGES:-unpack}
    need_build_tools || :
    need_packages doctest-dev || :
else
    need_build_tools g++:g++ 'clang++-14|clang++:clang-14' can_sanitize:libclang-rt-14-dev ninja:ninja-build meson:meson \
        pkg-config:pkg-config clang-format-14:clang-format-14 clang-tidy-14:clang-tidy-14 || :
    need_packages doctest-dev libbenchmark-dev libcpp-httplib-dev libcurl4-openssl-dev libssl-dev nlohmann-json3-dev \
        libboost-dev libc++-14-dev libc++abi-14-dev python3-hvac mariadb-server-core mariadb-client-core \
        mariadb-plugin-hashicorp-key-management || :
fi
if [ -z "$compiler" ]; then
    lacks "every build: there is no compiler" g++
    finish
fi

# ---------------------------------------------------------------------------------------------------------------------
# The stages.

if ! has_tool 'ninja|make'; then
    lacks "the builds with CMake: there is neither ninja nor make" ninja-build
elif ! has_tool cmake; then
    lacks "the builds with CMake: there is none" cmake
elif [ -n "$core" ]; then
    cmake_stage core "$compiler" "" core
else
    if ! has_tool g++; then
        lacks "the builds with g++: there is none" g++
    else
        cmake_stage gcc g++ -O1 all
        if can_run_sanitized g++ -fsanitize=thread libtsan2; then
            cmake_stage threads g++ "-O1 -g1 -fsanitize=thread" threads
        fi
    fi
    launcher=
    if ! clangxx >/dev/null; then
        lacks "the build with clang: there is none" clang-14
    elif can_run_sanitized "$(clangxx)" -fsanitize=address,undefined libclang-rt-14-dev; then
        # Optimized, the sanitizers' own code takes three times as long to compile. clang 14 cannot compile coroutines
        # with -fsanitize=function.
        cmake_stage sanitized "$(clangxx)" \
            "-O0 -gline-tables-only -fsanitize=address,undefined -fno-sanitize=function -fno-sanitize-recover=all" \
            "core;adapters;cluster;history;end_to_end;probe;proxy;readme;threads"
        cmake_stage fuzz "$(clangxx)" \
            "-O1 -gline-tables-only -fsanitize=address,undefined -fno-sanitize=function -fno-sanitize-recover=all" \
            fuzz
    fi
fi
if [ -n "$core" ]; then
    :
elif has_tool meson && has_tool ninja; then
    meson_stage
else
    lacks "the build with Meson: there is none" meson ninja-build
fi
note "not run: the tests against a real server; sh tests/run.sh --server PATH"
finish
