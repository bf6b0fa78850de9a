#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# vendored.sh SOURCE_DIR WORK_DIR COMPILER: two copies of the library, of different versions, live in one program.
set -eu

source_dir=$1
work_dir=$2
compiler=$3
here=$source_dir/tests/headers
version='^#define AFTERWRITE_VERSION v\([0-9]*\)_\([0-9]*\)_\([0-9]*\)$'
first=$(sed -n "s/$version/\1.\2.\3/p" "$source_dir/include/afterwrite/version.hpp")

rm -rf "$work_dir"
mkdir -p "$work_dir"
cd "$work_dir"
cp -R "$source_dir/include" second
sed "s/$version/#define AFTERWRITE_VERSION v9_9_9/" "$source_dir/include/afterwrite/version.hpp" \
    >second/afterwrite/version.hpp

"$compiler" -std=c++20 -DCOPY=first_copy -I "$source_dir/include" -c "$here/vendored.cpp" -o first.o
"$compiler" -std=c++20 -DCOPY=second_copy -I second -c "$here/vendored.cpp" -o second.o
"$compiler" "$here/vendored_main.cpp" first.o second.o -o program

./program | tee printed
printf '%s rejected\n9.9.9 rejected\n' "$first" | cmp - printed

# What a copy defines carries its version, so that nothing is shared and the linker merges nothing.
for copy in first second; do
    nm --defined-only $copy.o | awk '{ print $NF }' | grep 10afterwrite | LC_ALL=C sort -u >$copy.symbols ||
        { echo "The $copy copy defines no symbol: this test sees nothing."; exit 1; }
done
shared=$(LC_ALL=C comm -12 first.symbols second.symbols)
if [ -n "$shared" ]; then
    echo "Both copies define:"
    echo "$shared" | c++filt
    exit 1
fi
if grep -v v9_9_9 second.symbols >unversioned; then
    echo "These symbols do not carry their version:"
    c++filt <unversioned
    exit 1
fi
echo "$(wc -l <second.symbols) symbols, none of them shared"
