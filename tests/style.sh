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
        echo "$work/headers.cpp" >"$work/units"
        for file in "$@"; do
            case $file in
                *.hpp) echo "#include <$file>" >>"$work/headers.cpp" ;;
                *) echo "$file" >>"$work/units" ;;
            esac
        done
        # The option for the configuration is needed because one unit lies outside the tree.
        # shellcheck disable=SC2086
        xargs -P "$(nproc 2>/dev/null || echo 2)" -I UNIT "$tool" --quiet --config-file=.clang-tidy UNIT -- -x c++ $flags \
            <"$work/units"
        ;;
esac
