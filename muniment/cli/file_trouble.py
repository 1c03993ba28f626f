# SPDX-License-Identifier: Apache-2.0
"""What the system says of a file that a command was to read or write, as an error of ours.

Stores say it themselves; here is what is left: outputs, reports, files that options name.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

from muniment.errors import InvalidInputError, MunimentError, StoreError

_DISK: Final = {
    errno.ENOSPC: "make room on the disk (df), then run the command again",
    errno.EDQUOT: "make room within the quota, then run the command again",
    errno.EFBIG: "raise the limit of file sizes (ulimit -f), then run the command again",
    errno.EROFS: "mount it for writing, or name a file elsewhere",
    errno.EIO: "see the system's log: the disk fails",
}
_NAMED: Final = {
    errno.EEXIST: ("a file or folder that is not there yet", "name another, or move it away"),
    errno.ENOENT: ("a folder that is there", "check the path; make the folder"),
    errno.EACCES: ("permission", "check owner and mode of file and folder"),
    errno.EPERM: ("permission", "check owner and mode of file and folder"),
}


def trouble_with_file(error: OSError) -> MunimentError | None:
    """Return the error of ours, None for what is no trouble with a file."""
    # A link's second name is the one that was asked for.
    name = error.filename2 or error.filename
    if name is not None and Path(str(name)).name.startswith("."):
        # What is written beside its name until it is whole.
        name = f"in {Path(str(name)).parent}"
    remedy = _DISK.get(error.errno or 0)
    said = error.strerror or "cannot be used"
    if remedy is not None:
        place = "output" if name is None else f"file {name}"
        return StoreError(f"{place}: {said}", expected="a disk that can be written", remedy=remedy)
    if name is None:
        return None
    expected, remedy = _NAMED.get(
        error.errno or 0, ("a file of the kind that is asked for", "check the path")
    )
    return InvalidInputError(f"file {name}", expected, f"not to be used: {said}", remedy=remedy)
