#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Slither reads the build of Forge: nothing is compiled twice.
set -eu
forge build --build-info --skip 'tests/**' >/dev/null
exec slither . --foundry-ignore-compile --foundry-out-directory "$FOUNDRY_OUT" --config-file slither.config.json --fail-low
