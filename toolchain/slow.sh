#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests marked slow. A part without any is no failure (pytest's exit code 5), but all together must have some.
set -u
ran=0
pytest -p no:ape_test -n 2 --dist worksteal -q -m slow tests/unit tests/chain tests/journal
status=$?
case $status in 0) ran=1 ;; 5) ;; *) exit $status ;; esac
ape test tests/contracts -q -m slow --network ethereum:local:foundry
status=$?
case $status in 0) ran=1 ;; 5) ;; *) exit $status ;; esac
[ $ran -eq 1 ] || { echo "no slow test was found" >&2; exit 5; }
