"""What an issuer says out of its register, and whom it says anything."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.book import BookEntry
from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import Code, Match, State
from app.domain.license import Fact
from app.federation.inquiries import Asked, InquiryRefused
from app.federation.issuing import consider, facts_of
from app.registry.kit import ASKERS, FolderAskers
from app.services.issuing import Issuing
from tests import ivp_vectors as vectors
from tests.federation.asking import SIGNER
from tests.kit.test_books import IDENTIFIER, TYPE

NOW = datetime(2026, 11, 1, 4, tzinfo=UTC)
ID = Identifier.read(IDENTIFIER)
BODY = ID.issuer
FILE = ("sm3", b"\xab" * 32)
ENTRY = BookEntry(
    identifier=ID,
    type=TYPE,
    number="N-1",
    holder="马·某",
    holder_code="63000020000101000X",
    valid_from=date(2024, 1, 1),
    valid_until=date(2030, 12, 31),
    files=frozenset({FILE}),
)
ALL = {
    "number": "N-1",
    "holder": "马·某",
    "holder_code": "63000020000101000x",
    "dates": {"from": "2024-01-01", "until": "2030-12-31"},
}


def question(*compare: Fact, by_number: bool = False, **changes: Any) -> Asked:
    asked = Asked(
        token=b"x", node="node-a", audience=BODY, issued=NOW, expires=NOW + timedelta(seconds=60),
        jti="j", identifier=None if by_number else ID, number="N-1" if by_number else None,
        type=TYPE if by_number else None, code=None, seal=None, certificate=None, documents={},
        compare=frozenset(compare), purpose="public-check", at=None, via=("node-a",),
    )  # fmt: skip
    return replace(asked, **changes)


def said(
    asked: Asked,
    *entries: BookEntry,
    facts: dict[str, object] | None = None,
    at: datetime = NOW,
    every_file: bool = False,
) -> Any:
    return consider(
        asked, ALL if facts is None else facts, entries,
        body=BODY, at=at, as_of=NOW, every_file=every_file,
    )  # fmt: skip


EVERY = (Fact.NUMBER, Fact.HOLDER, Fact.HOLDER_CODE, Fact.DATES, Fact.TYPE, Fact.IDENTIFIER)


def test_in_force_with_everything_matching():
    found = said(question(*EVERY, documents=dict([FILE])), ENTRY)
    assert (found.said.code, found.said.document, found.said.state) == (
        Code.IN_FORCE, Match.MATCH, State.ISSUED,
    )  # fmt: skip
    assert found.said.matching == {Fact.NUMBER, Fact.HOLDER, Fact.HOLDER_CODE, Fact.DATES}
    assert found.said.facts[Fact.TYPE] is Match.UNKNOWN  # not stated, not compared
    assert found.found == ID


@pytest.mark.parametrize(
    ("changes", "at", "code", "state"),
    [
        ({}, NOW, Code.IN_FORCE, State.ISSUED),
        ({}, datetime(2023, 12, 31, 15, tzinfo=UTC), Code.NOT_YET, None),
        ({}, datetime(2023, 12, 31, 16, tzinfo=UTC), Code.IN_FORCE, State.ISSUED),  # Beijing's day
        ({}, datetime(2030, 12, 31, 15, tzinfo=UTC), Code.IN_FORCE, State.ISSUED),
        ({}, datetime(2030, 12, 31, 16, tzinfo=UTC), Code.ENDED, State.EXPIRED),
        ({"state": State.SUSPENDED}, NOW, Code.SUSPENDED, State.SUSPENDED),
        ({"state": State.REVOKED}, NOW, Code.ENDED, State.REVOKED),
        ({"state": State.VOID}, NOW, Code.ENDED, State.VOID),
        ({"state": State.REVOKED, "since": date(2026, 11, 1)}, NOW, Code.ENDED, State.REVOKED),
        ({"state": State.REVOKED, "since": date(2026, 11, 2)}, NOW, Code.IN_FORCE, State.ISSUED),
        ({"state": State.REVOKED, "since": date(2020, 1, 1), "valid_from": None},
         datetime(2019, 1, 1, tzinfo=UTC), Code.IN_FORCE, State.ISSUED),
        ({"valid_from": None, "valid_until": None}, NOW, Code.IN_FORCE, State.ISSUED),
    ],
)  # fmt: skip
def test_states_and_days(changes: Any, at: datetime, code: Code, state: State | None):
    found = said(question(), replace(ENTRY, **changes), at=at)
    assert (found.said.code, found.said.state) == (code, state)


@pytest.mark.parametrize(
    "wrong",
    [{"holder": "马某"}, {"number": "N-2"}, {"holder_code": "1"},
     {"dates": {"from": "2024-01-02", "until": None}}, {"dates": {"until": "长期"}}],
)  # fmt: skip
def test_after_a_mismatch_nothing_else_is_told(wrong: dict[str, object]):
    found = said(question(*EVERY), ENTRY, facts={**ALL, **wrong})
    assert found.said.code is Code.DIFFERS
    assert (found.said.state, found.said.since, found.said.until, found.found) == (None,) * 4
    assert list(found.said.facts.values()).count(Match.DIFFERS) == 1


def test_spelling_makes_no_difference_and_letters_do():
    for spelled in ("马 • 某", "马・某", "马．某", "　马·某"):
        found = said(question(Fact.HOLDER), ENTRY, facts={"holder": spelled})
        assert found.said.facts == {Fact.HOLDER: Match.MATCH}, spelled
    for other in ("马某", "马·某某", "牛·某", "馬·某"):
        found = said(question(Fact.HOLDER), ENTRY, facts={"holder": other})
        assert found.said.facts == {Fact.HOLDER: Match.DIFFERS}, other


@pytest.mark.parametrize("value", ["", " ", None, 5, True, [], {}, ["马·某"]])
def test_what_was_not_stated_is_not_compared(value: object):
    found = said(question(Fact.HOLDER), ENTRY, facts={"holder": value})
    assert found.said.facts == {Fact.HOLDER: Match.UNKNOWN}
    dates = said(question(Fact.DATES), ENTRY, facts={"dates": value})
    assert dates.said.facts == {Fact.DATES: Match.UNKNOWN}


def test_only_what_was_asked_is_compared():
    assert said(question(), ENTRY, facts={"holder": "另一人"}).said.code is Code.IN_FORCE
    blank = replace(ENTRY, holder=None, number=None)
    assert said(question(Fact.HOLDER), blank).said.facts == {Fact.HOLDER: Match.UNKNOWN}


def test_files():
    other = {"sm3": b"\x00" * 32}
    assert said(question(documents=other), ENTRY).said.document is Match.UNKNOWN
    strict = said(question(documents=other), ENTRY, every_file=True)
    assert (strict.said.document, strict.said.code) == (Match.DIFFERS, Code.DIFFERS)
    none = replace(ENTRY, files=frozenset())
    assert said(question(documents=other), none, every_file=True).said.document is Match.UNKNOWN
    swapped = {"sha256": FILE[1]}  # the right octets under another name
    assert said(question(documents=swapped), ENTRY).said.document is Match.UNKNOWN


def test_a_number_is_a_guess_until_the_holder_matches():
    alone = said(question(Fact.NUMBER, by_number=True), ENTRY)
    assert (alone.said.code, alone.found, alone.said.state) == (Code.INSUFFICIENT, None, None)
    known = said(question(Fact.HOLDER, by_number=True), ENTRY)
    assert (known.said.code, known.found) == (Code.IN_FORCE, ID)
    wrong = said(question(Fact.HOLDER, by_number=True), ENTRY, facts={"holder": "另一人"})
    assert (wrong.said.code, wrong.found) == (Code.DIFFERS, None)


def test_several_under_one_number():
    older = replace(ENTRY, state=State.SUPERSEDED)
    assert said(question(Fact.HOLDER, by_number=True), older, ENTRY).said.code is Code.IN_FORCE
    assert said(question(Fact.HOLDER, by_number=True), ENTRY, ENTRY).said.code is Code.INSUFFICIENT
    assert said(question(Fact.HOLDER, by_number=True), older, older).said.code is Code.INSUFFICIENT


def test_what_is_not_in_the_register():
    assert said(question()).said.code is Code.NO_RECORD
    assert said(question(by_number=True)).said.code is Code.NO_RECORD
    foreign = replace(ID, issuer=IssuerCode("639900"))
    assert said(question(identifier=foreign)).said.code is Code.INSUFFICIENT  # not ours to deny
    sealed = question(identifier=None, seal="63010000012345")
    assert said(sealed).said.code is Code.INSUFFICIENT
    assert said(sealed, ENTRY).said.code is Code.INSUFFICIENT


def test_a_code_stands_for_one_license():
    """As by its identifier, without a fact of the holder; two under one code are no answer."""
    coded = question(identifier=None, code="q3vJ0x_6TqWcV0dQ8Yh1Zg")
    found = said(coded, ENTRY)
    assert (found.said.code, found.found) == (Code.IN_FORCE, ID)
    assert said(coded).said.code is Code.NO_RECORD
    older = replace(ENTRY, state=State.SUPERSEDED)
    for both in ((ENTRY, ENTRY), (older, ENTRY)):
        two = said(coded, *both)
        assert (two.said.code, two.found, two.said.state) == (Code.INSUFFICIENT, None, None)
    wrong = said(
        replace(coded, compare=frozenset({Fact.HOLDER})), ENTRY, facts={"holder": "另一人"}
    )
    assert (wrong.said.code, wrong.found, wrong.said.state) == (Code.DIFFERS, None, None)
    none = consider(coded, ALL, None, body=BODY, at=NOW, as_of=NOW, every_file=False)
    assert (none.said.code, none.found) == (Code.INSUFFICIENT, None)


@given(
    st.dictionaries(
        st.sampled_from([*ALL, "type", "x"]),
        st.none()
        | st.text(max_size=8)
        | st.integers()
        | st.dictionaries(st.text(max_size=5), st.text(max_size=5)),
    )
)
def test_whatever_is_stated_in_force_needs_no_mismatch(facts: dict[str, object]):
    found = said(question(*EVERY), ENTRY, facts=facts).said
    assert (found.code is Code.IN_FORCE) == (Match.DIFFERS not in found.facts.values())
    assert found.facts.keys() == set(EVERY)


def refuse_to_open(token: str) -> bytes:
    raise AssertionError("nothing is sealed")


@pytest.mark.parametrize(
    "payload", [{"facts": []}, {"facts": "x"}, {"facts": {}, "facts_jwe": "x"}, {"facts_jwe": 5}]
)
def test_facts_that_are_none_are_refused(payload: dict[str, object]):
    assert facts_of({"facts": {"holder": "x"}}, refuse_to_open) == {"holder": "x"}
    assert facts_of({}, refuse_to_open) == {}
    with pytest.raises(InquiryRefused) as caught:
        facts_of(payload, refuse_to_open)
    assert (caught.value.status, caught.value.word) == (400, "malformed")
    with pytest.raises(InquiryRefused):
        facts_of({"facts_jwe": "x"}, lambda _: b"[]")


# ---- the door, by the vectors everybody has

INQUIRIES = json.loads((vectors.FOLDER / "inquiries.json").read_text("utf-8"))


class OneBook:
    """A register with that license; counts who is looked up."""

    def __init__(self) -> None:
        self.asked = 0

    async def by_identifier(self, identifier: Identifier) -> list[BookEntry]:
        self.asked += 1
        return [ENTRY] if identifier == ID else []

    async def by_number(self, number: str, type: str) -> list[BookEntry]:
        self.asked += 1
        return [ENTRY] if (number, type) == ("N-1", TYPE) else []

    async def by_code(self, code: str) -> list[BookEntry] | None:
        self.asked += 1
        return None

    async def as_of(self, now: datetime) -> datetime:
        return now

    async def aclose(self) -> None:
        return


def issuing(folder: Path) -> Issuing:
    nodes = [
        {
            "node": node,
            "scopes": ["ask", "relay"],
            "keys": [{k: v for k, v in vectors.KEYS[node].jwk().items() if k != "d"}],
        }
        for node in vectors.NODES
    ]
    (folder / ASKERS).write_text(json.dumps({"nodes": nodes}))
    return Issuing(
        body=IssuerCode(vectors.ISSUER),
        peers=FolderAskers(folder),
        book=OneBook(),
        signer=lambda: SIGNER,
        opened=refuse_to_open,
        every_file=False,
        clock=lambda: datetime.fromtimestamp(vectors.NOW, UTC),
    )


@pytest.mark.parametrize(
    "case",
    [each for each in INQUIRIES if "issuer-node" not in each["name"]],
    ids=lambda case: case["name"],
)
def test_the_kit_takes_and_refuses_as_the_vectors_say(case: Any, tmp_path: Path):
    there = issuing(tmp_path)
    try:
        answer = asyncio.run(there.answer(case["token"].encode()))
        told: dict[str, Any] = {"answered": bool(answer)}
    except InquiryRefused as refused:
        told = {"status": refused.status, "error": refused.word}
    expected = case["expect"]
    if expected.get("error") == "loop":  # a kit is no node, and nothing comes round to it
        return
    assert told == expected


def test_a_question_is_answered_once_over_restarts_too(tmp_path: Path):
    token = next(each["token"] for each in INQUIRIES if each["name"] == "by identifier").encode()
    assert asyncio.run(issuing(tmp_path).answer(token))
    for _ in range(2):
        with pytest.raises(InquiryRefused) as caught:
            asyncio.run(issuing(tmp_path).answer(token))
        assert (caught.value.status, caught.value.word) == (401, "replayed")


def test_questions_at_the_same_time_are_answered_once(tmp_path: Path):
    there = issuing(tmp_path)
    token = next(each["token"] for each in INQUIRIES if each["name"] == "by identifier").encode()

    async def together() -> list[Any]:
        return await asyncio.gather(
            *(there.answer(token) for _ in range(8)), return_exceptions=True
        )

    found = asyncio.run(together())
    assert sum(isinstance(each, bytes) for each in found) == 1
