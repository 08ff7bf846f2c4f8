"""Attack: use a frozen or cancelled seal whose id (esID, 印章标识) is written in another way.

Ids of authentic seals are 14 digits, GUIDs with and without braces, or a vendor's own text; whoever
keeps the list of seals need not write one as the seal maker did. A seal is found by the letters and
digits of its id and by its fingerprint; where neither can be compared, nothing is known of it.
"""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checks.measure import measure
from app.domain.evidence import CheckName
from app.domain.facts import Facts
from app.domain.reasons import Reason
from app.domain.seal import by_fingerprint, comparable
from app.domain.trust import SealEnd, SealEnding
from app.domain.verdict import Broken, Gap, Sound
from app.registry.serial import dump_facts, load_facts
from app.services.verify import question_of
from tests.checks import test_layouts as files
from tests.checks.test_layouts import said, state
from tests.checks.test_measure_seals import NOW
from tests.checks.test_signed_data import DAY, clock
from tests.pki import ia5

CANCELLED = SealEnd(SealEnding.CANCELLED, clock() - DAY)
GUID = "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}"
CODE = "63000000000001"
WIDER = 0xFEE0
"""From an ASCII digit to the same at full width."""


def facts_of(id: str, *listed: str, version: int = 4) -> Facts:
    """A good file whose seal bears `id`, and a list that cancelled the seals `listed`."""
    made = files.sealed(files.layout(version, seal_id=ia5(id)).signature())
    names = {name for text in listed if (name := comparable(text))}
    question = question_of(made, None)
    ends = dict.fromkeys(names & question.seals, (CANCELLED,))
    return measure(made, replace(files.trust(), seal_status=ends), now=NOW)


@pytest.mark.parametrize("version", [1, 4, 5])
@pytest.mark.parametrize(
    ("id", "listed"),
    [
        (CODE, CODE),
        (GUID, GUID),
        (GUID, GUID.lower()),
        (GUID, GUID.strip("{}")),
        (GUID, GUID.replace("-", "").strip("{}")),
        ("3f2504e04f8911d39a0c0305e82c3301", GUID),
        ("urn:uuid:3f2504e0", "URN:UUID:3F2504E0"),
        ("QH SEAL 1", "QH SEAL 1"),
        ("QH SEAL 1", "qh-seal-1"),
        (f" {CODE}", CODE),
        (CODE, "".join(chr(ord(digit) + WIDER) for digit in CODE)),
    ],
)
def test_attack_a_cancelled_seal_with_its_id_written_otherwise(
    id: str, listed: str, version: int
) -> None:
    assert state(facts_of(id, "63000000000002", version=version)) == Sound()
    facts = facts_of(id, listed, version=version)
    assert state(facts) == Broken(Reason.SEAL_CANCELLED)
    again = load_facts(dump_facts(facts) or "")
    assert state(again) == Broken(Reason.SEAL_CANCELLED)


def test_attack_a_cancelled_seal_is_known_by_its_fingerprint() -> None:
    """A list may name the seal by what its maker signed, whatever the id says."""
    seal = files.sealed(files.layout(4).signature()).sealings[0].signature
    assert seal is not None
    mine, other = by_fingerprint(seal.seal.sha256), by_fingerprint("0" * 64)
    plain = read_id(files.layout(4))
    assert state(facts_of(plain, f"sha256:{seal.seal.sha256}")) == Broken(Reason.SEAL_CANCELLED)
    assert state(facts_of(plain, f"sha256:{'0' * 64}")) == Sound()
    assert mine != other


def read_id(made: Any) -> str:
    one = files.sealed(made.signature()).sealings[0].signature
    assert one is not None
    return one.seal.id


@pytest.mark.parametrize("id", ["", "{}", " - ", "::", "\x0763000000000001", "a\x1b"])
def test_attack_a_seal_whose_id_cannot_be_compared_is_in_doubt(id: str) -> None:
    assert state(facts_of(GUID)) == Sound()
    facts = facts_of(id)
    assert state(facts) == Gap((Reason.SEAL_UNIDENTIFIED,))
    assert said(facts, CheckName.SEAL_STATUS)[1] is Reason.SEAL_UNIDENTIFIED


def test_an_id_that_may_be_somebodys_words_is_not_kept() -> None:
    for id, kept in ((CODE, CODE), (GUID, ""), ("ZHANG SAN 630102199001011234", "")):
        facts = facts_of(id, id)
        (one,) = facts.document.signatures
        assert one.sealed is not None
        assert one.sealed.seal is not None
        assert one.sealed.seal.id == kept
        text = dump_facts(facts) or ""
        assert kept or (id not in text and (comparable(id) or id) not in text)


@given(st.text())
def test_comparing_is_of_letters_and_digits_and_ends_at_once(text: str) -> None:
    name = comparable(text)
    if name is not None:
        assert name
        assert name.isalnum()
        assert comparable(name) == name
        assert comparable("{" + text + "}") == name
