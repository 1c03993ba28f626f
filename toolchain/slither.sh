#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Slither reads the build of Forge, in a folder of its own: what other builds leave there confuses it.
set -eu
FOUNDRY_OUT=${XDG_CACHE_HOME:-$HOME/.cache}/muniment/slither/out
FOUNDRY_CACHE_PATH=${XDG_CACHE_HOME:-$HOME/.cache}/muniment/slither/cache
export FOUNDRY_OUT FOUNDRY_CACHE_PATH
rm -rf "$FOUNDRY_OUT" "$FOUNDRY_CACHE_PATH"
forge build --build-info --skip 'tests/**' >/dev/null
exec slither . --foundry-ignore-compile --foundry-out-directory "$FOUNDRY_OUT" --config-file slither.config.json --fail-low
