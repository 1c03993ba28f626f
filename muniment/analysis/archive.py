# SPDX-License-Identifier: Apache-2.0
"""Hand-over to an archive: records as a BagIt bag that explains itself.

Of each record: all versions of its content, as the canonical bytes that were committed to, and the
files; evidence of each version; provenance as PROV-JSON; a picture of its life. Schemas of the
record types, and a page that says how to verify what, and what is not proven. The bag is written
beside its place, read back, and given its name last.
"""

from __future__ import annotations

import mimetypes
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from muniment import __version__
from muniment.analysis.archive_pages import page, readme
from muniment.analysis.gathering import gathered
from muniment.analysis.life import Life
from muniment.analysis.life_words import agency_words, standing_words
from muniment.analysis.picture import picture
from muniment.analysis.provenance import provenance
from muniment.errors import ErasedError, InvalidInputError, StoreError
from muniment.evidence import EvidenceFile
from muniment.record.canonical import canonicalize
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.types import RecordType
from muniment.registry import Access, Registry, UnkeptVersionError
from muniment.registry.access_entries import EXPORTED, record_reads
from muniment.registry.evidence_making import evidence_apart
from muniment.registry.reading import KeptVersion, extract, kept_version
from muniment.store.durable_files import sync_folder

FORMAT: Final = "muniment/archive/v1"
_Evidence = Mapping[tuple[RecordId, int | None], bytes]
_TOGETHER: Final = 100
"""Records that a node is asked for together, and whose contents are in memory meanwhile."""
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file of a version: its field, where it lies in the bag, what it is."""

    field: str
    path: str
    value: FileValue


@dataclass(frozen=True, slots=True)
class ArchivedVersion:
    """A version: where content and evidence lie in the bag, both None where the content is not
    kept; then `absent` says why."""

    version: int
    content: str | None
    evidence: str | None
    commitment: bytes | None = None
    schema: str | None = None
    files: tuple[ArchivedFile, ...] = ()
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class ArchivedRecord:
    """A record in the bag, below `folder`: its name there, how it stands in words, its versions."""

    record_id: RecordId
    folder: str
    type_name: str
    source: str
    standing: str
    block_number: int
    versions: tuple[ArchivedVersion, ...]


@dataclass(frozen=True, slots=True)
class Archived:
    """What was written: the bag's folder, its records, files and bytes of payload."""

    folder: Path
    records: tuple[ArchivedRecord, ...]
    files: int
    size: int


def archive(
    registry: Registry,
    records: Sequence[RecordId],
    target: Path,
    *,
    access: Access | None = None,
    progress: Callable[[int], None] | None = None,
) -> Archived:
    """Write a bag of records to `target`, which must not be there; `progress` is told how many are
    done.

    Every version whose content is written leaves an access entry, where the profile asks for them.
    After an error nothing is at `target`. Changes the working directory while the bag is closed.
    Raises `InvalidInputError` without records, for a target that exists, and without bagit;
    `StoreError` for a record whose latest acts are not final; and as `make_evidence` does.
    """
    bagit = _bagit()
    target = Path(os.path.abspath(target))  # noqa: PTH100  (a link stays the name it is)
    many = list(dict.fromkeys(records))
    if not many:
        raise InvalidInputError("records", "at least one", "none")
    _require_absent(target)
    if not target.parent.is_dir():
        raise InvalidInputError("archive", "a place in a folder that exists", str(target))
    half = target.with_name(f".{target.name}.{secrets.token_hex(8)}.partial")
    half.mkdir(mode=0o700)
    try:
        registry.sync()
        writer = _Writer(registry, half, access or Access())
        for start in range(0, len(many), _TOGETHER):
            for each in writer.write(many[start : start + _TOGETHER]):
                if progress is not None:
                    progress(each)
        writer.write_pages()
        found = writer.archived
        agency = writer.agency
        bagit.make_bag(str(half), _bag_info(registry, agency, found), checksums=["sha256"])
        # Read back: what the disk has must be what the manifest says.
        bagit.Bag(str(half)).validate()
        payload = [each for each in (half / "data").rglob("*") if each.is_file()]
        size = sum(each.stat().st_size for each in payload)
        os.sync()
        _require_absent(target)
        half.rename(target)
        sync_folder(target.parent)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    return Archived(target, tuple(found), len(payload), size)


