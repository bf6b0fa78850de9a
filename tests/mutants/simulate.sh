#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# simulate.sh SOURCE FOLDER MUTANT HEADER: builds the simulation of a copy of SOURCE, kept in FOLDER, with the file
# MUTANT for a header, and runs it. Ends with 0 if 200 seeds keep all promises; with 1 if one does not, or if it hangs,
# which is said; and with 2 if neither was seen, as when it crashes. AFTERWRITE_MUTANT_OPERATIONS says how many
# operations a seed has.
set -eu

folder=$2
mutant=$3
name=$4
header=$folder/source/include/afterwrite/$name
operations=${AFTERWRITE_MUTANT_OPERATIONS:-20000}

source_dir=$folder/source
if [ ! -d "$source_dir" ]; then
    mkdir -p "$source_dir"
    cp -R "$1/include" "$1/tests" "$1/CMakeLists.txt" "$source_dir/"
fi
. "$source_dir/tests/packages.sh"
need_build_tools || exit 2
need_packages doctest-dev libssl-dev nlohmann-json3-dev libboost-dev || exit 2
jobs=1 # others run beside this one

make() {
    configure "$folder/build" "$compiler" -DCMAKE_CXX_FLAGS="-O1 -w" -DAFTERWRITE_TEST_GROUPS=simulation &&
        build "$folder/build" afterwrite.simulation
}
# Few seeds are enough for most. A run shows something only if it comes to its last line, or to no end.
keeps_promises() {
    for seeds in 1..5 6..20 21..60 61..200; do
        ended=0
        (ulimit -v 8000000 && exec timeout 1800 "$folder/build/tests/afterwrite.simulation" --seeds $seeds \
            --operations "$operations" --jobs 1) >"$folder/run.log" 2>&1 || ended=$?
        case $ended-$(tail -n 1 "$folder/run.log") in
            [01]-simulated\ *\ operations,\ 0\ violations) ;;
            1-simulated\ *\ operations,\ *\ violations) return 1 ;;
            124-*) echo "hung: a mutant of $name, at seeds $seeds"; return 1 ;;
            *) echo "no end: a mutant of $name, at seeds $seeds: status $ended; see $folder/run.log" >&2; return 2 ;;
        esac
    done
}

if [ ! -e "$folder/passes" ]; then
    make >"$folder/build.log" 2>&1 </dev/null || exit 2
    keeps_promises || exit 2
    : >"$folder/passes"
fi
cp "$header" "$folder/kept"
cp "$mutant" "$header"
status=0
if make >"$folder/build.log" 2>&1 </dev/null; then
    keeps_promises || status=$?
else
    status=2
fi
cp "$folder/kept" "$header"
exit $status
