#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# compile.sh alone STAMP INCLUDE_DIR COMPILER [FLAG...] -- HEADER...: each compiles as the only, and the first, include
# compile.sh together STAMP INCLUDE_DIR COMPILER [FLAG...] -- HEADER...: one unit has them all
# Where the flags forbid exceptions, an adapter or store that says "// needs exceptions" is passed over. If nothing has
# changed since the last success (STAMP), nothing is compiled.
set -eu

how=$1
stamp=$2
include_dir=$3
shift 3
state=$({ cat "$0"; echo "$how $*"; "$1" --version; find "$include_dir" -type f | LC_ALL=C sort | xargs cksum; } | cksum)
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

compiles() { eval "$command" -fsyntax-only -I '"$include_dir"' '"$stamp.cpp"'; }

bad=0
: >"$stamp.cpp"
for header in "$@"; do
    case $embedded-$header in
        yes-afterwrite/adapters/* | yes-afterwrite/stores/*)
            if grep -q '^// needs exceptions' "$include_dir/$header"; then
                echo "$header needs exceptions: passed over"
                continue
            fi
            ;;
    esac
    if [ "$how" = together ]; then
        echo "#include <$header>" >>"$stamp.cpp"
        continue
    fi
    printf '#include <%s>\n#include <%s>\n' "$header" "$header" >"$stamp.cpp"
    if ! compiles; then
        echo "$header does not compile alone." >&2
        bad=$((bad + 1))
    fi
done
if [ "$how" = together ] && ! compiles; then
    echo "Together they do not compile." >&2
    bad=1
fi
[ $bad = 0 ] || exit 1
echo "$# headers compile $how."
echo "$state" >"$stamp"
