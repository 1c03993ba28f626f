#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# npm packages of the console, as its lock has them.
set -eu
cd "$(dirname "$0")/.."
digest=$(sha256sum package-lock.json | cut -c1-16)
[ ! -e "node_modules/.stamp-$digest" ] || exit 0
# As toolchain/node_env.sh: the lock names builds for other systems, which not every registry has.
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
touch "node_modules/.stamp-$digest"
