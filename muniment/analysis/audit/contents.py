# SPDX-License-Identifier: Apache-2.0
"""Contents decrypted and compared with the commitments of their entries."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from muniment.analysis.audit.faults import Fault, Kind
from muniment.analysis.audit.packed import JournalPack, journal_pack, record_id_of
from muniment.analysis.audit.plan import AuditPlan
from muniment.analysis.audit.views import sealed_entries
from muniment.errors import CommitmentMismatchError, MunimentError
from muniment.journal.entry import ENTRY_BYTES, Entry
from muniment.journal.tiles import TILE_WIDTH
from muniment.record.commitment import RecordHeader, Secret
from muniment.record.identifiers import AgencyId
from muniment.record.objects import decrypt
from muniment.record.versions import Version
from muniment.registry.journal_records import content_in
from muniment.store import packs
from muniment.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Claim:
    """What a pack claims: to hold entries `first` up to `end`."""

    first: int
    end: int
    pack: str


@dataclass(slots=True)
class Checked:
    """How many contents made their commitments, and what did not."""

    well: int = 0
    faults: list[Fault] = field(default_factory=list)


def clusters(claims: Iterable[Claim]) -> Iterator[list[Claim]]:
    """Yield claims, which come by their first entry, in groups that share no entry with others.

    Of packs that claim the same entries one may be what a crash left behind.
    """
    group: list[Claim] = []
    end = 0
    for each in claims:
        if group and each.first >= end:
            yield group
            group = []
        group.append(each)
        end = max(end, each.end)
    if group:
        yield group


def check_contents(
    plan: AuditPlan, vault: Vault, names: Sequence[str], secrets: Mapping[int, Secret]
) -> Checked:
    """Decrypt the entries that `secrets` are of and recompute their commitments.

    `names` are all packs that claim any of them. An entry is well when one of them is.
    """
    checked = Checked()
    wrong: dict[int, Fault] = {}
    well: set[int] = set()
    for name in names:
        try:
            pack = journal_pack(plan, vault, name)
            if pack is not None:
                _check_pack(plan, pack, secrets, well, wrong)
        except MunimentError:
            # A pack that cannot be read is a fault of its own, and its entries are of no pack.
            continue
    checked.well = len(well)
    checked.faults = [each for index, each in sorted(wrong.items()) if index not in well]
    return checked


def _check_pack(
    plan: AuditPlan,
    pack: JournalPack,
    secrets: Mapping[int, Secret],
    well: set[int],
    wrong: dict[int, Fault],
) -> None:
    read = plan.place.reader()
    tile, entries = -1, list[bytes | None]()
    for index, (packed, sealed) in enumerate(pack.objects, start=pack.sheet.first_index):
        secret = secrets.get(index)
        if secret is None or index in well:
            continue
        if index // TILE_WIDTH != tile:
            tile = index // TILE_WIDTH
            entries = sealed_entries(plan, read, tile)
        entry = entries[index % TILE_WIDTH]
        if entry is None or len(entry) != ENTRY_BYTES:
            continue
        if packed.place.record_id != record_id_of(plan, entry):
            # Said already, of the pack.
            continue
        fault = _fault(plan, pack, index, entry, packed, sealed, secret)
        if fault is None:
            well.add(index)
        else:
            wrong[index] = fault


def _fault(
    plan: AuditPlan,
    pack: JournalPack,
    index: int,
    entry: bytes,
    packed: packs.Packed,
    sealed: bytes,
    secret: Secret,
) -> Fault | None:
    try:
        parsed = Entry.from_bytes(entry)
        plain = io.BytesIO()
        decrypt(io.BytesIO(sealed), plain, packed.place, secret)
        _, _, content = content_in(plain.getvalue())
        header = RecordHeader(
            packed.place.record_id,
            AgencyId(plan.agency),
            parsed.type_id,
            pack.sheet.schema_digest,
            1,
            parsed.algorithm,
        )
        Version(header, content, secret).require(parsed.commitment)
    except CommitmentMismatchError as error:
        what = "its content makes another commitment"
        expected, found = f"0x{error.committed.hex()}", f"0x{error.computed.hex()}"
        return Fault(index, index, Kind.CONTENT, what, expected, found, pack.name)
    except MunimentError as error:
        expected = "content that decrypts under its secret"
        return Fault(index, index, Kind.CONTENT, error.what, expected, "another", pack.name)
    return None
