#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
set -eu

usage() {
    cat <<'END'
usage: sh tests/run.sh [--core] [--allow-missing] [--soak] [--help]

Builds and runs the tests of afterwrite: with g++ everything, with clang under the address and undefined behaviour
sanitizers, with g++ what has threads under the thread sanitizer, and the core with Meson. Its last line says how many
tests passed. What a machine lacks is fetched from Debian's archive: libraries are unpacked below the build folder;
compilers and build tools are installed, where root or `sudo -n` can.

  --core           only the core tests, with one compiler; needs no root and installs nothing
  --allow-missing  leave out what cannot be had here, name it and count it as skipped, instead of failing
  --soak           let the tests that draw random cases draw very many: takes hours (AFTERWRITE_SOAK=1 for the tests)
  --help           this text

AFTERWRITE_BUILD_DIR names the build folder; without it, that is build/ beside include/.
END
}

core=
allow_missing=
soak=
for option in "$@"; do
    case $option in
        --core) core=yes ;;
        --allow-missing) allow_missing=yes ;;
        --soak) soak=yes ;;
        --help) usage; exit 0 ;;
        *) echo "run.sh: There is no option '$option'; see 'sh tests/run.sh --help'." >&2; exit 2 ;;
    esac
done

source_dir=$(cd "$(dirname "$0")/.." && pwd -P)
build_dir=${AFTERWRITE_BUILD_DIR:-$source_dir/build}
mkdir -p "$build_dir"
build_dir=$(cd "$build_dir" && pwd -P)
. "$source_dir/tests/packages.sh"

jobs=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
timeout=300
if [ -n "$soak" ]; then
    timeout=36000
    export AFTERWRITE_SOAK=1
fi

