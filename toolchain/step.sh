#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# step.sh NAME COMMAND...: runs a step and prints the time it took; appends it to $STEP_TIMES when that is set.
name=$1
shift
start=$(date +%s)
printf '== %s\n' "$name"
"$@"
status=$?
took=$(($(date +%s) - start))
[ -z "$STEP_TIMES" ] || printf '%5d s  %s\n' "$took" "$name" >>"$STEP_TIMES"
if [ "$status" -eq 0 ]; then
  printf -- '-- %s: %d s\n' "$name" "$took"
else
  printf -- '!! %s failed after %d s (exit %d)\n' "$name" "$took" "$status" >&2
fi
exit "$status"
