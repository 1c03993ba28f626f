#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test.sh: the console's own tests, compiled and run by Node's test runner.
set -eu
cd "$(dirname "$0")/.."
rm -rf .build/src .build/tests
node_modules/.bin/tsc -p tsconfig.json
node --test .build/tests/*.test.js
