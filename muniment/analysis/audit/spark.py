# SPDX-License-Identifier: Apache-2.0
"""A Spark session for an audit: on this machine, or on a cluster's master."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import muniment
from muniment.errors import InvalidInputError, StoreError

_OUR_ERROR: Final = re.compile(r"^muniment\.[\w.]+: (.+)$", re.MULTILINE).search
LOOPBACK: Final = "127.0.0.1"
EXTRA: Final = "muniment[spark]"
_QUIET: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    # A range is a row of Arrow; more of them at once would only hold more of them in memory.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "4096",
    # A put on HDFS asks every 5 ms, not after 400 ms, whether its block is complete.
    "spark.hadoop.dfs.client.block.write.locateFollowingBlock.initial.delay.ms": "5",
}
_LOCAL: Final = {
    "spark.driver.host": LOOPBACK,
    "spark.driver.bindAddress": LOOPBACK,
    # Two hundred, which a cluster has work for, are as many files of nothing on one machine.
    "spark.sql.shuffle.partitions": "8",
}
_ENCRYPTED: Final = {
    "spark.io.encryption.enabled": "true",
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
}


def spark_package(name: str) -> Any:
    """Return a package that the audit needs. Raises `InvalidInputError` where it is missing."""
    try:
        return import_module(name)
    except ImportError as error:
        raise InvalidInputError(
            "audit",
            f"{name.partition('.')[0]} installed",
            "what runs on it",
            remedy=f"install the extra: pip install '{EXTRA}'",
        ) from error


def is_local(master: str) -> bool:
    """Return whether a master is this machine alone."""
    return master == "local" or master.startswith(("local[", "local-cluster["))


@contextlib.contextmanager
def spark_session(
    master: str, settings: Mapping[str, str], *, secrets: bool = False
) -> Iterator[Any]:
    """Start a session on `master`, with the site's `settings` over ours, and stop it in the end.

    One that this process has already is used as it is, and left. A cluster's executors get this
    package with the session; what it depends on they must have. With `secrets` nothing is written
    to a disk, or sent between machines, but encrypted. Raises `InvalidInputError` where Spark is
    missing, does not start, or does not encrypt.
    """
    sql = spark_package("pyspark.sql")
    spark_package("pyarrow")
    present = sql.SparkSession.getActiveSession()
    if present is not None:
        _require_encrypting(present, secrets)
        yield present
        return
    chosen = {**_QUIET, **(_LOCAL if is_local(master) else {})}
    if secrets:
        chosen |= _ENCRYPTED
    if is_local(master):
        # Else Spark asks for the machine's name, and binds to what that resolves to.
        os.environ.setdefault("SPARK_LOCAL_IP", LOOPBACK)
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = sql.SparkSession.builder.master(master).appName("muniment audit")
    for name, value in {**chosen, **settings}.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:
        raise _not_started(master, error) from error
    try:
        session.sparkContext.setLogLevel("ERROR")
        _require_encrypting(session, secrets)
        with tempfile.TemporaryDirectory() as folder:
            if not is_local(master) or master.startswith("local-cluster["):
                session.sparkContext.addPyFile(str(_packed(Path(folder))))
            yield session
    finally:
        session.stop()


class ExecutorError(StoreError):
    """An executor could not go on, or Spark could not; nothing is said of the journal."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the audit ended in Spark: {why}",
            expected="executors that can read the journal, and a place for what is found",
            remedy="check the source and --output from an executor's machine; nothing is said of "
            "the journal",
        )


@contextlib.contextmanager
def errors_of_executors() -> Iterator[None]:
    """Raise what Spark raises as `ExecutorError`, in the words of our own error where it is one."""
    try:
        yield
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("pyspark", "py4j"):
            raise
        found = _OUR_ERROR(str(error))
        words = (str(error).strip() or type(error).__name__).splitlines()
        raise ExecutorError(found[1] if found else words[0]) from error


def _require_encrypting(session: Any, secrets: bool) -> None:
    for name, value in _ENCRYPTED.items() if secrets else ():
        if session.sparkContext.getConf().get(name, "false") != value:
            raise InvalidInputError(
                "--secrets-to-executors",
                f"a session with {name}={value}",
                "one without it",
                remedy="leave that setting to the audit, or let it open the contents itself",
            )


def _packed(folder: Path) -> Path:
    """This package as one file, as executors import it."""
    target = folder / "muniment.zip"
    root = Path(muniment.__file__).parent
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, f"muniment/{path.relative_to(root)}")
    return target


def _not_started(master: str, error: Exception) -> InvalidInputError:
    return InvalidInputError(
        "--spark",
        "a master that answers, and Java 17",
        f"{master!r}, on which no session starts ({type(error).__name__})",
        remedy="try --spark 'local[2]'; `java -version` must say 17 or newer",
    )
