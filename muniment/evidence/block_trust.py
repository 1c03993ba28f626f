# SPDX-License-Identifier: Apache-2.0
"""Whether a block is trusted: its number's hash is, or a quorum of trusted validators signed it.

Keys of validators who have left could sign another past. So across a hand-over, and past the trust
file's expiry, witnesses must have seen this very block (docs/spec/evidence.md, steps 2 and 12).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from muniment.errors import MunimentError
from muniment.evidence.block_notes import block_witnessed_at
from muniment.evidence.conclusions import StepError
from muniment.evidence.files import Anchor
from muniment.evidence.handovers import require_chain, walked
from muniment.evidence.trust import TrustFile
from muniment.evidence.verdict import Verdict
from muniment.proof import BlockHeader
from muniment.proof.istanbul import IstanbulHeader, SealError

BlockHash = Callable[[int], bytes | None]
"""Returns the hash that a trusted node has for a block number, None where none of them tells."""
Header = BlockHeader | IstanbulHeader

_TRUST: Final = 2
_BLOCK: Final = 12


@dataclass(frozen=True, slots=True)
class BlockTrust:
    """Why a block is trusted: addresses of the validators who committed it, of how many, after how
    many hand-overs; witnesses who saw it, None where the file has no note."""

    committers: tuple[bytes, ...] = ()
    validators: int = 0
    handovers: int = 0
    witnesses: tuple[str, ...] | None = None


def require_covered(anchor: Anchor, trust: TrustFile, now: int) -> None:
    """Require that a trust file covers a file's chain, registry and kind of header, now (Unix
    seconds). Raises `StepError`."""
    if (anchor.chain_id, anchor.registry) != (trust.chain_id, trust.registry):
        raise StepError(
            _TRUST,
            f"registry 0x{anchor.registry.hex()} of chain {anchor.chain_id}; the trust file "
            f"covers 0x{trust.registry.hex()} of chain {trust.chain_id}",
            unknown=True,
        )
    if anchor.engine and trust.validators is None:
        what = "validators sign the blocks of this chain, and the trust file names none"
        raise StepError(_TRUST, what, unknown=True)
    if not anchor.engine and trust.validators is not None:
        what = "the trust file demands a header that validators sign, the file has another kind"
        raise StepError(_TRUST, what)
    if now > trust.expires and anchor.witnessed is None:
        raise StepError(_TRUST, "the trust file has expired", unknown=True)


def require_trusted(
    header: Header, anchor: Anchor, trust: TrustFile, now: int, block_hash: BlockHash | None
) -> BlockTrust:
    """Return why a block is trusted. Raises `StepError` where it is not."""
    if isinstance(header, IstanbulHeader):
        return _signed(header, anchor, trust, now, block_hash)
    known = trust.blocks.get(header.number)
    if known is None and block_hash is not None:
        known = block_hash(header.number)
    if known is None:
        raise StepError(
            _BLOCK,
            f"block {header.number} is neither in the trust file nor known from a trusted node",
            unknown=True,
        )
    _require_hash(header, known)
    return BlockTrust()


def tell_block(verdict: Verdict, trusted: BlockTrust) -> None:
    """Tell who signed the block, and who saw it."""
    if trusted.validators:
        verdict.committers = [f"0x{each.hex()}" for each in trusted.committers]
        verdict.validators = trusted.validators
        verdict.handovers = trusted.handovers
    verdict.block_witnesses = None if trusted.witnesses is None else list(trusted.witnesses)


def _signed(
    header: IstanbulHeader,
    anchor: Anchor,
    trust: TrustFile,
    now: int,
    block_hash: BlockHash | None,
) -> BlockTrust:
    try:
        witnessed = _witnessed(header, anchor, trust)
        require_chain(anchor.chain_id, anchor.handovers)
        found = _by_seals(header, anchor, trust)
    except SealError as error:
        hint = "if the set has changed, the file lacks the hand-over"
        raise StepError(_BLOCK, f"{error} ({error.step}; {hint})") from error
    except StepError:
        raise
    except MunimentError as error:
        raise StepError(_BLOCK, str(error)) from error
    if found is None:
        known = trust.blocks.get(header.number)
        if known is None and block_hash is not None:
            known = block_hash(header.number)
        if known is None:
            assert trust.validators is not None
            raise StepError(
                _BLOCK,
                f"block {header.number} comes before block {trust.validators.block}, since which "
                "the trust file names validators",
                unknown=True,
            )
        _require_hash(header, known)
        found = BlockTrust()
    reasons = ["across a hand-over"] if found.handovers else []
    times = dict(witnessed or {})
    if now > trust.expires:
        reasons.append("past the trust file's expiry")
        times = {name: time for name, time in times.items() if time <= trust.expires}
    if reasons and not len(times) >= trust.witnesses_needed > 0:
        raise StepError(
            _BLOCK,
            f"{' and '.join(reasons)} {trust.witnesses_needed or 'enough'} witnesses of block "
            f"{header.number} are needed, here are {len(times)}: ask for evidence with their note, "
            "or for a newer trust file",
            unknown=True,
        )
    seen = None if witnessed is None else tuple(sorted(times))
    return BlockTrust(found.committers, found.validators, found.handovers, seen)


def _by_seals(header: IstanbulHeader, anchor: Anchor, trust: TrustFile) -> BlockTrust | None:
    """Who signed it; None where the trust file pins its hash, or names validators since later."""
    pinned = trust.validators
    assert pinned is not None, "step 2 demands it"
    if header.number in trust.blocks or header.number < pinned.block:
        return None
    validators, count = walked(pinned.addresses, pinned.block, anchor.handovers, header)
    signatures = validators.check(header)
    return BlockTrust(signatures.committers, len(validators.addresses), count)


def _witnessed(header: IstanbulHeader, anchor: Anchor, trust: TrustFile) -> dict[str, int] | None:
    if anchor.witnessed is None:
        return None
    return block_witnessed_at(
        anchor.witnessed, anchor.chain_id, header.number, header.hash, trust.witnesses
    )


def _require_hash(header: Header, known: bytes) -> None:
    if known != header.hash:
        what = f"block {header.number} is 0x{header.hash.hex()}, not 0x{known.hex()}"
        raise StepError(_BLOCK, what)
