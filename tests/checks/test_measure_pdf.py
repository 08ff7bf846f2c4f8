"""What is measured of a PDF, field by field: each told apart from what a slip would put there."""

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from app.checks import measure
from app.checks.measure_certificates import Judge
from app.checks.measure_pdf import _coverage, _stamp, measure_pdf, pdf_facts
from app.checks.photo import CODES_CLEAR
from app.domain.certificate import Purpose
from app.domain.evidence import CheckName, Outcome
from app.domain.facts import SignatureFacts, Value
from app.domain.license import Fact, ParsedLicense, PdfSealing
from app.domain.ofd import PartKind
from app.domain.pdf import Change, DocumentTimestamp, Later, Scope
from app.domain.photo import CodeFacts, Held, PhotoFacts
from app.domain.proven import fault_of
from app.domain.scheme import Digest
from app.domain.sealed import PackageFacts, Sameness, SealedFacts
from app.formats.pdf.license import Pdf
from sandbox.pdf_attacks import PDF_TOLERATED
from sandbox.world import World
from tests.checks import scene
from tests.checks.scene import FILE, NOW
from tests.checks.test_pdf import found
from tests.world import TRUST


@cache
def stamped() -> ParsedLicense:
    """Signed by certificate (签名), and under a document timestamp (文档时间戳)."""
    return Pdf().parse(PDF_TOLERATED["tolerated_document_timestamp"].make(World(1)))


def signing() -> PdfSealing:
    (sealing,) = stamped().sealings
    assert isinstance(sealing, PdfSealing)
    return sealing


def measured(**changes: object) -> SignatureFacts:
    return measure_pdf(replace(signing(), **changes), TRUST, NOW)  # type: ignore[arg-type]


def sealed(**changes: object) -> SealedFacts:
    facts = measured(**changes).sealed
    assert facts is not None
    return facts


def test_the_file_is_one_open_document_with_what_was_odd_in_it() -> None:
    document = stamped().pdf
    assert document is not None
    assert pdf_facts(document) == PackageFacts(
        encrypted=False,
        bodies=1,
        ambiguous=False,
        hidden=(),
        deviations=document.deviations,
        active=document.active,
    )
    assert measure(stamped(), TRUST, now=NOW).document.package == pdf_facts(document)


def test_a_signature_by_certificate_has_no_file_of_a_seal() -> None:
    facts = sealed()
    assert (facts.seal, facts.listed) == (None, False)
    assert facts.seal_file is Sameness.ABSENT


def test_the_signed_time_counts_before_the_one_beside_it() -> None:
    """`signing-time` is signed as such (RFC 5652 §11.3); /M stands in its place where it is not."""
    cms, beside = signing().cms, signing().entry.signed_at
    assert cms is not None
    assert cms.time is not None
    assert beside is not None
    other = replace(signing().entry, signed_at=beside - timedelta(days=3))
    assert measured(entry=other).signed_at == cms.time
    assert cms.attributes is not None
    alone = replace(cms, attributes=replace(cms.attributes, time=None))
    assert measured(cms=alone, entry=other).signed_at == other.signed_at


def test_a_document_timestamp_without_a_fault_is_the_one_that_counts() -> None:
    (good,) = signing().stamps
    own = sealed().timestamp
    assert own is not None
    assert sealed(stamps=()).timestamp is None
    spoilt = DocumentTimestamp(good.token, b"other", exact=True)
    worse = sealed(stamps=(spoilt,)).timestamp
    assert worse is not None
    assert worse != own
    for stamps in ((good, spoilt), (spoilt, good)):
        assert sealed(stamps=stamps).timestamp == worse, "one with a fault before all"


def test_a_document_timestamp_over_other_octets_than_all_before_it_is_over_none() -> None:
    """Its own range leaves something out: then nobody knows what it is about."""
    (good,) = signing().stamps
    assert good.exact
    whole = sealed().timestamp
    inexact = sealed(stamps=(replace(good, exact=False),)).timestamp
    assert whole is not None
    assert inexact is not None
    now = NOW
    claimed = measured().signed_at
    assert fault_of(whole, claimed, now) is None
    assert fault_of(inexact, claimed, now) is not None
    assert inexact == sealed(stamps=(replace(good, content=b""),)).timestamp


def test_of_two_good_timestamps_the_signatures_own_counts() -> None:
    document = sealed().timestamp
    assert document is not None
    assert document.at is not None
    own = replace(document, at=document.at - timedelta(minutes=1))
    judge = Judge(TRUST.authorities, NOW, TRUST.first_seen, Purpose.LICENSE_SEAL)
    claimed = measured().signed_at
    assert fault_of(own, claimed, NOW) is None
    assert _stamp(own, signing(), claimed, judge) == own
    assert _stamp(None, signing(), claimed, judge) == document


