#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# python_env.sh SET: makes .venv hold requirements/SET.txt. Done before: done (a stamp keyed by the lock file).
set -eu
set_name=$1
lock=requirements/$set_name.txt
digest=$(cat "$lock" | sha256sum | cut -c1-16)
stamp=.venv/stamp-$digest
[ ! -e "$stamp" ] || exit 0
python=
for candidate in python3.11 python3 python3.12 python3.13; do
  if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || { echo "no Python 3.11 or newer found: run make doctor" >&2; exit 1; }
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$lock"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . 2>/dev/null ||
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
touch "$stamp"
