# SPDX-License-Identifier: Apache-2.0
"""Provenance is W3C PROV that the reference library loads, and says what happened."""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import Any

import prov.model
import pytest

from muniment.analysis.life import Delivery, Entered, Life, LifeShare, Offer, Seal
from muniment.analysis.prov_document import ProvDocument
from muniment.analysis.provenance import provenance
from muniment.errors import InvalidInputError
from tests.unit.analysis.lives import AUTHORITY, DAY, START, Story, word


def loaded(document: ProvDocument) -> prov.model.ProvDocument:
    return prov.model.ProvDocument.deserialize(io.StringIO(document.to_json()), format="json")


def relations(document: ProvDocument, kind: str) -> list[dict[str, Any]]:
    return list(json.loads(document.to_json()).get(kind, {}).values())


def whole_life() -> Life:
    story = Story().register().hold(3).release(9).amend(10).transfer(30, 2).amend(40)
    share = LifeShare(
        word("share"), 3, 2, True, START, START + 5, START + 9 * DAY, 1 << 33, "revoked"
    )
    return (
        story.revoke(50)
        .dispose(90)
        .life(
            shares=(share,),
            deliveries=(Delivery(word("sent"), word("share"), 2, 3, START + 6, START + 9),),
            offers=(Offer(1, 2, START + 20 * DAY, 1 << 33, START + 30 * DAY),),
        )
    )


def journal_life(*, sealed: bool = True, story: Story | None = None, index: int = 5) -> Life:
    seal = Seal(100, word("root"), START + 60, 55) if sealed else None
    return (story or Story()).life(entered=Entered(1, 1, index, word("content 1"), START, seal))


LIVES = {
    "one act": Story().register().life(),
    "whole": whole_life(),
    "held before it was registered": Story().hold(0).register(1).life(),
    "journal": journal_life(),
    "not sealed": journal_life(sealed=False),
    "enrolled": journal_life(story=Story().enrol(2).revoke(3)),
    "superseded": Story().register().supersede(2, Story("next").record_id).life(),
}


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
def test_both_forms__say_the_same_to_the_reference_library(life: Life) -> None:
    document = provenance([life])
    read = loaded(document)
    assert len(read.get_records()) == len(document.statements)
    # It writes PROV-N of what it read as PROV-JSON: line by line what we write.
    theirs = Counter(line.strip().replace("+00:00", "Z") for line in read.get_provn().splitlines())
    ours = Counter(line.strip() for line in document.to_prov_n().splitlines())
    assert theirs == ours


def test_versions__are_revisions_by_acts_of_agencies() -> None:
    life = whole_life()
    document = provenance([life])
    name = f"r:record-{life.record_id.hex()}"
    revisions = relations(document, "wasDerivedFrom")
    of_versions = [each for each in revisions if "prov:type" in each]
    assert [
        (each["prov:generatedEntity"], each["prov:usedEntity"], each["prov:activity"])
        for each in of_versions
    ] == [
        (f"{name}-v2", f"{name}-v1", "r:act-13"),
        (f"{name}-v3", f"{name}-v2", "r:act-15"),
    ]
    attributed = {
        each["prov:entity"]: each["prov:agent"] for each in relations(document, "wasAttributedTo")
    }
    assert attributed[f"{name}-v2"] == "r:agency-1"
    assert attributed[f"{name}-v3"] == "r:agency-2"
    assert attributed[f"{name}-custody-2"] == "r:agency-2"
    assert attributed[f"{name}-hold-1"] == f"r:account-{AUTHORITY[2:].lower()}"


def test_ends__each_entity_is_generated_and_invalidated_once() -> None:
    # PROV-CONSTRAINTS: what was invalidated twice must have been so at the same moment.
    for life in LIVES.values():
        document = provenance([life])
        for kind in ("wasGeneratedBy", "wasInvalidatedBy"):
            ended = [each["prov:entity"] for each in relations(document, kind)]
            assert len(ended) == len(set(ended)), kind
    name = f"r:record-{whole_life().record_id.hex()}"
    ends = {
        each["prov:entity"]: each["prov:activity"]
        for each in relations(provenance([whole_life()]), "wasInvalidatedBy")
    }
    assert ends[f"{name}-v3"] == "r:act-16"  # revoked
    assert ends[name] == ends[f"{name}-v1"] == ends[f"{name}-v2"] == "r:act-17"  # disposed of


def test_times__are_of_blocks_in_utc() -> None:
    document = json.loads(provenance([Story().register().life()]).to_json())
    assert document["activity"]["r:act-10"]["prov:startTime"] == "2023-11-14T22:13:20Z"
    entry = json.loads(provenance([journal_life()]).to_json())
    appending = entry["activity"]["r:journal-1-1-appending-5"]
    assert "prov:startTime" not in appending, "an entry's own time is the agency's word"
    claimed = entry["entity"]["r:journal-1-1-entry-5"]["muniment:claimedTime"]
    assert claimed == {"$": str(START), "type": "xsd:long"}


def test_set__tells_what_records_have_in_common_once() -> None:
    first, second = Story().register().life(), Story("other").register().life()
    superseded = Story("old").register().supersede(2, first.record_id).life()
    together = provenance([superseded, first, second])
    assert len(relations(together, "specializationOf")) == 3
    agents = json.loads(together.to_json())["agent"]
    assert len(agents) == 2
    whole = json.loads(together.to_json())["entity"][f"r:record-{first.record_id.hex()}"]
    assert whole["muniment:status"] == "in_force"
    sealed = provenance([journal_life(), journal_life(story=Story("other"), index=6)])
    assert len([each for each in sealed.statements if each.kind == "hadMember"]) == 2
    sealings = [
        each for each in relations(sealed, "wasGeneratedBy") if "seal" in each["prov:entity"]
    ]
    assert len(sealings) == 1


def test_names_of_agencies__are_escaped() -> None:
    story = Story().register().transfer(2, 3)
    assert 'prov:label="Tax & duties <office>"' in provenance([story.life()]).to_prov_n()


def test_records_of_no_or_two_registries__are_refused() -> None:
    with pytest.raises(InvalidInputError, match="of 0"):
        provenance([])
