#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# All our code is as .clang-format wants it, and .clang-tidy finds nothing:
#   style.sh format SOURCE_DIR CLANG_FORMAT
#   style.sh lint SOURCE_DIR CLANG_TIDY FLAG... -- FILE...     headers as one includes them, sources from the top
set -eu

what=$1
cd "$2"
tool=$3
shift 3

case $what in
    format)
        find include tests benchmarks \( -name '*.[hc]pp' -o -name '*.[hc]' \) -type f |
            LC_ALL=C sort | xargs "$tool" --dry-run -Werror
        ;;
    lint)
        work=$(mktemp -d)
        trap 'rm -rf "$work"' EXIT
        flags=
        while [ "$1" != -- ]; do
            flags="$flags $1"
            shift
        done
        shift
        for file in "$@"; do
            case $file in
                *.hpp) echo "#include <$file>" >>"$work/headers.cpp" ;;
                *) echo "$file" ;;
            esac
        done >"$work/sources"
        echo "$work/headers.cpp" >"$work/units"

        # Nearly all the time goes into what a source includes, so the sources of a folder are one unit. But those that
        # do not compile behind the others, since a name means something else there, are units of their own.
        for folder in $(sed 's|/[^/]*$||' "$work/sources" | LC_ALL=C sort -u); do
            unit=$work/$(echo "$folder" | tr / _).cpp
            grep "^$folder/[^/]*$" "$work/sources" | sed "s|.*|#include \"$PWD/&\"|" >"$work/all.cpp"
            # shellcheck disable=SC2086
            "$tool" --quiet --checks=-*,bugprone-posix-return "$work/all.cpp" -- -ferror-limit=0 $flags 2>/dev/null |
                sed -n "s|^$PWD/\(.*\.cpp\):[0-9]*:[0-9]*: error: .*|\1|p" | LC_ALL=C sort -u >"$work/alone" || :
            grep -vFf "$work/alone" "$work/all.cpp" >"$unit" || :
            cat "$work/alone" >>"$work/units"
            echo "$unit" >>"$work/units"
        done
        # The option for the configuration is needed because some units lie outside the tree.
        # shellcheck disable=SC2086
        xargs -P "$(nproc 2>/dev/null || echo 2)" -I UNIT "$tool" --quiet --config-file=.clang-tidy \
            --checks=-bugprone-suspicious-include --header-filter="include/afterwrite/|^$PWD/.*[.]cpp$" \
            UNIT -- -x c++ $flags <"$work/units"
        ;;
esac
