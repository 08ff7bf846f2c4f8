"""Every cell of the two-key table through the running service, each beside its valid twin.

Rows and columns are those published in docs/verification.md; what must be said in a cell is taken
from tests/test_docs.py, which wrote the design down without the code that decides.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from app.domain.identifier import Identifier
from app.domain.issuer import Code, Statement
from docs.make import ROWS
from sandbox import ofd
from sandbox.attacks import ATTACKS
from sandbox.forging import bend
from sandbox.licenses import License
from sandbox.samples import asked
from sandbox.shapes import SHAPES
from sandbox.world import World
from tests import statements
from tests.service import Service
from tests.test_docs import expected

ISSUER = "traffic"
NETWORKS = count(1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATELY = {"seconds": 120}
"""Older than a clock may be off, and younger than any limit."""


@dataclass(frozen=True, slots=True)
class Row:
    """Something to hand in, and what it is in the table."""

    name: str
    make: Callable[[World, License], bytes | Mapping[str, object]]
    doubt: str = ""
    """The gap's own reason, where it is not that of the published column."""


def known(world: World, victim: License) -> bytes:
    """Genuine, and not in the issuer's index of files, so that it is told nothing about it."""
    return bend(world, victim).claims(jti="presented-once-more").token()


def unsigned(world: World, victim: License) -> bytes:
    """A sealed file's document without its seal."""
    return ofd.write(world.made(victim), SHAPES["tax"])


SUBMITTED = (
    Row("sound", known),
    Row("trust gap", ATTACKS["unknown_kid"].forge),
    Row("time gap", ATTACKS["revoked_key_backdated"].forge),
    Row("other gap", ATTACKS["copy_delegate_signs_original"].forge, "copy_expiry_missing"),
    Row("broken", ATTACKS["foreign_key"].forge),
    Row("unsigned copy", unsigned),
    Row("facts only", lambda _, victim: {"identifier": victim.id, **asked(victim)}),
)
OF_A_FILE = tuple(row.name for row in SUBMITTED if row.name != "facts only")


