#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# alone.sh STAMP INCLUDE_DIR COMPILER [FLAG...] -- HEADER...: each header compiles as the only, and the first, include.
# Where the flags forbid exceptions, an adapter or store that says "// needs exceptions" is passed over. If nothing has
# changed since the last success (STAMP), nothing is compiled.
set -eu

stamp=$1
include_dir=$2
shift 2
state=$({ cat "$0"; echo "$@"; "$1" --version; find "$include_dir" -type f | LC_ALL=C sort | xargs cksum; } | cksum)
if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$state" ]; then
    echo "Nothing has changed since all headers compiled."
    exit 0
fi
rm -f "$stamp"
mkdir -p "$(dirname "$stamp")"

command=
embedded=
while [ "$1" != -- ]; do
    if [ "$1" = -fno-exceptions ]; then embedded=yes; fi
    command="$command '$1'"
    shift
done
shift
[ $# != 0 ] || { echo "There are no headers." >&2; exit 1; }

bad=0
for header in "$@"; do
    case $embedded-$header in
        yes-afterwrite/adapters/* | yes-afterwrite/stores/*)
            if grep -q '^// needs exceptions' "$include_dir/$header"; then
                echo "$header needs exceptions: passed over"
                continue
            fi
            ;;
    esac
    printf '#include <%s>\n#include <%s>\n' "$header" "$header" >"$stamp.cpp"
    if ! eval "$command" -fsyntax-only -I '"$include_dir"' '"$stamp.cpp"'; then
        echo "$header does not compile alone." >&2
        bad=$((bad + 1))
    fi
done
echo "$# headers, $bad of which do not compile alone"
[ $bad = 0 ] && echo "$state" >"$stamp"
