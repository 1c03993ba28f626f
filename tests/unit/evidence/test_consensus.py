# SPDX-License-Identifier: Apache-2.0
"""Blocks that validators sign: what a trust file says of them, and how hand-overs are walked."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import coincurve
import pytest
from click.testing import CliRunner

from muniment.cli import commands
from muniment.errors import InvalidInputError
from muniment.evidence import EvidenceFile, Outcome, TrustFile, TrustFileError, Verdict, Verifier
from muniment.evidence.handovers import (
    HandOver,
    HandOverError,
    has_signed,
    require_chain,
    shortest,
)
from muniment.evidence.members import EvidenceFormError
from muniment.evidence.trust import PinnedValidators
from muniment.proof.istanbul import IstanbulHeader, ValidatorSet
from muniment.record.canonical import canonicalize
from muniment.record.keccak import keccak
from muniment.registry.consensus import kept_handovers
from muniment.registry.profile import Profile
from tests.unit.evidence.test_vectors import REFUSED, VECTORS, mutated

TRUST_PATH = VECTORS / "consensus-trust.toml"
TRUST = TrustFile.from_bytes(TRUST_PATH.read_bytes())
NOW: int = json.loads((VECTORS / "cases.json").read_text())["cases"]["consensus.json"]["now"]
KEYS = [keccak(bytes([number])) for number in range(8)]


def address(key: bytes) -> bytes:
    public = coincurve.PrivateKey(key).public_key.format(compressed=False)[1:]
    return bytes(keccak(public)[-20:])


ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
NAMES = [address(each) for each in KEYS]


def vector(name: str) -> bytes:
    return (VECTORS / f"{name}.json").read_bytes()


def anchor(name: str) -> tuple[IstanbulHeader, tuple[HandOver, ...]]:
    found = EvidenceFile.from_bytes(vector(name)).anchor
    return IstanbulHeader.from_rlp(found.header), found.handovers


def verified(data: bytes, now: int = NOW, **changes: object) -> Verdict:
    trust = replace(TRUST, **changes)  # type: ignore[arg-type]
    return Verifier(trust, now=now).verify(data)[0]


def made(number: int, old: list[int], new: list[int], signers: list[int] | None = None) -> HandOver:
    """A hand-over between sets of the keys of these numbers, signed by all or by some."""
    sets = [tuple(sorted(NAMES[each] for each in members)) for members in (old, new)]
    blank = HandOver(7, number, bytes(32), *sets)
    return blank.signed(KEYS[each] for each in (range(8) if signers is None else signers))


# ---------------------------------------------------------------- the verifier


def test_valid__tells_who_signed_and_who_saw() -> None:
    found = verified(vector("consensus"))
    assert (found.outcome, found.validators, found.handovers) == (Outcome.VALID, 4, 0)
    assert found.block_witnesses is None
    header, _ = anchor("consensus")
    assert found.committers == [f"0x{each.hex()}" for each in header.committers()]
    seen = verified(vector("consensus-after"))
    assert (seen.outcome, seen.handovers) == (Outcome.VALID, 2)
    assert seen.block_witnesses == ["archive.example/witness", "court.example/witness"]


def test_nobody_is_asked__where_seals_suffice() -> None:
    def ask(number: int) -> bytes:
        pytest.fail(f"a node was asked for block {number}")

    for name in ("consensus", "consensus-after", "consensus-too-few-seals_fail"):
        Verifier(TRUST, now=NOW, block_hash=ask).verify(vector(name))


def test_pinned_block__suffices_and_another_hash_is_invalid() -> None:
    data = vector("consensus-too-few-seals_fail")
    header, _ = anchor("consensus")
    pinned = {header.number: header.hash}
    assert verified(data, blocks=pinned).outcome is Outcome.VALID
    for each in (data, vector("consensus")):
        other = verified(each, blocks={header.number: bytes(32)})
        assert (other.outcome, other.step) == (Outcome.INVALID, 12)
    # Even pinned: past the expiry witnesses are wanted.
    late = verified(vector("consensus"), now=TRUST.expires + 1, blocks=pinned)
    assert (late.outcome, late.step) == (Outcome.UNKNOWN, 2)


def test_block_before_the_set__is_known_by_its_hash_alone() -> None:
    assert TRUST.validators is not None
    later = replace(TRUST.validators, block=10_000)
    data, (header, _) = vector("consensus"), anchor("consensus")
    assert verified(data, validators=later).outcome is Outcome.UNKNOWN
    pinned = {header.number: header.hash}
    assert verified(data, validators=later, blocks=pinned).outcome is Outcome.VALID
    for answer, outcome in ((header.hash, Outcome.VALID), (bytes(32), Outcome.INVALID)):
        asking = Verifier(
            replace(TRUST, validators=later), now=NOW, block_hash={header.number: answer}.get
        )
        assert asking.verify(data)[0].outcome is outcome


def test_kind_of_header__is_what_the_trust_file_demands() -> None:
    without = verified(vector("consensus"), validators=None)
    assert (without.outcome, without.step) == (Outcome.UNKNOWN, 2)
    ethereum = TrustFile.from_bytes((VECTORS / "trust.toml").read_bytes())
    demanding = replace(ethereum, validators=TRUST.validators)
    [found] = Verifier(demanding, now=NOW).verify(vector("plain"))
    assert (found.outcome, found.step) == (Outcome.INVALID, 2)


def test_newer_trust_file__needs_no_witnesses_and_passes_over_what_was() -> None:
    header, handovers = anchor("consensus-after")
    bare = EvidenceFile.from_bytes(vector("consensus-after"))
    bare = replace(bare, anchor=replace(bare.anchor, witnessed=None))
    first, second = handovers
    for addresses, since, walked in ((first.new, second.number, 1), (second.new, header.number, 0)):
        newer = PinnedValidators(since, addresses)
        found = verified(bare.to_bytes(), validators=newer)
        assert found.outcome is (Outcome.UNKNOWN if walked else Outcome.VALID)
        seen = verified(vector("consensus-after"), validators=newer)
        assert (seen.outcome, seen.handovers) == (Outcome.VALID, walked)
    # A hand-over to the pinned set cannot be younger than the pinning.
    odd = verified(vector("consensus-after"), validators=PinnedValidators(1, first.new))
    assert (odd.outcome, odd.step) == (Outcome.INVALID, 12)


def test_trust_file_of_a_time_when_the_vote_was_under_way() -> None:
    # The hand-over was made, the old set still signed: the set at hand counts, and not the block.
    header, (first,) = anchor("consensus-between")
    under_way = PinnedValidators(header.number, first.old)
    found = verified(vector("consensus-between"), validators=under_way)
    assert (found.outcome, found.handovers) == (Outcome.VALID, 1)


def test_witnesses_whom_the_trust_file_does_not_name__do_not_count() -> None:
    for changes in ({"witnesses": (), "witnesses_needed": 0}, {"witnesses": TRUST.witnesses[:1]}):
        found = verified(vector("consensus-between"), **changes)
        assert (found.outcome, found.step) == (Outcome.UNKNOWN, 12)
        assert "newer trust file" in found.reason
    one = verified(vector("consensus-between"), witnesses_needed=1)
    assert one.outcome is Outcome.VALID


def test_all_or_nothing_of_a_bundle() -> None:
    found = Verifier(replace(TRUST, expires=0), now=NOW).verify(vector("consensus-bundle"))
    assert [each.outcome for each in found] == [Outcome.UNKNOWN] * 2


@pytest.mark.parametrize("seed", range(200))
def test_flipped_bit__is_refused(seed: int) -> None:
    source = vector("consensus-after")
    data = bytearray(source)
    place = random.Random(seed).randrange(len(data) * 8)
    data[place // 8] ^= 1 << place % 8
    assert verified(bytes(data)).outcome in REFUSED


def test_note_that_is_too_long__is_refused_as_a_form() -> None:
    file = json.loads(vector("consensus-witnessed"))
    file["anchor"]["witnessed"] = "a" * ((1 << 20) + 1)
    found = verified(canonicalize(file))
    assert (found.outcome, found.step) == (Outcome.INVALID, 1)


def test_mutated_files__are_refused() -> None:
    chance = random.Random(4)
    sources = [vector(f"consensus{name}") for name in ("", "-between", "-after", "-expired")]
    for _ in range(400):
        source = chance.choice(sources)
        data = mutated(source, chance)
        found = verified(data)
        if found.outcome not in REFUSED:
            # A file that says less: without what it showed, or without a note that nobody needs.
            before = verified(source)
            assert (found.fields or {}).items() <= (before.fields or {}).items()
            assert (found.record_id, found.committers) == (before.record_id, before.committers)


# ---------------------------------------------------------------- hand-overs


def test_handover__is_its_own_bytes() -> None:
    one = made(5, [0, 1, 2, 3], [0, 1, 2, 3, 4])
    assert HandOver.from_bytes(one.to_bytes()) == one
    assert list(one.signers()) == sorted(NAMES[:5])
    one.require_signed()
    for data in (b"", b"{}", one.to_bytes() + b"\n", b'{"a":1.0}'):
        with pytest.raises(EvidenceFormError):
            HandOver.from_bytes(data)


def test_handover__says_what_is_missing() -> None:
    one = made(5, [0, 1, 2, 3], [0, 1, 2, 4], [0, 7])
    assert one.missing() == (2, (NAMES[4],))
    assert one.signed([KEYS[1], KEYS[3], KEYS[4]]).missing() == (0, ())
    # Signing twice changes nothing.
    assert one.signed([KEYS[0]]) == one
    with pytest.raises(HandOverError, match="signed by 1 of the old set"):
        one.require_signed()
    with pytest.raises(HandOverError, match="not signed by"):
        one.signed([KEYS[1], KEYS[2]]).require_signed()
    good = one.signatures[0]
    upper = (ORDER - int.from_bytes(good[32:64], "big")).to_bytes(32, "big")
    for other in (
        b"\xff" * 65,
        bytes(65),
        good[:64] + bytes([good[64] + 27]),
        good[:32] + upper + bytes([good[64] ^ 1]),
    ):
        with pytest.raises(HandOverError, match="is none"):
            replace(one, signatures=(other,)).signers()
    twice = replace(one, signatures=one.signatures * 2)
    with pytest.raises(HandOverError, match="not in order"):
        twice.missing()


def test_list_of_handovers__is_walked_step_by_step() -> None:
    first, second = made(5, [0, 1, 2, 3], [0, 1, 2, 3, 4]), made(9, [0, 1, 2, 3, 4], [1, 2, 3, 4])
    require_chain(7, [])
    require_chain(7, [first, second])
    for handovers, what in (
        ([made(5, [0, 1, 2, 3], [0, 1, 2, 3, 4], [0, 1, 4])], "of the old set"),
        ([first, made(5, [0, 1, 2, 3, 4], [1, 2, 3, 4])], "comes after one"),
        ([first, made(9, [0, 1, 2, 3], [1, 2, 3, 4])], "another old set"),
        ([first, made(9, [0, 1, 2, 3, 4], [0, 1, 2, 3])], "back to an earlier set"),
    ):
        with pytest.raises(HandOverError, match=what):
            require_chain(7, handovers)
    with pytest.raises(HandOverError, match="of chain 7"):
        require_chain(8, [first])


def test_shortest_way__is_chosen() -> None:
    header, (first, second) = anchor("consensus-after")
    start = first.old
    assert not has_signed(ValidatorSet(start), header)
    known = [second, first, made(3, [0, 1, 2, 3], [0, 1, 2, 3, 4])]
    assert shortest(start, known, header) == (first, second)
    assert shortest(first.new, known, header) == (second,)
    assert shortest(second.new, known, header) == ()
    assert shortest(start, [first], header) is None
    assert shortest(start, [], header) is None
    # Each later than the one before, and before the block.
    assert shortest(start, [first, replace(second, number=first.number)], header) is None
    assert shortest(start, [first, replace(second, number=header.number)], header) is None
    # Of two ways as short the later one; a way to and fro is none.
    again = replace(first, number=first.number + 1)
    back = replace(first, number=first.number + 1, old=first.new, new=first.old)
    assert shortest(start, [first, again, second], header) == (again, second)
    assert shortest(start, [first, back, second], header) == (first, second)


def test_kept_handovers__are_complete_and_of_the_chain(tmp_path: Path) -> None:
    assert kept_handovers(None, 7) == []
    assert kept_handovers(tmp_path / "none", 7) == []
    one = made(5, [0, 1, 2, 3], [0, 1, 2, 3, 4])
    (tmp_path / "5.json").write_bytes(one.to_bytes())
    assert kept_handovers(tmp_path, 7) == [one]
    assert kept_handovers(tmp_path, 8) == []
    (tmp_path / "6.json").write_bytes(replace(one, signatures=()).to_bytes())
    with pytest.raises(InvalidInputError, match=r"6\.json"):
        kept_handovers(tmp_path, 7)


# ---------------------------------------------------------------- the trust file


def test_trust_file__says_the_same_when_it_is_written() -> None:
    written = TrustFile.from_bytes(TRUST.to_bytes())
    assert replace(written, fingerprint="") == replace(TRUST, fingerprint="")
    assert written.validators is not None
    assert len(written.validators.addresses) == 4


@pytest.mark.parametrize(
    "table",
    [
        "block = 1",
        "addresses = []\nblock = 1",
        "addresses = [1]\nblock = 1",
        'addresses = ["0x11"]\nblock = 1',
        f'addresses = ["0x{"11" * 20}"]',
        f'addresses = ["0x{"11" * 20}"]\nblock = -1',
        f'addresses = ["0x{"11" * 20}"]\nblock = 1\nquorum = 1',
        f'addresses = ["0x{"22" * 20}", "0x{"11" * 20}"]\nblock = 1',
        f'addresses = ["0x{"11" * 20}", "0x{"11" * 20}"]\nblock = 1',
    ],
)
def test_trust_file__with_other_validators_is_refused(table: str) -> None:
    text = replace(TRUST, validators=None).to_bytes().decode()
    with pytest.raises(TrustFileError, match="validators"):
        TrustFile.from_bytes(f"{text}\n[validators]\n{table}\n".encode())


def test_commands__show_validators_and_who_signed() -> None:
    runner = CliRunner()
    shown = runner.invoke(commands, ["trust", "show", str(TRUST_PATH), "--json"])
    assert TRUST.validators is not None
    assert json.loads(shown.output)["validators"] == {
        "block": TRUST.validators.block,
        "addresses": [f"0x{each.hex()}" for each in TRUST.validators.addresses],
    }
    asked = ["verify", str(VECTORS / "consensus-after.json"), "--trust", str(TRUST_PATH)]
    told = runner.invoke(commands, asked)
    assert told.exit_code == 0, told.output
    assert "3 of 4 validators, after 2 hand-overs" in told.output
    assert "seen by     archive.example/witness, court.example/witness" in told.output


def test_profile__names_the_folder_of_handovers(tmp_path: Path) -> None:
    path = tmp_path / "muniment.toml"
    path.write_text(
        'format = "muniment/profile/v1"\ndatabase = "sqlite:///a.db"\nvault = "vault"\n'
        '[chain]\nid = 7\nurls = ["http://127.0.0.1:1"]\nhandovers = "papers"\n'
        f'registry = "0x{"11" * 20}"\n[agency]\nid = 1\n'
        '[keys]\nstore = "sqlite:///keys.db"\nroot = "keys.json"\n'
    )
    profile = Profile.load(path)
    assert profile.chain.handovers == tmp_path / "papers"
    path.write_text(profile.to_toml())
    assert 'handovers = "papers"' in path.read_text()
    assert Profile.load(path) == profile


def test_shown_trust_file__has_nothing_for_the_terminal_in_it(tmp_path: Path) -> None:
    path = tmp_path / "foreign.toml"
    path.write_bytes(replace(TRUST, agencies={1: "Land\x1b[2J\nexpires  never"}).to_bytes())
    shown = CliRunner().invoke(commands, ["trust", "show", str(path)])
    assert shown.exit_code == 0, shown.output
    assert "\x1b" not in shown.output
    assert "\nexpires  never" not in shown.output
