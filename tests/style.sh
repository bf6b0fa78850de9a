#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# style.sh format|lint SOURCE_DIR TOOL: all our C++ is as .clang-format wants it; .clang-tidy finds nothing in the headers.
set -eu

what=$1
cd "$2"
tool=$3

case $what in
    format)
        find include tests benchmarks \( -name '*.hpp' -o -name '*.cpp' \) -type f 2>/dev/null |
            LC_ALL=C sort | xargs "$tool" --dry-run -Werror
        ;;
    lint)
        unit=$(mktemp)
        trap 'rm -f "$unit"' EXIT
        find include -name '*.hpp' ! -path '*/adapters/*' ! -path '*/stores/*' | LC_ALL=C sort |
            sed 's|^include/\(.*\)|#include <\1>|' >"$unit"
        # The option for the configuration is needed because the unit lies outside the tree.
        "$tool" --quiet --config-file=.clang-tidy "$unit" -- -x c++ -std=c++20 -Iinclude
        ;;
esac
