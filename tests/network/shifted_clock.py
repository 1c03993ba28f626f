# SPDX-License-Identifier: Apache-2.0
"""A validator whose clock is wrong: the node's program, built over a Go whose clock is shifted.

For tests alone. `go build -overlay` gives the compiler another text of one function of Go's library
(`time.Now`), so that the whole node lives at another time; nothing on disk of Go or of the node is
changed. By `python -m tests.network.shifted_clock` it is built ahead: minutes the first time.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

from network import building

VARIABLE = "TEST_CLOCK_SECONDS"
"""Of the environment: seconds that the node's clock is ahead, less than zero where behind."""

_SHIFT = f"""package time

import "syscall"

// How far this program's clock is ahead of the machine's, in seconds.
var shift = func() int64 {{
	text, _ := syscall.Getenv("{VARIABLE}")
	sign, seconds := int64(1), int64(0)
	for place, digit := range []byte(text) {{
		if place == 0 && digit == '-' {{
			sign = -1
			continue
		}}
		seconds = 10*seconds + int64(digit-'0')
	}}
	return sign * seconds
}}()
"""
_CALLS = ("sec, nsec, mono := runtimeNow()\n", "sec, nsec, mono := now()\n")


def program() -> Path:
    """Return the program, building it where that was not done yet."""
    plain = building.program()
    target = plain.parent / f"shifted-{hashlib.sha256(_SHIFT.encode()).hexdigest()[:16]}"
    if target.exists():
        return target
    go = building._go()
    asked = subprocess.run([go, "env", "GOROOT"], capture_output=True, text=True, check=True)
    library = Path(asked.stdout.strip()) / "src" / "time"
    text = (library / "time.go").read_text()
    before, function, after = text.partition("func Now() Time {\n")
    [call] = [each for each in _CALLS if after.strip().startswith(each.strip())]
    folder = target.with_name(f"{target.name}-overlay.{os.getpid()}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "time.go").write_text(
        before + function + after.replace(call, call + "\tsec += shift\n", 1)
    )
    (folder / "shift.go").write_text(_SHIFT)
    replaced = {str(library / name): str(folder / name) for name in ("time.go", "shift.go")}
    (folder / "overlay.json").write_text(json.dumps({"Replace": replaced}))
    making = target.with_name(f"{target.name}.{os.getpid()}")
    command = [go, "build", "-mod=readonly", f"-ldflags={building._LINK_FLAGS}"]
    subprocess.run(
        [*command, "-overlay", str(folder / "overlay.json"), "-o", str(making), "."],
        cwd=building.SOURCE,
        env=building._environment(),
        check=True,
        preexec_fn=building._step_back,
    )
    making.replace(target)
    return target


if __name__ == "__main__":
    print(program())
