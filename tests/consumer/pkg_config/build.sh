#!/bin/sh
# build.sh PROGRAM: how a project without CMake uses rtai.
set -eu
flags=$(pkg-config --cflags --libs rtai-core)
# shellcheck disable=SC2086
"${CXX:-c++}" -std=c++20 $flags "$(dirname "$0")/../main.cpp" -o "$1"
