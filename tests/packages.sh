# SPDX-License-Identifier: BSL-1.0
# Gets what a build needs, and starts CMake. POSIX sh, to be sourced, after `source_dir` is set.
#   need_packages PACKAGE...         libraries: unpacked below the build folder, never installed
#   need_tools COMMAND:PACKAGE...    tools: unpacked too where they work so; compilers are installed, where root or
#                                    `sudo -n` can, else named with the command to run
# Both are quick, and touch nothing, when all is there. Where there is no apt they leave it to the build to find things.
#
# AFTERWRITE_PACKAGES=unpack installs nothing; AFTERWRITE_PACKAGES=system gets nothing: it says what is missing.

build_dir=${AFTERWRITE_BUILD_DIR:-$source_dir/build}
mkdir -p "$build_dir/log" || exit 2
build_dir=$(cd "$build_dir" && pwd -P)
jobs=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

packages_dir=$build_dir/packages
packages_root=$packages_dir/root
packages_mode=${AFTERWRITE_PACKAGES:-auto}
packages_relocatable=' cmake ninja-build meson pkg-config clang-format-14 clang-tidy-14 '
packages_alone=' mariadb-plugin-hashicorp-key-management ' # what they depend on is large, and not needed here

packages_say() { echo "packages: $*" >&2; }
packages_have_apt() { command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1; }
apt_line() { echo "apt-get install --no-install-recommends $*"; }

# Runs a command as root, or fails.
packages_as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# packages_apt COMMAND...: `COMMAND... -o OPTION...` with caches of our own, and lists of our own once the system's are
# too old, so that it needs no rights and changes nothing on the system.
packages_apt() {
    mkdir -p "$packages_dir/apt/archives/partial" "$packages_dir/apt/lists/partial"
    if [ -e "$packages_dir/apt/own_lists" ]; then set -- "$@" -o Dir::State::lists="$packages_dir/apt/lists"; fi
    "$@" -qq -o APT::Sandbox::User="$(id -un)" -o Dir::Cache="$packages_dir/apt" \
        -o Dir::Cache::archives="$packages_dir/apt/archives" -o Acquire::Retries=2 >"$packages_dir/apt.log" 2>&1 </dev/null
}

# Tries packages_apt; if it fails, once more with fresh lists.
packages_get() {
    if packages_apt "$@"; then return 0; fi
    packages_say "apt-get update"
    : >"$packages_dir/apt/own_lists"
    if packages_apt apt-get -o Debug::NoLocking=1 update && packages_apt "$@"; then return 0; fi
    cat "$packages_dir/apt.log" >&2
    return 1
}

