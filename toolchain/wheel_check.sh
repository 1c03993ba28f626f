#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The wheel in an empty environment: no Node, no Ape, no repository. It must help, and verify the example.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wheel=$(ls "$root"/dist/muniment-*.whl)
"$root/.venv/bin/python" -m venv "$work/env"
"$work/env/bin/pip" install --quiet --constraint "$root/requirements/runtime.txt" "$wheel"
cp "$root"/examples/* "$work/"
cd "$work"
run() { env -i HOME="$work" PATH="$work/env/bin:/usr/bin:/bin" "$@"; }
fail() { echo "$1" >&2; exit 1; }
run muniment --help > help || fail "--help fails"
grep -q "^Usage: muniment" help || fail "--help says nothing"
run muniment verify strike.json --trust trust.toml --offline > told || fail "the example does not verify: $(cat told)"
grep -q "^VALID" told || fail "the example is not valid: $(cat told)"
sed 's/BARKSDALE/BARKSDALF/' strike.json > changed.json
if cmp -s strike.json changed.json; then fail "the example has changed: nothing to change"; fi
status=0
run muniment verify changed.json --trust trust.toml --offline > told || status=$?
[ $status -eq 10 ] && grep -q "^INVALID" told || fail "a changed example is not refused"
commands=$(sed -n '/^Commands:/,$p' help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
[ -n "$commands" ] || fail "--help names no command"
export work
helps() { run muniment "$1" --help | grep -q "^Usage: muniment $1" || { echo "muniment $1 has no help" >&2; exit 1; }; }
export -f run helps
# Two at a time: each starts an interpreter of its own.
echo "$commands" | xargs -P 2 -I COMMAND bash -o pipefail -c "helps COMMAND" || fail "a command does not help"
run python -c 'import importlib.util as u; assert u.find_spec("ape") is None and u.find_spec("pytest") is None'
run python -c 'from importlib.resources import files; assert (files("muniment.gateway") / "pages" / "index.html").is_file(), "the wheel has no console"'
echo "$(basename "$wheel"): helps, verifies the example, refuses a changed one"
