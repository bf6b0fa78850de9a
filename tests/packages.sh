# SPDX-License-Identifier: BSL-1.0
# Gets what a build needs from Debian's archive. POSIX sh, to be sourced, after `build_dir` is set. Two rules:
#   libraries and data      need_packages PACKAGE...         unpacked below the build folder, never installed
#   compilers and tools     need_tools COMMAND:PACKAGE...    installed with apt where root or `sudo -n` can, else unpacked
#                                                            where they work so, else named with the command to run
# Both are quick, and touch nothing, when all is there. Where there is no apt they leave it to the build to find things.
#
# AFTERWRITE_PACKAGES=unpack unpacks even what the system has, and installs nothing;
# AFTERWRITE_PACKAGES=system gets nothing: it only says what is missing.

packages_dir=$build_dir/packages
packages_root=$packages_dir/root
packages_mode=${AFTERWRITE_PACKAGES:-auto}
packages_relocatable=' cmake ninja-build meson pkg-config clang-format-14 clang-tidy-14 '

packages_say() { echo "packages: $*" >&2; }
packages_have_apt() { command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1; }

# Runs a command as root, or fails.
packages_as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
packages_can_be_root() {
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; }
}

# apt-get with caches of its own, so that it needs no rights and leaves nothing behind on the system.
packages_apt() {
    mkdir -p "$packages_dir/apt/archives/partial" "$packages_dir/apt/lists/partial"
    if [ -e "$packages_dir/apt/own_lists" ]; then
        set -- -o Dir::State::lists="$packages_dir/apt/lists" "$@"
    fi
    apt-get -qq -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" -o Dir::Cache="$packages_dir/apt" \
        -o Dir::Cache::archives="$packages_dir/apt/archives" -o Acquire::Retries=2 "$@"
}

# Gets fresh lists: the system's as root, else a copy of our own.
packages_update() {
    packages_say "apt-get update"
    if [ "$(id -u)" = 0 ]; then
        apt-get -qq update
    else
        mkdir -p "$packages_dir/apt/lists/partial"
        : >"$packages_dir/apt/own_lists"
        packages_apt update
    fi >"$packages_dir/update.log" 2>&1 || { cat "$packages_dir/update.log" >&2; return 1; }
}