# Makes the unpacked tree usable where it lies.
packages_repair() {
    for folder in "$packages_root"/usr/include/*-linux-gnu*; do
        if [ -d "$folder" ]; then cp -a "$folder/." "$packages_root/usr/include/"; fi
    done
    find "$packages_root" -name '*.pc' -type f | while read -r file; do
        sed -i "\\|=$packages_root/|!s|^\([a-z_]*dir\|prefix\)=/usr|\1=$packages_root/usr|" "$file"
    done
    # Compilers, which come along with clang-tidy, do not work where they were not installed.
    rm -f "$packages_root"/usr/bin/*clang-14 "$packages_root"/usr/bin/*clang++* "$packages_root"/usr/bin/*g[c+][c+]*
    for file in "$packages_root"/usr/bin/*; do # scripts find the interpreter that was unpacked with them
        case $(head -c 20 "$file" 2>/dev/null | tr -d '\000' | head -n 1) in
            '#!'*/usr/bin/python3*) sed -i '1s|/usr/bin/python3|/usr/bin/env python3|' "$file" ;;
        esac
    done
    # A -dev package links to its library; where the system has the library, that is not unpacked here.
    find "$packages_root" -name '*.so*' -type l | while read -r link; do
        if [ ! -e "$link" ]; then
            target=$(readlink "$link")
            folder=${link#"$packages_root"}
            folder=${folder%/*}
            for real in "$target" "$folder/$target" "${folder#/usr}/$target"; do
                case $real in
                    /*) if [ -e "$real" ]; then ln -sf "$real" "$link"; break; fi ;;
                esac
            done
        fi
    done
}

# Downloads packages, and what those that are not `packages_alone` depend on, as far as the system lacks it.
packages_download() {
    alone=
    others=
    for package in "$@"; do
        case $packages_alone in
            *" $package "*) alone="$alone $package" ;;
            *) others="$others $package" ;;
        esac
    done
    # shellcheck disable=SC2086  # package names are words
    if [ -n "$others" ]; then
        packages_get apt-get -o Debug::NoLocking=1 --download-only -y --no-install-recommends install $others || return 1
    fi
    # shellcheck disable=SC2086
    if [ -n "$alone" ]; then
        (cd "$packages_dir/apt/archives" && packages_get apt-get -o Debug::NoLocking=1 download $alone) || return 1
    fi
}

# Unpacks packages and what they need.
packages_unpack() {
    packages_have_apt && [ "$packages_mode" != system ] || return 1
    mkdir -p "$packages_dir/unpacked" "$packages_dir/apt/archives"
    packages_say "unpacking $*"
    rm -f "$packages_dir"/apt/archives/*.deb
    packages_download "$@" || return 1
    for file in "$packages_dir"/apt/archives/*.deb; do
        [ -e "$file" ] || { packages_say "apt-get brought no file for $*"; return 1; }
        dpkg-deb -x "$file" "$packages_root" || return 1
    done
    packages_repair
    rm -rf "$packages_dir/apt/archives"
    for package in "$@"; do : >"$packages_dir/unpacked/$package"; done
}

# Installs as root, without a question and without starting a daemon.
packages_install() {
    packages_have_apt && [ "$packages_mode" = auto ] && packages_as_root true 2>/dev/null || return 1
    packages_say "installing $*"
    mkdir -p "$packages_dir"
    guard=/usr/sbin/policy-rc.d
    if [ -e $guard ]; then
        guard=
    else
        trap 'packages_as_root rm -f /usr/sbin/policy-rc.d' EXIT
        trap 'exit 130' INT TERM HUP
        packages_as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$guard && chmod 755 $guard" ||
            { packages_say "cannot write $guard, which keeps servers from being started"; return 1; }
    fi
    outcome=0
    packages_get packages_as_root env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends \
        -o Dpkg::Options::=--force-confold install "$@" || outcome=1
    if [ -n "$guard" ]; then
        packages_as_root rm -f $guard
        trap - EXIT INT TERM HUP
    fi
    return $outcome
}

# packages_prepend VARIABLE FOLDER: to a list of folders, unless it is on it.
packages_prepend() {
    folders=
    eval "folders=\${$1:-}"
    case ":$folders:" in *":$2:"*) return 0 ;; esac
    if [ -d "$2" ]; then export "$1=$2${folders:+:$folders}"; fi
}

# Puts what is unpacked where compilers, linkers and build tools look.
packages_export() {
    [ -d "$packages_root/usr" ] || return 0
    packages_prepend CMAKE_PREFIX_PATH "$packages_root/usr"
    packages_prepend PATH "$packages_root/usr/sbin"
    packages_prepend PATH "$packages_root/usr/bin"
    packages_prepend PYTHONPATH "$packages_root/usr/lib/python3/dist-packages"
    packages_prepend PKG_CONFIG_PATH "$packages_root/usr/share/pkgconfig"
    for folder in "$packages_root"/usr/lib/*-linux-gnu* "$packages_root"/lib/*-linux-gnu* \
        "$packages_root"/usr/lib/llvm-14/lib; do
        packages_prepend LIBRARY_PATH "$folder"
        packages_prepend LD_LIBRARY_PATH "$folder"
        packages_prepend PKG_CONFIG_PATH "$folder/pkgconfig"
    done
}

packages_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# What cannot be had is named, with the command that gets it; the status says so.
packages_name_missing() {
    [ -n "$missing_packages" ] || return 0
    # shellcheck disable=SC2086
    packages_say "cannot get$missing_packages; please run: $(apt_line $missing_packages)"
    return 1
}

# packages_each FUNCTION PACKAGE...: all at once, or, if that fails, those that can be had.
packages_each() {
    function=$1
    shift
    if [ $# = 0 ] || "$function" "$@"; then return 0; fi
    for package in "$@"; do
        [ $# != 1 ] && "$function" "$package" || missing_packages="$missing_packages $package"
    done
}

need_packages() {
    missing_packages=
    wanted=
    if packages_have_apt; then
        for package in "$@"; do
            [ -e "$packages_dir/unpacked/$package" ] || packages_installed "$package" || wanted="$wanted $package"
        done
    fi
    # shellcheck disable=SC2086  # package names are words
    packages_each packages_unpack $wanted
    packages_export
    packages_name_missing
}

# A tool is a command, some commands of which one will do (a|b), or a function `can_...` that says whether it works.
has_tool() {
    case $1 in can_*) "$1"; return ;; esac
    for tool in $(echo "$1" | tr '|' ' '); do
        if command -v "$tool" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

need_tools() {
    missing_packages=
    unpacked=
    installed=
    packages_export
    for item in "$@"; do
        if ! has_tool "${item%%:*}"; then
            package=${item#*:}
            case "$unpacked $installed " in *" $package "*) continue ;; esac
            case $packages_relocatable in
                *" $package "*) unpacked="$unpacked $package" ;;
                *) installed="$installed $package" ;;
            esac
        fi
    done
    # shellcheck disable=SC2086
    { packages_each packages_unpack $unpacked; packages_each packages_install $installed; }
    packages_export
    hash -r
    packages_name_missing
}

# ---------------------------------------------------------------------------------------------------------------------
# Building with CMake.

# The first of these that is here goes into `compiler`.
can_compile() {
    for tool in ${CXX:-} g++ clang++-14 clang++; do
        if compiler=$(command -v "$tool"); then return 0; fi
    done
    compiler=
    return 1
}

# need_build_tools [COMMAND:PACKAGE...]: these, a compiler and CMake; sets `compiler` and `generator`.
need_build_tools() {
    complete=0
    need_tools can_compile:g++ cmake:cmake 'ninja|make:ninja-build' "$@" || complete=1
    can_compile || :
    generator=Ninja
    command -v ninja >/dev/null 2>&1 || generator='Unix Makefiles'
    return $complete
}

# configure TREE COMPILER OPTION...: a tree that was made for another compiler, generator or folder is made anew.
configure() {
    tree=$1
    path=$(command -v "$2") || path=$2
    shift 2
    if [ -e "$tree/CMakeCache.txt" ]; then
        made_for=$(sed -n -e 's/^CMAKE_CXX_COMPILER:[A-Z]*=/compiler /p' -e 's/^CMAKE_GENERATOR:INTERNAL=/generator /p' \
            -e 's/^CMAKE_HOME_DIRECTORY:INTERNAL=/folder /p' "$tree/CMakeCache.txt" | LC_ALL=C sort)
        if [ "$made_for" != "$(printf 'compiler %s\nfolder %s\ngenerator %s' "$path" "$source_dir" "$generator")" ]; then
            rm -rf "$tree"
        fi
    fi
    cmake -S "$source_dir" -B "$tree" -G "$generator" -DCMAKE_CXX_COMPILER="$path" "$@"
}

# build TREE [TARGET...]: goes on after an error, so that one broken unit does not hide the rest.
build() {
    tree=$1
    shift
    go_on=--keep-going
    if [ "$generator" = Ninja ]; then go_on='-k 0'; fi
    # shellcheck disable=SC2086
    cmake --build "$tree" --parallel "$jobs" ${1:+--target} "$@" -- $go_on
}

# build_benchmarks TREE NAMES TARGET...: fails, and shows the end of its log, if they cannot be built.
# AFTERWRITE_BENCHMARK_FLAGS is for tests, which want them soon rather than fast.
build_benchmarks() {
    tree=$1
    benchmarks=$2
    shift 2
    log=$build_dir/log/${tree##*/}.log
    if { configure "$tree" "$compiler" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_CXX_FLAGS_RELEASE="${AFTERWRITE_BENCHMARK_FLAGS:--O2 -DNDEBUG}" \
        -DAFTERWRITE_BUILD_TESTS=OFF -DAFTERWRITE_BUILD_BENCHMARKS=ON -DAFTERWRITE_BENCHMARKS="$benchmarks" &&
        build "$tree" "$@"; } >"$log" 2>&1 </dev/null; then return 0; fi
    tail -n 60 "$log" >&2
    echo "The build failed; its log is $log." >&2
    return 1
}
