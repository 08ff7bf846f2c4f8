"""Questions to the document and to its issuer; boundaries to the day and to the second."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from app.checks import CHECKS, inquiry_for, weigh
from app.domain.evidence import CheckName
from app.domain.facts import Facts
from app.domain.issuer import Inquiry, Match, NotAsked, Speaker, Unasked
from app.domain.license import Claims, Fact, KeyId
from app.domain.reasons import Reason
from app.domain.verdict import BEIJING, Broken, Gap, Sound
from tests.checks import scene
from tests.checks.scene import FILE, STATED, TOKEN, one, says
from tests.world import CONFIRMED, DAY, ENDPOINT, IDENTIFIER, IN_FORCE, NOW, said

SECOND = timedelta(seconds=1)
CN = CheckName
TODAY = NOW.astimezone(BEIJING).date()
MISTYPED = replace(IDENTIFIER, check="Z" if IDENTIFIER.check != "Z" else "Y")
UNSIGNED = scene.document(FILE, signatures=())
OPTIONAL = scene.type_of(UNSIGNED, must_be_sealed=False)
COPY = scene.document(TOKEN, is_copy=True, copy_until=NOW)


def stated(*facts: Fact) -> Facts:
    return scene.document(STATED, stated=frozenset(facts))


def no_identifier(facts: Facts) -> Facts:
    return scene.document(facts, identifier=None, identifiers=frozenset())


ROWS: list[tuple[CheckName, Facts, str]] = [
    (CN.SIGNED, TOKEN, "passed"),
    (CN.SIGNED, STATED, "not_applicable"),
    (CN.SIGNED, UNSIGNED, "failed signature_missing"),
    (CN.SIGNED, OPTIONAL, "indeterminate unsigned_copy"),
    (CN.SIGNED, scene.trust(UNSIGNED, type=None), "indeterminate unsigned_copy"),
    (CN.IDENTIFIER_FORM, TOKEN, "passed"),
    (CN.IDENTIFIER_FORM, no_identifier(TOKEN), "not_applicable"),
    (CN.IDENTIFIER_FORM, scene.document(TOKEN, identifier=MISTYPED), "failed identifier_mistyped"),
    (CN.IDENTIFIER_FORM, scene.document(TOKEN, identifier=replace(IDENTIFIER, root="1.2.3.4.5")), "failed identifier_mistyped"),
    (CN.IDENTIFIER_AGREES, TOKEN, "passed"),
    (CN.IDENTIFIER_AGREES, scene.document(TOKEN, identifiers=frozenset({"a", "b"})), "failed identifier_disagrees"),
    (CN.IDENTIFIER_AGREES, scene.document(TOKEN, misnamed=("type",)), "failed identifier_disagrees"),
    (CN.IDENTIFIER_AGREES, no_identifier(TOKEN), "indeterminate identifier_missing"),
    (CN.IDENTIFIER_AGREES, no_identifier(STATED), "not_applicable"),
    (CN.IDENTIFIER_AGREES, scene.document(no_identifier(TOKEN), misnamed=("type",)), "failed identifier_disagrees"),
    (CN.CONTENT_AGREES, FILE, "passed"),
    (CN.CONTENT_AGREES, TOKEN, "not_applicable"),
    (CN.CONTENT_AGREES, scene.document(FILE, disagreements=("x", "y")), "failed content_disagrees"),
    (CN.COPY_CURRENT, TOKEN, "not_applicable"),
    (CN.COPY_CURRENT, COPY, "passed"),
    (CN.COPY_CURRENT, scene.document(COPY, copy_until=NOW - SECOND), "failed copy_expired"),
    (CN.COPY_CURRENT, scene.document(COPY, copy_until=None), "indeterminate copy_expiry_missing"),
    (CN.COPY_CURRENT, replace(scene.document(COPY, copy_matter="a"), matter="a"), "passed"),
    (CN.COPY_CURRENT, replace(scene.document(COPY, copy_matter="a"), matter="b"), "failed copy_purpose_differs"),
    (CN.COPY_CURRENT, scene.document(COPY, copy_matter="a"), "passed"),
    (CN.COPY_CURRENT, replace(COPY, matter="b"), "passed"),
    (CN.PRESENTATION_CURRENT, TOKEN, "not_applicable"),
    (CN.PRESENTATION_CURRENT, scene.document(TOKEN, presentation_until=NOW + SECOND), "passed"),
    (CN.PRESENTATION_CURRENT, scene.document(TOKEN, presentation_until=NOW), "failed presentation_expired"),
    (CN.OWN_DATES, TOKEN, "not_applicable"),
    (CN.OWN_DATES, scene.document(TOKEN, valid_until=TODAY), "passed"),
    (CN.OWN_DATES, scene.document(TOKEN, valid_until=TODAY - DAY), "indeterminate past_own_date"),
    (CN.OWN_DATES, scene.document(TOKEN, valid_from=TODAY), "passed"),
    (CN.OWN_DATES, scene.document(TOKEN, valid_from=TODAY + DAY), "indeterminate before_own_date"),
    (CN.OWN_DATES, scene.document(TOKEN, valid_from=TODAY, valid_until=TODAY), "passed"),
    (CN.OWN_DATES, replace(scene.document(TOKEN, valid_until=TODAY - DAY), at=NOW - DAY), "passed"),
    (CN.FACTS_GIVEN, TOKEN, "not_applicable"),
    (CN.FACTS_GIVEN, STATED, "passed"),
    (CN.FACTS_GIVEN, stated(Fact.NUMBER, Fact.HOLDER), "passed"),
    (CN.FACTS_GIVEN, stated(Fact.HOLDER_CODE, Fact.DATES), "passed"),
    (CN.FACTS_GIVEN, stated(Fact.HOLDER), "indeterminate insufficient_facts"),
    (CN.FACTS_GIVEN, stated(Fact.NUMBER, Fact.DATES), "indeterminate insufficient_facts"),
    (CN.FACTS_GIVEN, stated(Fact.HOLDER, Fact.IDENTIFIER), "indeterminate insufficient_facts"),
    (CN.FACTS_GIVEN, stated(Fact.HOLDER, Fact.TYPE), "indeterminate insufficient_facts"),
    (CN.ISSUER_KNOWN, TOKEN, "passed"),
    (CN.ISSUER_KNOWN, scene.trust(TOKEN, issuer=None), "indeterminate issuer_unknown"),
    (CN.ISSUER_KNOWN, scene.trust(TOKEN, snapshot_good_until=NOW), "passed"),
    (CN.ISSUER_KNOWN, scene.trust(TOKEN, snapshot_good_until=NOW - SECOND), "indeterminate trust_source_stale"),
    (CN.ISSUER_ENTITLED, TOKEN, "passed"),
    (CN.ISSUER_ENTITLED, scene.trust(TOKEN, type=None, issuer=None), "indeterminate type_unknown"),
    (CN.ISSUER_ENTITLED, scene.trust(TOKEN, issuer=None), "indeterminate issuer_unknown"),
    (CN.ISSUER_ENTITLED, scene.trust(TOKEN, issuer=replace(scene.TRUST.issuer, types=frozenset())), "failed issuer_not_for_type"),  # type: ignore[type-var]
]  # fmt: skip


@pytest.mark.parametrize(("check", "facts", "expected"), ROWS, ids=range(len(ROWS)))
def test_row(check: CheckName, facts: Facts, expected: str) -> None:
    assert one(facts, check) == expected


def test_a_day_is_a_day_in_beijing() -> None:
    midnight = datetime(2026, 11, 2, tzinfo=BEIJING)
    until = scene.document(TOKEN, valid_until=date(2026, 11, 1))
    assert one(replace(until, at=midnight - SECOND), CN.OWN_DATES) == "passed"
    assert one(replace(until, at=midnight), CN.OWN_DATES) == "indeterminate past_own_date"


def test_details() -> None:
    def detail(check: CheckName, facts: Facts) -> str:
        return says(facts, check)[0].partition(": ")[2]

    assert (
        detail(CN.IDENTIFIER_FORM, scene.document(TOKEN, identifier=MISTYPED)) == "check character"
    )
    two = scene.document(TOKEN, identifiers=frozenset({"a", "b"}))
    assert detail(CN.IDENTIFIER_AGREES, two) == "2 identifiers"
    assert detail(CN.IDENTIFIER_AGREES, scene.document(TOKEN, misnamed=("a", "b"))) == "a, b"
    assert detail(CN.CONTENT_AGREES, scene.document(FILE, disagreements=("a", "b"))) == "a, b"


# ---- is the answer about this file?

COVERS = frozenset({Fact.NUMBER, Fact.HOLDER})
LOOSE = scene.signature(TOKEN, covers=COVERS)  # the identifier stands in uncovered content
PAIR = replace(IN_FORCE, facts=said(*COVERS))
BOUND: list[tuple[str, Facts, object, str]] = [
    ("covered", TOKEN, NotAsked(Unasked.OFFLINE), "passed"),
    ("facts", STATED, IN_FORCE, "not_applicable"),
    ("uncovered", LOOSE, IN_FORCE, "indeterminate identifier_unproven"),
    ("nobody asked", LOOSE, NotAsked(Unasked.OFFLINE), "indeterminate identifier_unproven"),
    ("digest", LOOSE, CONFIRMED, "passed"),
    ("digest, from a delegate", LOOSE, replace(CONFIRMED, speaker=Speaker.DELEGATE), "passed"),
    ("digest, unsigned", LOOSE, replace(CONFIRMED, signed=False), "indeterminate identifier_unproven"),
    ("digest, from upstream", LOOSE, replace(CONFIRMED, speaker=Speaker.UPSTREAM), "indeterminate identifier_unproven"),
    ("compared", LOOSE, PAIR, "passed"),
    ("compared with the holder's code", scene.signature(TOKEN, covers=frozenset({Fact.NUMBER, Fact.HOLDER_CODE})), replace(IN_FORCE, facts=said(Fact.NUMBER, Fact.HOLDER_CODE)), "passed"),
    ("compared, unsigned on a known line", LOOSE, replace(PAIR, signed=False), "passed"),
    ("compared, signed on any line", LOOSE, replace(PAIR, authenticated=False), "passed"),
    ("compared, neither", LOOSE, replace(PAIR, signed=False, authenticated=False), "indeterminate identifier_unproven"),
    ("compared upstream", LOOSE, replace(PAIR, speaker=Speaker.UPSTREAM), "indeterminate identifier_unproven"),
    ("number only", LOOSE, replace(IN_FORCE, facts=said(Fact.NUMBER)), "indeterminate identifier_unproven"),
    ("holder only", LOOSE, replace(IN_FORCE, facts=said(Fact.HOLDER)), "indeterminate identifier_unproven"),
    ("type for number", scene.signature(TOKEN, covers=frozenset({Fact.TYPE, Fact.HOLDER})), replace(IN_FORCE, facts=said(Fact.TYPE, Fact.HOLDER)), "indeterminate identifier_unproven"),
    ("holder not covered", scene.signature(TOKEN, covers=frozenset({Fact.NUMBER, Fact.DATES})), PAIR, "indeterminate identifier_unproven"),
    ("number not covered", scene.signature(TOKEN, covers=frozenset({Fact.HOLDER})), PAIR, "indeterminate identifier_unproven"),
    ("another fact differs", LOOSE, replace(PAIR, facts=said(*COVERS) | {Fact.DATES: Match.DIFFERS}), "indeterminate identifier_unproven"),
    ("the file differs", LOOSE, replace(PAIR, document=Match.DIFFERS), "indeterminate identifier_unproven"),
    ("a stranger's cover", scene.signature(TOKEN, key_id=KeyId("other")), PAIR, "indeterminate identifier_unproven"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "answer", "expected"), [r[1:] for r in BOUND], ids=[r[0] for r in BOUND]
)
def test_bound(facts: Facts, answer: object, expected: str) -> None:
    item = weigh(facts, answer)  # type: ignore[arg-type]
    assert item.check is CN.BOUND
    assert " ".join(filter(None, [str(item.outcome), item.reason and str(item.reason)])) == expected


# ---- is there something to ask, and somebody?

CLAIMS = Claims(identifier=IDENTIFIER)
NUMBERED = no_identifier(stated(Fact.NUMBER, Fact.TYPE, Fact.HOLDER))


def asked(facts: Facts, local: object = Sound()) -> Inquiry | NotAsked:
    return inquiry_for(facts, CLAIMS, {"sm3": b"x"}, local, "because")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "local", "why"),
    [
        (TOKEN, Broken(Reason.SIGNATURE_INVALID), Unasked.BROKEN),
        (no_identifier(scene.document(TOKEN, stated=frozenset())), Sound(), Unasked.NO_QUESTION),
        (no_identifier(scene.document(TOKEN, type=None)), Sound(), Unasked.NO_QUESTION),
        (no_identifier(scene.document(TOKEN, stated=frozenset({Fact.TYPE}))), Sound(), Unasked.NO_QUESTION),
        (scene.trust(TOKEN, issuer=None), Sound(), Unasked.NO_ENDPOINT),
        (scene.trust(TOKEN, endpoint=None), Sound(), Unasked.NO_ENDPOINT),
    ],
)  # fmt: skip
def test_unasked(facts: Facts, local: object, why: Unasked) -> None:
    assert isinstance(asked(TOKEN), Inquiry)
    assert asked(facts, local) == NotAsked(why)


def test_what_is_asked() -> None:
    at = NOW - DAY
    inquiry = asked(replace(LOOSE, at=at), Gap((Reason.KEY_UNKNOWN,)))
    assert inquiry == Inquiry(
        endpoint=ENDPOINT,
        identifier=IDENTIFIER,
        type=IDENTIFIER.type,
        claims=CLAIMS,
        compare=COVERS,
        digests={"sm3": b"x"},
        purpose="because",
        at=at,
    )
    numbered = asked(NUMBERED)
    assert isinstance(numbered, Inquiry)
    assert (numbered.identifier, numbered.compare) == (None, {Fact.NUMBER, Fact.TYPE, Fact.HOLDER})
    by_identifier = asked(scene.document(STATED, type=None))
    assert isinstance(by_identifier, Inquiry)
    assert by_identifier.compare == frozenset(Fact) - {Fact.IDENTIFIER}
    assert isinstance(asked(scene.document(TOKEN, stated=frozenset())), Inquiry)


def test_order_of_the_checks() -> None:
    """As a reader of the report should meet them; each once."""
    names = [check.name for check in CHECKS]
    assert names == [
        CN.ONE_DOCUMENT, CN.SIGNED, CN.CODES_CLEAR, CN.SIGNATURE_HOLDS, CN.DATA_HASH_HOLDS,
        CN.SCOPE_NAMED, CN.REFERENCES_HOLD, CN.CONTENT_COVERED, CN.NOTHING_HIDDEN, CN.SEAL_HOLDS, CN.SIGNER_IN_SEAL,
        CN.SEAL_FILE_SAME, CN.STAMP_PLAIN, CN.ALGORITHMS_AGREE, CN.TIMES_AGREE, CN.CERTIFICATE_FITS,
        CN.TIMESTAMP_HOLDS, CN.SIGNED_IN_WINDOW, CN.SEAL_IN_WINDOW, CN.SEAL_STATUS, CN.SEAL_MAKER_TRUSTED, CN.SIGNER_KNOWN, CN.KEY_LIVE,
        CN.SIGNER_EXPECTED, CN.ROLES_FILLED, CN.ISSUER_KNOWN, CN.ISSUER_ENTITLED, CN.KEY_FOR_TYPE, CN.IDENTIFIER_FORM,
        CN.IDENTIFIER_AGREES, CN.CONTENT_AGREES, CN.INVOICE_AGREES, CN.COPY_CURRENT, CN.PRESENTATION_CURRENT,
        CN.OWN_DATES, CN.FACTS_GIVEN,
    ]  # fmt: skip


@pytest.mark.parametrize("facts", [TOKEN, FILE, STATED])
def test_a_check_of_the_whole_speaks_exactly_once(facts: Facts) -> None:
    for check in CHECKS:
        expected = len(facts.document.signatures) if check.name.each else 1
        assert len(says(facts, check.name)) == expected
