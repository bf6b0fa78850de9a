#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# consume.sh WAY SOURCE_DIR WORK_DIR COMPILER: a program elsewhere gets the library in one of the WAYs below, is built
# with no flag but C++20, prints the library's version, and has built none of the library's tests.
set -eu

way=$1
source_dir=$2
work_dir=$3
export CXX="$4"
here=$source_dir/tests/consume
unset CXXFLAGS CPPFLAGS DESTDIR
if command -v ninja >/dev/null 2>&1; then export CMAKE_GENERATOR=Ninja; fi

rm -rf "$work_dir"
mkdir -p "$work_dir/build"
cd "$work_dir"

set -- $(sed -n 's/^#define AFTERWRITE_VERSION v\([0-9]*\)_\([0-9]*\)_\([0-9]*\)$/\1 \2 \3/p' \
    "$source_dir/include/afterwrite/version.hpp")
major=$1
minor=$2
version=$1.$2.$3

fail() { echo "consume.sh $way: $*" >&2; exit 1; }

install_with_cmake() {
    cmake -S "$source_dir" -B library -DAFTERWRITE_BUILD_TESTS=OFF -DCMAKE_INSTALL_PREFIX="$work_dir/prefix"
    cmake --build library
    cmake --install library
}
install_with_meson() {
    meson setup --prefix "$work_dir/prefix" library "$source_dir"
    meson install -C library --no-rebuild
}
build_with_cmake() { # SOURCE [-DNAME=VALUE...]
    source=$1
    shift
    cmake -S "$source" -B build "$@"
    cmake --build build
}
build_by_hand() { "$CXX" -std=c++20 "$@" "$here/program.cpp" -o build/program; }
use_pkg_config() {
    export PKG_CONFIG_PATH="$work_dir/prefix/share/pkgconfig"
    [ "$(pkg-config --modversion afterwrite)" = "$version" ] || fail "pkg-config gives another version."
    flags=$(pkg-config --cflags --libs "afterwrite >= $major.$minor")
    # shellcheck disable=SC2086
    set -- $flags
    case "$# $flags" in
        "1 -I"*) build_by_hand "$1" ;;
        *) fail "pkg-config gives other flags than one -I: $flags" ;;
    esac
}
check_prefix() {
    for file in version.hpp afterwrite.hpp LICENSE_1_0.txt; do
        [ -e "prefix/include/afterwrite/$file" ] || fail "$file is not installed."
    done
    (cd "$source_dir/include" && find . -type f) | LC_ALL=C sort >expected_files
    (cd prefix/include && find . -type f) | LC_ALL=C sort | cmp expected_files - || fail "other files are installed."
}
refuse() { # VERSION
    if cmake -S "$here/installed" -B build -DCMAKE_PREFIX_PATH="$work_dir/prefix" -DWANTED="$1" >refusal 2>&1; then
        fail "version $1 was asked for, and $version taken."
    fi
    cat refusal
    tr -s ' \n' '  ' <refusal | grep -q "compatible with requested version \"$1\"" || fail "no word of version $1."
    grep -q "version: $version" refusal || fail "no word of version $version."
    rm -rf build
}

case $way in
    find_package)
        install_with_cmake
        check_prefix
        build_with_cmake "$here/installed" -DCMAKE_PREFIX_PATH="$work_dir/prefix" -DWANTED="$major.$minor"
        ;;
    refused_version)
        install_with_cmake
        refuse $major.$((minor + 1))
        refuse $((major + 1)).0
        exit 0
        ;;
    subdirectory) build_with_cmake "$here/subdirectory" -DAFTERWRITE_DIR="$source_dir" ;;
    fetch_content) build_with_cmake "$here/fetch_content" -DAFTERWRITE_DIR="$source_dir" ;;
    pkg_config)
        install_with_cmake
        use_pkg_config
        ;;
    meson_subproject)
        mkdir -p consumer/subprojects
        cp "$here/meson/meson.build" "$here/program.cpp" consumer
        ln -s "$source_dir" consumer/subprojects/afterwrite
        meson setup build consumer
        meson compile -C build
        [ "$(meson test -C build --list 2>&1 | grep -c afterwrite)" = 0 ] || fail "the library's tests are here."
        ;;
    meson_installed)
        install_with_meson
        check_prefix
        rm -rf library
        use_pkg_config
        rm build/program
        refuse $major.$((minor + 1))
        refuse $((major + 1)).0
        build_with_cmake "$here/installed" -DCMAKE_PREFIX_PATH="$work_dir/prefix" -DWANTED="$major.$minor"
        ;;
    copy)
        cp -R "$source_dir/include" copied
        build_by_hand -I copied
        ;;
    *) fail "there is no such way." ;;
esac

if [ -e build/CMakeCache.txt ]; then
    (cd build && ctest -N) | grep -q '^Total Tests: 0$' || fail "the library's tests are here."
fi
tests=$(find . -name '*afterwrite.tests*')
[ -z "$tests" ] || fail "the library's tests are here: $tests"
[ "$(build/program)" = "$version" ] || fail "the program does not print $version."