@pytest.mark.parametrize(
    ("filter", "told"),
    [
        ("adbe.pkcs7.detached", "adbe.pkcs7.detached"),
        ("ETSI.CAdES.detached", "ETSI.CAdES.detached"),
        ("GM.sm2seal", "GM.sm2seal"),
        ("张三", ""),
        ("gm.SM2SEAL", ""),
        ("", ""),
    ],
)
def test_a_known_name_is_told_and_any_other_could_be_anybodys_words(filter: str, told: str) -> None:
    found = sealed(entry=replace(signing().entry, sub_filter=filter)).range
    assert found is not None
    assert found.sub_filter == told


@pytest.mark.parametrize("scope", Scope)
def test_the_octets_signed_are_the_whole_revision_or_they_are_not(scope: Scope) -> None:
    facts = sealed(entry=replace(signing().entry, scope=scope))
    assert facts.scope is (Sameness.SAME if scope is Scope.EXACT else Sameness.DIFFERS)
    assert facts.range is not None
    assert facts.range.scope is scope


def test_revisions_after_the_signed_one_are_uncovered_but_for_those_that_were_judged() -> None:
    entry = replace(signing().entry, revision=2, changes=(Change(4, 7, Later.ANNOTATION),))
    told = sealed(entry=entry, revisions=5).coverage
    assert told.covered == 2
    assert told.changed == ("revision-4",)
    assert told.uncovered == {PartKind.VERSION: ("revision-3", "revision-5")}
    nowhere = sealed(entry=replace(entry, revision=None, changes=()), revisions=1).coverage
    assert nowhere.covered == 0
    assert nowhere.uncovered == {PartKind.VERSION: ("revision-1",)}
    last = sealed(entry=replace(entry, changes=()), revisions=2).coverage
    assert (last.changed, last.uncovered) == ((), {})


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"beyond": True}, Value.BEYOND_LIMITS),
        ({"unsupported": True}, Value.UNSUPPORTED),
        ({"weak": True}, Value.WEAK),
        ({"unsupported": True, "weak": True}, Value.WEAK),
        ({}, Value.UNREADABLE),
    ],
)
def test_a_value_that_was_not_read_is_told_by_why(how: dict[str, bool], said: Value) -> None:
    assert measured().value is Value.HOLDS
    assert measured(cms=None, problem="so", **how).value is said


def test_without_a_certificate_it_is_of_a_kind_not_judged_here() -> None:
    cms = signing().cms
    assert cms is not None
    assert measured(cms=replace(cms, certificate=None)).value is Value.UNSUPPORTED


@pytest.mark.parametrize("digest", Digest)
def test_a_digest_that_is_weak_is_told_as_such(digest: Digest) -> None:
    found = _coverage(signing(), digest)
    assert (found.digest, found.weak) == (digest, digest in {Digest.SHA1, Digest.MD5})
    assert _coverage(signing(), None).weak is False


def doubts(*held: Held, typed: bool = False, stated: bool = False) -> list[str]:
    """What stands against the codes of a picture."""
    codes = tuple(CodeFacts(f"code {at}", "QRCode", one) for at, one in enumerate(held, 1))
    photo = PhotoFacts(codes, typed=typed)
    named = frozenset({Fact.NUMBER} if stated else ())
    pictured = replace(FILE, document=replace(FILE.document, photo=photo, stated=named))
    every = CODES_CLEAR.examine(pictured)
    return [each.reason.value for each in every if each.reason is not None]


def test_what_the_codes_of_a_picture_leave_open() -> None:
    """One word for each of what is wrong, and none of what is not."""
    strange = "unofficial_url"
    assert doubts(Held.UNOFFICIAL_URL) == [strange], "nothing is said of a license it never named"
    assert doubts(Held.UNOFFICIAL_URL, Held.OTHER) == [strange]
    assert doubts(Held.OTHER) == ["code_names_nothing"]
    assert doubts() == ["code_missing"]
    # Whoever types what stands there has named it, whatever else is in a code.
    assert doubts(Held.OTHER, typed=True, stated=True) == []
    assert doubts(typed=True, stated=True) == []
    assert doubts(Held.UNOFFICIAL_URL, typed=True, stated=True) == [strange]
    assert doubts(Held.OTHER, typed=True) == ["code_names_nothing"], "typed, and no license named"
    assert doubts(Held.IDENTIFIER, stated=True) == []
    assert doubts(Held.IDENTIFIER) == ["code_names_nothing"]


def test_the_codes_of_a_picture_are_counted_by_what_they_hold() -> None:
    codes = tuple(
        CodeFacts(f"code {at}", "QRCode", held)
        for at, held in enumerate((Held.LICENSE_TOKEN, Held.OTHER, Held.OTHER), 1)
    )
    pictured = replace(FILE, document=replace(FILE.document, photo=PhotoFacts(codes)))
    outcome, _, detail = found(pictured, CheckName.CODES_CLEAR)
    assert (outcome, detail) == (Outcome.PASSED, "license_token 1, other 2")
    assert found(scene.document(FILE), CheckName.CODES_CLEAR)[0] is Outcome.NOT_APPLICABLE
