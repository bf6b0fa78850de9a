#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# run.sh PROGRAM CORPUS FOLDER OPTION...: runs a program of this folder with a copy of its corpus, to which libFuzzer adds
# what it finds new. An input that breaks a promise is left beside the copy. Each run of a program draws the same inputs,
# where it can be had at fixed addresses; what libFuzzer calls entropic goes by the time.
set -eu

program=$1
corpus=$2
folder=$3
shift 3
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
cp -R "$corpus" "$folder"
fixed=
if setarch -R true 2>/dev/null; then fixed='setarch -R'; fi
exec $fixed "$program" -seed=1 -entropic=0 "$@" -artifact_prefix="$folder." "$folder"
