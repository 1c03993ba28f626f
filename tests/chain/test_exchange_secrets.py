# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Planted content, terms and keys of an exchange are nowhere but where they belong."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from muniment.errors import MunimentError
from muniment.exchange.envelope import read_opening, unwrap_key
from muniment.exchange.envelope_parts import PartKind
from muniment.exchange.terms import Terms
from muniment.record.identifiers import RecordId
from muniment.store.keys import KeyPurpose
from tests.chain.agency import PASSWORD
from tests.chain.hostile_sender import attempts, contents_of, parts_in, sealed_by
from tests.chain.test_forged_deliveries import with_record
from tests.chain.test_shares import agreed
from tests.chain.two_agencies import Agencies, Say, agencies, say  # noqa: F401

MARKER = "Zyxwvut-Planted-Marker"
PURPOSE = "Planted-Purpose-4711"
TERMS = Terms.of(PURPOSE, "Planted-Basis-4712", ["parcel", "scan"])


def delivered(agencies: Agencies, folder: Path) -> tuple[RecordId, bytes, Path]:
    """A deed with a file, delivered and taken in; returns it, the share and the file's path."""
    first, second = agencies
    scan = folder / "scan.pdf"
    scan.write_bytes(MARKER.encode() * 50_000)
    fields = {"holder": f"Holder {MARKER}", "parcel": f"Parcel {MARKER}"}
    registrar = first.open("registrar")
    made = registrar.register("land-deed", fields, source_id="1", attach={"scan": scan})
    made.wait("final")
    share_id = agreed(agencies, folder, TERMS)
    first.open("steward").exchange.deliver(share_id, folder / "delivery")
    taken = second.open("steward").exchange.receive(folder / "delivery")
    assert taken.submission is not None
    taken.submission.wait()
    scan.unlink()
    return RecordId(made.record_id or b""), share_id, folder / "delivery"


def on_disk(folder: Path) -> dict[str, bytes]:
    """All files there are, the databases with what lies in their write-ahead logs."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_exchanged__is_on_disk_nowhere_in_the_clear(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    deed, _, path = delivered(agencies, tmp_path)
    taker = second.open("steward")
    envelope, parts = parts_in(taker, path)
    assert any(MARKER.encode() in part.body for part in parts)
    [received] = taker.exchange.received(deed)
    assert received.values["parcel"] == f"Parcel {MARKER}"
    keys = [each.open("steward").session.keys for each in (first, second)]
    needles = {
        "content": MARKER.encode(),
        "purpose": PURPOSE.encode(),
        "legal basis": b"Planted-Basis-4712",
        "file key": envelope.file_key,
        "file key in hex": envelope.file_key.hex().encode(),
        "salt of the terms": received.shared.salt,
        "salt of the terms in hex": received.shared.salt.hex().encode(),
        "password": PASSWORD.encode(),
        **{
            f"{purpose} key of agency {number}": each.agency_key(purpose).private
            for number, each in enumerate(keys, start=1)
            for purpose in (KeyPurpose.ENCRYPTION, KeyPurpose.MESSAGES)
        },
        "secret": keys[0].secret(deed, 1),
    }
    for agency in agencies:
        for registry in agency.open_ones:
            registry.session.database.close()
    files = on_disk(tmp_path)
    assert str(path) in files
    for name, data in files.items():
        for what, needle in needles.items():
            assert bytes(needle) not in data, f"{what} lies in {name}"


def test_what_is_refused__tells_no_content(
    agencies: Agencies, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    first, second = agencies
    deed, share_id, path = delivered(agencies, tmp_path)
    giver, taker = first.open("steward"), second.open("steward")
    right = contents_of(giver, share_id, [deed])
    wide = contents_of(giver, share_id, [deed], Terms.of("x", "y", None))
    data = path.read_bytes()
    with path.open("rb") as reader:
        key = unwrap_key(
            taker.session.keys.agency_key(KeyPurpose.ENCRYPTION).x25519(),
            (opening := read_opening(reader)).header,
            opening.wrapped,
        )
    forged = {
        "wide": wide,
        "no file": right[:-1],
        "another file": [*right[:-1], right[-1].__class__(PartKind.FILE, b"x", deed, 1, 2)],
        "another version": with_record(
            right,
            lambda each: each.__class__(
                each.record_id, each.issuer, each.type_id, each.type_version, 2, each.content
            ),
        ),
    }
    paths = [
        sealed_by(giver, contents, tmp_path / name, subject=share_id)
        for name, contents in forged.items()
    ]
    (tmp_path / "cut").write_bytes(data[:-1])
    told = []
    for each in (*paths, tmp_path / "cut"):
        with pytest.raises(MunimentError) as caught:
            taker.exchange.receive(each)
        shown = "".join(traceback.format_exception(caught.value))
        told.append(f"{caught.value}\n{caught.value.diagnostics()}\n{shown}")
    reasons = [each.reason for each in attempts(taker)]
    assert len(reasons) == len(told) == 5
    for text in [*told, *reasons, caplog.text]:
        for needle in (MARKER, PURPOSE, key.hex(), PASSWORD):
            assert needle not in text


def test_commands__say_content_only_where_it_was_asked_for(
    agencies: Agencies, say: Say, tmp_path: Path
) -> None:
    _, share_id, path = delivered(agencies, tmp_path)
    data = bytearray(path.read_bytes())
    data[-200] ^= 1
    (tmp_path / "broken").write_bytes(bytes(data))
    share = f"0x{share_id.hex()}"
    answers = [
        say(2, "steward", "receive", str(tmp_path / "broken")),
        say(2, "steward", "receive", str(path)),
        say(1, "steward", "deliver", share, "-o", str(path)),
        say(1, "steward", "deliver", share, "-o", str(tmp_path / "again")),
        say(1, "registrar", "share", "revoke", share, "--reason", "terms-broken"),
    ]
    assert [each.code == 0 for each in answers] == [False, True, False, True, False]
    for each in answers:
        for needle in (MARKER, PASSWORD):
            assert needle not in each.out + each.err
        assert PURPOSE not in each.err
        assert "Traceback" not in each.err


def test_process__has_no_secret_among_its_arguments(agencies: Agencies, tmp_path: Path) -> None:
    """A command takes its password from the environment or a file, as the process table shows."""
    _, second = agencies
    _, _, path = delivered(agencies, tmp_path)
    profile = second.open("steward").session.profile.path
    process = subprocess.Popen(
        [sys.executable, "-m", "muniment.cli", "receive", str(path), "--profile", str(profile)],
        env={**os.environ, "MUNIMENT_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    for needle in (MARKER, PURPOSE, PASSWORD):
        assert needle.encode() not in arguments + err
        assert needle.encode() not in out or needle == PURPOSE