# Downloads packages and what they depend on, as far as the system lacks it.
packages_download() {
    rm -f "$packages_dir"/apt/archives/*.deb
    if [ "$packages_mode" = unpack ]; then set -- --reinstall "$@"; fi
    packages_apt --download-only -y --no-install-recommends install "$@" >"$packages_dir/download.log" 2>&1
}

# Makes the unpacked tree usable where it lies.
packages_repair() {
    for folder in "$packages_root"/usr/include/*-linux-gnu*; do
        if [ -d "$folder" ]; then cp -a "$folder/." "$packages_root/usr/include/"; fi
    done
    find "$packages_root" -name '*.pc' -type f | while read -r file; do
        sed -i "s|^\([a-z_]*dir\|prefix\)=/usr|\1=$packages_root/usr|" "$file"
    done
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

packages_unpack() {
    packages_have_apt || return 1
    if [ "$packages_mode" = system ]; then return 1; fi
    mkdir -p "$packages_dir/unpacked"
    packages_say "unpacking $*"
    if ! packages_download "$@"; then
        packages_update && packages_download "$@" || { cat "$packages_dir/download.log" >&2; return 1; }
    fi
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
    packages_have_apt && [ "$packages_mode" = auto ] && packages_can_be_root || return 1
    packages_say "installing $*"
    guard=/usr/sbin/policy-rc.d
    if [ -e $guard ]; then
        guard=
    else
        printf '#!/bin/sh\nexit 101\n' | packages_as_root tee $guard >/dev/null
        packages_as_root chmod 755 $guard
        trap 'packages_as_root rm -f /usr/sbin/policy-rc.d' EXIT
        trap 'exit 130' INT TERM HUP
    fi
    mkdir -p "$packages_dir"
    installed=1
    for attempt in first second; do
        if packages_as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
            -o Dpkg::Options::=--force-confold install "$@" >"$packages_dir/install.log" 2>&1 </dev/null; then
            installed=0
            break
        elif [ $attempt = first ]; then
            packages_say "apt-get update"
            packages_as_root apt-get -qq update >"$packages_dir/update.log" 2>&1 || break
        fi
    done
    if [ -n "$guard" ]; then
        packages_as_root rm -f $guard
        trap - EXIT INT TERM HUP
    fi
    if [ $installed != 0 ]; then cat "$packages_dir/install.log" >&2; fi
    return $installed
}

# Puts what is unpacked where compilers, linkers and build tools look.
packages_export() {
    [ -d "$packages_root/usr" ] || return 0
    case ":${CMAKE_PREFIX_PATH:-}:" in *":$packages_root/usr:"*) return 0 ;; esac
    libraries=
    modules=$packages_root/usr/share/pkgconfig
    for folder in "$packages_root"/usr/lib/*-linux-gnu* "$packages_root"/lib/*-linux-gnu* \
        "$packages_root"/usr/lib/llvm-14/lib; do
        if [ -d "$folder" ]; then
            libraries=$libraries${libraries:+:}$folder
            modules=$modules:$folder/pkgconfig
        fi
    done
    export CMAKE_PREFIX_PATH="$packages_root/usr${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}"
    export PKG_CONFIG_PATH="$modules${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
    export PATH="$packages_root/usr/bin:$PATH"
    if [ -n "$libraries" ]; then
        export LIBRARY_PATH="$libraries${LIBRARY_PATH:+:$LIBRARY_PATH}"
        export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    fi
    if [ -d "$packages_root/usr/lib/python3/dist-packages" ]; then
        export PYTHONPATH="$packages_root/usr/lib/python3/dist-packages${PYTHONPATH:+:$PYTHONPATH}"
    fi
}

packages_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# need_packages PACKAGE...: what of it cannot be had is left in `missing_packages`, and the status says so.
need_packages() {
    missing_packages=
    wanted=
    if packages_have_apt; then
        for package in "$@"; do
            if [ -e "$packages_dir/unpacked/$package" ]; then continue; fi
            if [ "$packages_mode" != unpack ] && packages_installed "$package"; then continue; fi
            wanted="$wanted $package"
        done
    fi
    # shellcheck disable=SC2086  # package names are words
    if [ -n "$wanted" ] && ! packages_unpack $wanted; then
        for package in $wanted; do
            packages_unpack "$package" || missing_packages="$missing_packages $package"
        done
    fi
    packages_export
    [ -z "$missing_packages" ] || { packages_say "cannot get$missing_packages"; return 1; }
}

# A tool is a command, some commands of which one will do (a|b), or a function `can_...` that says whether it works.
packages_has_tool() {
    case $1 in
        can_*) "$1" ;;
        *)
            alternatives=$(echo "$1" | tr '|' ' ')
            for tool in $alternatives; do
                if command -v "$tool" >/dev/null 2>&1; then return 0; fi
            done
            return 1
            ;;
    esac
}

# need_tools COMMAND:PACKAGE...: what of it cannot be had is left in `missing_packages`, and the status says so.
need_tools() {
    missing_packages=
    wanted=
    packages_export
    for item in "$@"; do
        if ! packages_has_tool "${item%%:*}"; then
            wanted="$wanted ${item#*:}"
        elif [ "$packages_mode" = unpack ] && [ ! -e "$packages_dir/unpacked/${item#*:}" ]; then
            case $packages_relocatable in *" ${item#*:} "*) wanted="$wanted ${item#*:}" ;; esac
        fi
    done
    [ -n "$wanted" ] || return 0
    # shellcheck disable=SC2086
    packages_install $wanted || for package in $wanted; do
        case $packages_relocatable in
            *" $package "*) packages_unpack "$package" || missing_packages="$missing_packages $package" ;;
            *) missing_packages="$missing_packages $package" ;;
        esac
    done
    packages_export
    hash -r
    [ -z "$missing_packages" ] || {
        packages_say "please run: apt-get install --no-install-recommends$missing_packages"
        return 1
    }
}