passed=0
failed=0
skipped=0
notes=
note() { notes="$notes  $*
"; }

# Something is not here: with --allow-missing it is left out and named, else it fails. Counts as one test.
lacks() {
    if [ -n "$allow_missing" ]; then
        note "skipped: $*"
        skipped=$((skipped + 1))
    else
        note "FAILED: $*"
        failed=$((failed + 1))
    fi
}

finish() {
    if [ -n "$notes" ]; then printf '\n%s' "$notes"; fi
    printf '\ntests: %d passed, %d failed%s\n' "$passed" "$failed" "${allow_missing:+, $skipped skipped}"
    if [ "$failed" = 0 ] && [ "$passed" != 0 ]; then exit 0; else exit 1; fi
}

# ---------------------------------------------------------------------------------------------------------------------
# A stage: configure, build, test; what it printed stays in its log.

minutes_since() { awk -v a="$1" -v b="$(date +%s)" 'BEGIN { printf "%.1f", (b - a) / 60 }'; }

# step STAGE WHAT COMMAND...: fails, and shows the log, if the command does.
step() {
    name=$1
    what=$2
    shift 2
    log=$build_dir/log/$name-$what.log
    if "$@" >"$log" 2>&1 </dev/null; then return 0; fi
    grep -nE 'error|Error|ERROR|FAILED|missing|warning' "$log" | head -n 20
    echo "... the end of $log:"
    tail -n 60 "$log"
    note "FAILED: $name does not $what"
    failed=$((failed + 1))
    return 1
}

# attribute NAME REPORT: a number from the head of ctest's report.
attribute() { sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$2" 2>/dev/null | head -n 1; }

# Adds what one stage's report says, and shows which tests failed.
count() {
    name=$1
    total=$2
    bad=$3
    left=$4
    passed=$((passed + total - bad - left))
    failed=$((failed + bad))
    skipped=$((skipped + left))
    if [ "$bad" != 0 ]; then note "FAILED: $bad of the tests of $name"; fi
    if [ "$left" != 0 ]; then
        note "skipped: $left of the tests of $name"
        if [ -z "$allow_missing" ]; then failed=$((failed + left)); skipped=$((skipped - left)); fi
    fi
}

# cmake_stage NAME COMPILER FLAGS GROUPS
cmake_stage() {
    stage=$1
    started=$(date +%s)
    printf '\n== %s: %s %s\n' "$stage" "$2" "$3"
    tree=$build_dir/$stage
    if step "$stage" configure cmake -S "$source_dir" -B "$tree" -G "$generator" -DCMAKE_CXX_COMPILER="$2" \
        -DCMAKE_CXX_FLAGS="$3" -DAFTERWRITE_TEST_GROUPS="$4" -DAFTERWRITE_TEST_TIMEOUT="$timeout" \
        -DAFTERWRITE_ALLOW_MISSING="${allow_missing:-OFF}" &&
        step "$stage" build cmake --build "$tree" --parallel "$jobs"; then
        sed -n '/^-- Left out/,/^--/p' "$build_dir/log/$stage-configure.log" | grep -v '^-- [^L]' || :
        report=$tree/report.xml
        rm -f "$report"
        log=$build_dir/log/$stage-test.log
        status=0
        (cd "$tree" && ctest --parallel "$jobs" --output-on-failure --no-tests=error --output-junit "$report") \
            >"$log" 2>&1 </dev/null || status=$?
        if [ $status = 0 ]; then sed -n '/tests passed/,$p' "$log" | grep -v '^$'; else cat "$log"; fi
        total=$(attribute tests "$report")
        bad=$(attribute failures "$report")
        disabled=$(attribute disabled "$report")
        unrun=$(attribute skipped "$report")
        left=$((${disabled:-0} + ${unrun:-0}))
        count "$stage" "${total:-0}" "${bad:-0}" $left
        if [ "${total:-0}" = 0 ] || { [ $status != 0 ] && [ "${bad:-0}" = 0 ] && [ $left = 0 ]; }; then
            note "FAILED: $stage did not run its tests"
            failed=$((failed + 1))
        fi
    fi
    echo "== $stage took $(minutes_since "$started") minutes"
}

meson_stage() {
    started=$(date +%s)
    printf '\n== meson: the core\n'
    tree=$build_dir/meson
    # Meson finds doctest only where the compiler looks.
    if [ -d "$packages_root/usr/include" ]; then
        export CPLUS_INCLUDE_PATH="$packages_root/usr/include${CPLUS_INCLUDE_PATH:+:$CPLUS_INCLUDE_PATH}"
    fi
    again=
    if [ -e "$tree/build.ninja" ]; then again=--reconfigure; fi
    # shellcheck disable=SC2086
    if step meson configure meson setup $again "$tree" "$source_dir" &&
        step meson build meson compile -C "$tree" -j "$jobs"; then
        log=$build_dir/log/meson-test.log
        if meson test -C "$tree" --no-rebuild --print-errorlogs --num-processes "$jobs" >"$log" 2>&1 </dev/null; then
            sed -n '/^Ok:/,$p' "$log" | grep -v -e '^$' -e ' 0 *$' -e '^Full log' || :
        else
            cat "$log"
        fi
        of() { awk -v name="$1:" 'index($0, name) == 1 { n = $NF } END { print n + 0 }' "$log"; }
        ok=$(of Ok)
        bad=$(($(of Fail) + $(of Timeout) + $(of 'Unexpected Pass')))
        if [ $((ok + bad)) = 0 ]; then
            note "FAILED: meson ran no test"
            bad=1
        fi
        count meson $((ok + bad)) $bad 0
    fi
    echo "== meson took $(minutes_since "$started") minutes"
}

# ---------------------------------------------------------------------------------------------------------------------
# What is needed.

works_with() { # COMPILER FLAG: a program made so runs
    mkdir -p "$build_dir/log"
    echo 'int main() { return 0; }' >"$build_dir/log/probe.cpp"
    "$1" "$2" "$build_dir/log/probe.cpp" -o "$build_dir/log/probe" >/dev/null 2>&1 &&
        "$build_dir/log/probe" >/dev/null 2>&1
}
first_of() {
    for tool in "$@"; do
        if command -v "$tool" >/dev/null 2>&1; then echo "$tool"; return; fi
    done
    echo "$1"
}
can_sanitize() { works_with "$(first_of clang++-14 clang++)" -fsanitize=address,undefined; }

mkdir -p "$build_dir/log"

if [ -n "$core" ]; then
    packages_mode=${AFTERWRITE_PACKAGES:-unpack_missing}
    need_tools "${CXX:-g++|clang++-14|clang++|c++}:g++" cmake:cmake 'ninja|make:ninja-build' || {
        note "FAILED: the tools of the core tests are missing:$missing_packages"
        failed=$((failed + 1))
        finish
    }
    need_packages doctest-dev || :
else
    need_tools g++:g++ 'clang++-14|clang++:clang-14' can_sanitize:libclang-rt-14-dev cmake:cmake ninja:ninja-build \
        meson:meson pkg-config:pkg-config 'clang-format-14|clang-format:clang-format-14' \
        'clang-tidy-14|clang-tidy:clang-tidy-14' || :
    need_packages doctest-dev libcpp-httplib-dev libcurl4-openssl-dev libssl-dev nlohmann-json3-dev libboost-dev \
        libc++-14-dev libc++abi-14-dev || :
fi
generator=Ninja
command -v ninja >/dev/null 2>&1 || generator='Unix Makefiles'

# ---------------------------------------------------------------------------------------------------------------------
# The stages.

if [ -n "$core" ]; then
    cmake_stage core "${CXX:-$(first_of g++ clang++-14 clang++ c++)}" "" core
    finish
fi

clangxx=$(first_of clang++-14 clang++)
if command -v g++ >/dev/null 2>&1; then
    cmake_stage gcc g++ -O1 all
else
    lacks "the build with g++: there is none"
fi
if ! command -v "$clangxx" >/dev/null 2>&1; then
    lacks "the build with clang: there is none"
elif ! can_sanitize; then
    lacks "the build with clang: it has no sanitizers (libclang-rt-14-dev)"
else
    cmake_stage sanitized "$clangxx" "-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all" \
        "core;adapters;cluster;end_to_end;probe;readme;threads"
fi
if ! command -v g++ >/dev/null 2>&1; then
    :
elif works_with g++ -fsanitize=thread; then
    cmake_stage threads g++ "-O1 -g -fsanitize=thread" threads
else
    note "left out: the thread sanitizer, whose programs do not run on this kernel"
fi
if command -v meson >/dev/null 2>&1; then
    meson_stage
else
    lacks "the build with Meson: there is none"
fi
finish
