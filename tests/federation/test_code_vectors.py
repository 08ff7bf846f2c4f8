"""docs/ivp-vectors/codes.json: an issuer that keeps its register answers so, and we read it so.

The kit answers out of a CSV file with that very register; the sandbox's reader, written apart from
ours, takes and refuses the same questions.
"""

import asyncio
import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.crypto.jose import JsonLimits, read_json_object, split_compact
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import Answered, Unreachable
from app.federation.inquiries import InquiryRefused
from app.federation.opening import open_sealed
from app.federation.wire import Question
from app.formats.photo.addresses import named_by, official, read_address
from app.registry.books.lines import COLUMNS
from app.registry.books.table import CsvBook
from app.registry.lists.content import _official
from app.registry.reader import Reader
from app.services.issuing import Issuing
from sandbox.inquiry import Refusal
from sandbox.inquiry import read_inquiry as sandbox_read
from sandbox.nodes import Nodes
from tests import ivp_codes
from tests import ivp_vectors as vectors
from tests.federation.test_ivp_vectors import endpoint, read
from tests.kit.test_issuing import issuing

CODES: dict[str, Any] = json.loads((vectors.FOLDER / "codes.json").read_text("utf-8"))
NOW = datetime.fromtimestamp(vectors.NOW, UTC)
FACTS_KEY = ec.derive_private_key(int.from_bytes(bytes(range(32)), "big"), ec.SECP256R1())


def keeping(folder: Path, *, without: str = "") -> Issuing:
    """The kit, with the register of the vectors in a file; or without one of its columns."""
    columns = [name for name in COLUMNS if name != without]
    with (folder / "licenses.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(CODES["register"])
    book = CsvBook(folder / "licenses.csv", {}, exported=False, settled=0.0)
    opened = replace(issuing(folder), opened=lambda token: open_sealed(token, FACTS_KEY))
    return replace(opened, book=book)


def told(there: Issuing, token: str) -> Mapping[str, Any]:
    """The members of the answer, or how it was refused."""
    try:
        answer = asyncio.run(there.answer(token.encode()))
    except InquiryRefused as refused:
        return {"status": refused.status, "error": refused.word}
    return read_json_object(split_compact(answer).payload, JsonLimits())


@pytest.mark.parametrize("case", CODES["questions"], ids=lambda case: case["name"])
def test_the_kit_answers_as_the_vectors_say(case: Any, tmp_path: Path):
    said, expect = told(keeping(tmp_path), case["token"]), case["expect"]
    if "status" in expect:
        assert said == expect
    else:
        assert {name: said.get(name) for name in expect["answer"]} == expect["answer"]
        assert not said.keys() & set(expect["absent"])


def test_whoever_keeps_no_codes_denies_none(tmp_path: Path):
    """4, and not 5, of every code: it may be on a card that was given out years ago."""
    there = keeping(tmp_path, without="code")
    answered = [case for case in CODES["questions"] if "answer" in case["expect"]]
    assert len(answered) > 15
    for number, case in enumerate(answered):
        folder = tmp_path / str(number)
        folder.mkdir()
        said = told(replace(issuing(folder), book=there.book, opened=there.opened), case["token"])
        assert (said["outcome"], said["document"]) == (4, "unknown"), case["name"]
        assert not said.keys() & set(ivp_codes.UNTOLD)


@pytest.mark.parametrize("case", CODES["questions"], ids=lambda case: case["name"])
async def test_the_sandbox_reads_the_questions_likewise(case: Any):
    nodes = Nodes()
    public = {k: v for k, v in vectors.KEYS["node-a"].jwk().items() if k != "d"}
    nodes.add({"node": "node-a", "keys": [public]})
    audience, taken = frozenset({vectors.ISSUER}), True
    try:
        await sandbox_read(case["token"].encode(), audience=audience, nodes=nodes, now=NOW)
    except Refusal:
        taken = False
    assert taken == ("answer" in case["expect"])


@pytest.mark.parametrize("case", CODES["answers"], ids=lambda case: case["name"])
def test_an_answer_by_code_is_usable_or_silence(case: Any):
    question = Question(
        token=CODES["questions"][0]["token"].encode(),
        node="node-a",
        issuer=IssuerCode(vectors.ISSUER),
        identifier=None,
        type=TypeCode(case["type"]) if case["type"] else None,
        compare=frozenset(),
        coded=True,
        shown=False,
        asked_at=NOW,
    )
    answer = read(case["token"], question, endpoint(vectors.ISSUER))
    if case["expect"]["usable"]:
        assert isinstance(answer, Answered), answer
    else:
        assert isinstance(answer, Unreachable)
        assert answer.why == case["expect"]["silence"]


def test_the_kit_answers_over_the_question(tmp_path: Path):
    said = told(keeping(tmp_path), CODES["questions"][0]["token"])
    assert said["inquiry"] == vectors.digest(CODES["questions"][0]["token"])
    assert (said["iss"], said["aud"], said["as_of"]) == (vectors.ISSUER, "node-a", vectors.NOW)


def test_the_address_names_the_code_and_whom_to_ask():
    """As docs/ivp.md writes it down: host and path of the list, and the code behind them."""
    address = read_address(CODES["address"])
    assert address is not None
    place = official(address, [_official(Reader.of(CODES["official_url"], "official_url"))])
    assert place is not None
    claims = named_by(address, place)
    assert claims is not None
    assert (claims.code, claims.issuer) == (ivp_codes.CODE, vectors.ISSUER)
    assert (claims.identifier, claims.number, claims.type) == (None, None, None)


def test_negatives_outnumber_what_is_found():
    found = [
        case for case in CODES["questions"] if case["expect"].get("answer", {}).get("outcome") == 0
    ]
    assert len(CODES["questions"]) > 3 * len(found) > 0
    assert len({case["name"] for case in CODES["questions"]}) == len(CODES["questions"])
