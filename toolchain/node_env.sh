#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# node_env.sh runtime|develop: npm packages, without (runtime) or with those that only tests need.
set -eu
digest=$(cat package-lock.json | sha256sum | cut -c1-16)
# What develop installs is more than runtime needs.
[ ! -e "node_modules/.stamp-develop-$digest" ] || exit 0
[ ! -e "node_modules/.stamp-$1-$digest" ] || exit 0
# Not `npm ci`: it refuses a lock without the builds of Anvil and Forge for other systems, which not every registry has.
# `install --no-save` takes the versions of the lock and leaves the lock alone.
omit=
[ "$1" = develop ] || omit=--omit=dev
npm install --no-save $omit --ignore-scripts --no-audit --no-fund --loglevel=error
touch "node_modules/.stamp-$1-$digest"