@dataclass(frozen=True, slots=True)
class Said:
    """How the sandbox comes to say what a row of the published table says."""

    behaviour: str = "honest"
    args: Mapping[str, object] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    """Submitted → another behaviour, where this one would say something else there."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """Submitted → another cell of the table, where this one cannot come about over IVP/1."""
    statement: tuple[Code, timedelta] | None = None
    """What the issuer signed unasked, and how long ago."""
    registered: str = ""
    """SQL that changes what is registered of endpoints."""


HONEST_FOR_FACTS = {"facts only": "honest"}
NOTHING_COMPARED = dict.fromkeys(("trust gap", "unsigned copy"), "0, and compared nothing")
"""What no known key covers is not sent to be compared, so it cannot differ."""
NOT_SHOWN = {"facts only": "an answer that cannot be used"}
"""An answer about a file nobody showed."""

TABLE: Mapping[str, Said] = {
    "0 in force": Said("facts_unknown", others=HONEST_FOR_FACTS),
    "0, and confirms the file's digest": Said("confirms_document", others=HONEST_FOR_FACTS),
    "0, and number, type, holder, dates all match": Said("document_unknown"),
    "0, and compared nothing": Said("facts_unknown"),
    "0, but the file's digest differs": Said("contradicts_document", instead=NOT_SHOWN),
    "4 or 7, and the file's digest differs": Said(
        "contradicts_document", {"code": 7}, instead=NOT_SHOWN
    ),
    "0, but a fact differs": Said("contradicts_facts", instead=NOTHING_COMPARED),
    "0, older than the limit": Said("stale_as_of", {"seconds": 3600}),
    "0, but a newer signed statement says ended": Said(
        "stale_as_of", LATELY, statement=(Code.ENDED, MINUTE)
    ),
    "0, unsigned, channel open": Said("unsigned"),
    "1 not yet in force": Said("outcome", {"code": 1}),
    "2 suspended": Said("outcome", {"code": 2}),
    "3 ended": Said("outcome", {"code": 3}),
    "4 not enough to tell": Said("outcome", {"code": 4}),
    "5 no such record": Said("lie_not_found"),
    "6 differs": Said("outcome", {"code": 6}),
    "7 partly wrong or incomplete": Said("partial_facts"),
    "no answer in time": Said(
        "hang", registered="UPDATE issuer_endpoint SET deadline = interval '300 milliseconds'"
    ),
    "an answer that cannot be used": Said("wrong_signature"),
    "not asked": Said(registered="DELETE FROM issuer_endpoint"),
    "no answer; young signed statement: in force": Said("close", statement=(Code.IN_FORCE, MINUTE)),
    "no answer; young signed statement: ended": Said("close", statement=(Code.ENDED, MINUTE)),
    "no answer; old signed statement: in force": Said("close", statement=(Code.IN_FORCE, 2 * HOUR)),
}
ELSEWHERE = {
    "0, unsigned, channel authenticated": "the sandbox speaks no TLS: tests/federation",
    "5, unsigned": "as above; over an open line it is nobody's word, see below",
    "0, from upstream": "no upstream can be registered yet: tests/test_policy.py",
    "5, from upstream": "no upstream can be registered yet: tests/test_policy.py",
    "no answer; unsigned statement: in force": "an unsigned statement is never kept",
}


def test_every_published_row_is_asked_here_or_named() -> None:
    assert TABLE.keys() | ELSEWHERE.keys() == ROWS.keys()
    assert not TABLE.keys() & ELSEWHERE.keys()


@pytest.fixture
def victim(service: Service) -> License:
    return service.world.pick(ISSUER)


@pytest.fixture(autouse=True)
def _copies_need_no_seal(service: Service) -> Iterator[None]:
    """As a province decides that keeps some files unsealed; else no file is an unsigned copy."""
    service.sql("UPDATE license_type SET must_be_sealed = false")
    yield
    service.sql("UPDATE license_type SET must_be_sealed = true")


@pytest.fixture
def fresh_endpoint(service: Service) -> Iterator[None]:
    """Nothing is held against the endpoints for what they did in other tests.

    A breaker counts by URL and networks, and half of the calls below fail by intent: some twenty in
    ten seconds would open it, were these tests run by themselves.
    """
    network = f"127.2.0.{next(NETWORKS)}/32"
    service.sql("UPDATE issuer_endpoint SET networks = networks || $1::text", network)
    yield
    service.sql("UPDATE issuer_endpoint SET networks = array_remove(networks, $1)", network)


def cell(row: Row, said: str) -> str:
    """What the published table says, in the words of `Service.told`."""
    text = expected(said, row.name).replace("**", "").replace("`", "").replace(":", "")
    return text.replace("issuer_unknown", row.doubt) if row.doubt else text


@contextmanager
def saying(service: Service, victim: License, said: Said, submitted: str) -> Iterator[None]:
    service.issuers[ISSUER].script.clear()
    service.issuers.set_behaviour(ISSUER, said.others.get(submitted, said.behaviour), **said.args)
    if said.registered:
        service.sql(said.registered)
    if said.statement is not None:
        keep(service, victim, *said.statement)
    try:
        yield
    finally:
        service.issuers[ISSUER].script.clear()
        if said.statement is not None:
            service.sql("DELETE FROM statement")
        if said.registered:
            service.register()
            service.sql("UPDATE license_type SET must_be_sealed = false")


def keep(service: Service, victim: License, code: Code, age: timedelta) -> None:
    said = Statement(code, signed=True, as_of=datetime.now(UTC) - age)
    statements.keep(service, Identifier.read(victim.id), said, f"{ISSUER}-answer")


def told(service: Service, submitted: bytes | Mapping[str, object]) -> str:
    if isinstance(submitted, bytes):
        return service.told(submitted)
    return service.told(**submitted)


@pytest.mark.parametrize("name", TABLE, ids=lambda name: name.replace(" ", "-"))
def test_cells(service: Service, victim: License, name: str) -> None:
    said = TABLE[name]
    for row in SUBMITTED:
        assert service.told(service.world.token(victim)) == "valid", "the twin"
        submitted = row.make(service.world, victim)
        wanted = cell(row, said.instead.get(row.name, name))
        with saying(service, victim, said, row.name):
            before = service.asked()
            assert told(service, submitted) == wanted, row.name
            calls = service.asked() - before
        assert calls == (0 if row.name == "broken" or name == "not asked" else 1), row.name


def test_a_doubt_that_no_answer_meets_stays_one(service: Service, victim: License) -> None:
    """`other gap` as published: an issuer that nobody registered is not even asked."""
    forged = ATTACKS["unknown_issuer"].make(service.world)
    before = service.asked()
    for behaviour in ("honest", "confirms_document", "lie_revoked"):
        service.issuers.set_behaviour(ISSUER, behaviour)
        assert service.told(forged) == "indeterminate issuer_unknown"
    assert service.asked() == before
    service.issuers[ISSUER].script.clear()
    assert service.told(service.world.token(victim)) == "valid"


def test_of_a_type_that_must_be_sealed_an_unsigned_file_is_broken(
    service: Service, victim: License
) -> None:
    copy = unsigned(service.world, victim)
    assert service.told(copy) == "indeterminate unsigned_copy"
    service.sql("UPDATE license_type SET must_be_sealed = true")
    before = service.asked()
    assert service.told(copy) == "invalid signature_missing"
    assert service.asked() == before
    assert service.told(service.world.token(victim)) == "valid"


# ---- the last column: every way in which an answer is none


UNREACHABLE = {
    "close": {}, "reset": {}, "truncate": {}, "status": {"code": 500}, "retry_later": {},
    "not_found": {}, "redirect": {}, "status_with_answer": {}, "no_content": {},
}  # fmt: skip
UNUSABLE = {
    "empty": {}, "no_length": {}, "oversized": {"bytes": 1 << 20}, "header_flood": {}, "gzip": {},
    "encoding_unknown": {}, "length_and_chunked": {}, "two_lengths": {}, "garbage": {},
    "wrong_key": {}, "unknown_kid": {}, "wrong_typ": {}, "extra_header": {}, "scheme_swapped": {},
    "license_key": {}, "retired_key": {}, "wrong_signature": {}, "alg_none": {}, "alg_hs256": {},
    "wrong_nonce": {}, "no_nonce": {}, "wrong_aud": {}, "wrong_iss": {}, "wrong_identifier": {},
    "replayed": {}, "future_as_of": {}, "stale_iat": {}, "future_iat": {}, "outcome_text": {},
    "outcome_true": {}, "outcome_nine": {}, "no_outcome": {}, "no_document": {}, "no_facts": {},
    "document_word": {}, "times_float": {}, "identifier_list": {}, "duplicate_members": {},
    "deep": {}, "not_a_number": {}, "malformed_payload": {}, "five_parts": {},
    "trailing_newline": {}, "not_a_jws": {}, "malformed_json": {}, "wrong_content_type": {},
    "html_login": {},
}  # fmt: skip
VARIANTS = [
    *((name, args, "issuer_unreachable") for name, args in UNREACHABLE.items()),
    *((name, args, "answer_unusable") for name, args in UNUSABLE.items()),
    ("stale_as_of", {"seconds": 3600}, "status_stale"),
    ("next_update_past", {}, "valid"),  # said just now: what it is to be replaced by is not later
    ("unsigned", {}, "answer_unsigned"),
    ("unsigned_not_found", {}, "answer_unsigned"),
    ("extra_member", {}, "valid"),
    ("chunked", {}, "valid"),
]


@pytest.mark.usefixtures("fresh_endpoint")
@pytest.mark.parametrize(("name", "args", "reason"), VARIANTS, ids=[v[0] for v in VARIANTS])
def test_variants_of_an_answer(
    service: Service, victim: License, name: str, args: Mapping[str, object], reason: str
) -> None:
    """An outage, a blunder or a forger in between: never valid by it, and never invalid."""
    wanted = reason if reason == "valid" else f"indeterminate {reason}"
    document = service.world.token(victim)
    assert service.told(document) == "valid", "the twin"
    service.issuers.set_behaviour(ISSUER, name, **args)
    before = service.asked()
    for submitted in (document, {"identifier": victim.id, **asked(victim)}):
        assert told(service, submitted) == wanted, submitted
    assert service.asked() > before
    service.issuers[ISSUER].script.clear()
    assert service.told(document) == "valid", "an outage leaves nothing behind"