@dataclass(slots=True)
class _Writer:
    """Writes records below `folder`, the payload to be."""

    registry: Registry
    folder: Path
    access: Access
    archived: list[ArchivedRecord] = field(default_factory=list)
    agency: str = ""

    def write(self, record_ids: Sequence[RecordId]) -> Iterator[int]:
        """Write all there is of some records, and yield how many are done after each. Raises
        `StoreError`."""
        # Who read it is no part of what is handed over.
        lives = gathered(self.registry, record_ids, with_reads=False)
        kept = [self._kept(life) for life in lives]
        wanted: list[tuple[RecordId, int | None]] = []
        for life, (those, _) in zip(lives, kept, strict=True):
            wanted += [(life.record_id, each.row.version) for each in those]
            if not those:
                wanted.append((life.record_id, None))
        made = evidence_apart(self.registry.session, wanted)
        evidence = dict(zip(wanted, made, strict=True))
        for life, (those, absent) in zip(lives, kept, strict=True):
            self._write(life, those, absent, evidence)
            yield len(self.archived)

    def _write(
        self, life: Life, kept: list[KeptVersion], absent: dict[int, str], evidence: _Evidence
    ) -> None:
        record_id = life.record_id
        own = self.registry.session.profile.agency.id
        self.agency = agency_words(life, own)
        read = [(record_id, each.row.version) for each in kept]
        # Written down before anything is shown.
        record_reads(self.registry.session, EXPORTED, read, self.access)
        folder = f"records/{record_id.hex()}"
        versions = [self._version(life, folder, each, evidence) for each in kept]
        if not kept:
            self._put(f"{folder}/evidence/trace.json", _final(life, evidence[record_id, None]))
        versions += [ArchivedVersion(each, None, None, absent=why) for each, why in absent.items()]
        versions.sort(key=lambda each: each.version)
        self._put(f"{folder}/provenance.json", provenance([life]).to_json().encode())
        self._put(f"{folder}/life.svg", picture(life).encode())
        found = ArchivedRecord(
            record_id,
            folder,
            life.type_name or "",
            next((each.row.source_id for each in kept if each.row.source_id), None) or "",
            standing_words(life),
            life.trace.block.number,
            tuple(versions),
        )
        self._put(f"{folder}/record.json", canonicalize(_record_json(found)))
        self.archived.append(found)

    def write_pages(self) -> None:
        """Write the page and the text that say how to verify."""
        self._put("README.txt", readme(self.agency, self.archived).encode())
        self._put("index.html", page(self.agency, self.archived).encode())

    def _kept(self, life: Life) -> tuple[list[KeptVersion], dict[int, str]]:
        latest = max(life.trace.state.version, 1 if life.entered is not None else 0)
        kept: list[KeptVersion] = []
        absent: dict[int, str] = {}
        for number in range(1, latest + 1):
            try:
                kept.append(kept_version(self.registry.session, life.record_id, number))
            except ErasedError:
                absent[number] = "destroyed"
            except UnkeptVersionError:
                absent[number] = "not kept by this agency"
        return kept, absent

    def _version(
        self, life: Life, folder: str, kept: KeptVersion, evidence: _Evidence
    ) -> ArchivedVersion:
        number = kept.row.version
        content = self._put(
            f"{folder}/content/version-{number}.json", kept.version.content.canonical
        )
        proof = _final(life, evidence[life.record_id, number])
        proven = self._put(f"{folder}/evidence/version-{number}.json", proof)
        files = tuple(self._files(life.record_id, folder, kept))
        schema = self._schema(kept.record_type)
        return ArchivedVersion(number, content, proven, kept.row.commitment, schema, files)

    def _files(self, record_id: RecordId, folder: str, kept: KeptVersion) -> list[ArchivedFile]:
        found = []
        number, fields = kept.row.version, kept.fields
        for place, name in enumerate(kept.record_type.file_fields, start=1):
            if name not in fields:
                continue
            value = FileValue.from_json(fields[name])
            ending = mimetypes.guess_extension(value.media_type) or ".bin"
            # A field may have any name, a file in an archive had better not.
            named = f"{place}-{_UNSAFE.sub('_', name)[:60]}{ending}"
            path = f"{folder}/files/version-{number}/{named}"
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            extract(self.registry.session, record_id, name, target, number)
            found.append(ArchivedFile(name, path, value))
        return found

    def _schema(self, record_type: RecordType) -> str:
        name = _UNSAFE.sub("_", record_type.name)[:60]
        number = f"{record_type.type_id}-v{record_type.version}"
        return self._put(f"types/{name}-{number}.schema.json", record_type.schema)

    def _put(self, path: str, data: bytes) -> str:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return path


def _final(life: Life, evidence: bytes) -> bytes:
    """The evidence, which must know every act that the rest of the archive tells."""
    [proven] = EvidenceFile.from_bytes(evidence).records
    if len(proven.trace) != len(life.acts):
        raise StoreError(
            f"record 0x{life.record_id.hex()} has acts that are not final yet: evidence proves "
            f"{len(proven.trace)} of {len(life.acts)}",
            expected="a record whose acts are all final",
            remedy="try again when the chain has a few more blocks",
        )
    return evidence


def _require_absent(target: Path) -> None:
    if os.path.lexists(target):
        raise InvalidInputError("archive", "a folder that is not there yet", f"{target}, there")


def _record_json(record: ArchivedRecord) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "record": f"0x{record.record_id.hex()}",
        "type": record.type_name,
        "source_id": record.source,
        "standing": record.standing,
        "as_of_block": record.block_number,
        "versions": [
            {
                "version": each.version,
                "commitment": None if each.commitment is None else f"0x{each.commitment.hex()}",
                "content": each.content,
                "evidence": each.evidence,
                "schema": each.schema,
                "absent": each.absent,
                "files": [
                    {"field": file.field, "path": file.path, **file.value.to_json()}
                    for file in each.files
                ],
            }
            for each in record.versions
        ],
    }


def _bag_info(registry: Registry, agency: str, records: Sequence[ArchivedRecord]) -> dict[str, str]:
    chain = registry.session.profile.chain
    types = sorted({each.type_name for each in records if each.type_name})
    described = f"{len(records)} records of the registry {chain.registry} on chain {chain.id}"
    if types:
        described += f", of type {', '.join(types)}"
    return {
        "Source-Organization": agency,
        "External-Description": f"{described}, with evidence. Read data/README.txt first.",
        "Bagging-Date": f"{datetime.now(UTC):%Y-%m-%d}",
        "Bag-Software-Agent": f"Muniment {__version__}",
        "Internal-Sender-Description": FORMAT,
    }


def _bagit() -> ModuleType:
    try:
        return import_module("bagit")
    except ImportError as error:
        raise InvalidInputError(
            "archive",
            "bagit installed",
            "a bag, which bagit writes",
            remedy="install the extra: pip install 'muniment[archive]'",
        ) from error
