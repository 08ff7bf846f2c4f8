"""What a sample of mutants showed to be untested, each put to the question by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.checks import inquiry_for, measure
from app.checks.arithmetic import arithmetic
from app.checks.measure import _value
from app.checks.measure_certificates import _responses
from app.checks.measure_entry import signature_facts, stamps
from app.checks.measure_package import _broken
from app.checks.measure_pdf import measure_pdf
from app.checks.seal import _trusted_at
from app.crypto.ocsp import read_ocsp
from app.crypto.ses.verify import VerifiedValue
from app.crypto.weak import WeakAlgorithm
from app.domain.errors import BeyondLimits, InvalidSignature, Malformed, UnknownAlgorithm
from app.domain.evidence import SIGNATURE_CHECKS, About, CheckName, Role
from app.domain.facts import Value
from app.domain.issuer import Inquiry
from app.domain.license import Claims, KeyId, PdfSealing
from app.domain.ofd import IntegrityList
from app.domain.policies import Level
from app.domain.scheme import Scheme
from app.domain.seal import SealLayout
from app.domain.sealed import Arithmetic, Sameness
from app.domain.verdict import Sound
from app.formats.jws import Jws
from app.formats.pdf.license import Pdf
from app.policy import SEALED
from sandbox.pdf_attacks import PDF_TOLERATED
from sandbox.world import World
from tests.checks import scene
from tests.checks.scene import FILE, NOW, STATED, TOKEN, one
from tests.checks.test_measure_seals import good
from tests.cms_maker import CmsMaker
from tests.crypto.test_ocsp import Response
from tests.pki import certificate, name, root, sm2_key
from tests.world import DAY, HOUR, TRUST, token

VERIFIED = VerifiedValue(Scheme.SM2_SM3, frozenset())
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def test_an_unknown_key_measures_nothing_and_a_known_one_holds() -> None:
    for owner, expected in (("issuer", Value.HOLDS), ("stranger", Value.UNMEASURED)):
        trust = (
            TRUST
            if owner == "issuer"
            else replace(TRUST, keys={KeyId("x"): TRUST.keys[KeyId("issuer")]})
        )
        facts = measure(Jws().parse(token(owner)), trust, now=NOW)
        assert [s.value for s in facts.document.signatures] == [expected]


def test_without_a_key_and_of_no_scheme_it_is_of_a_kind_not_judged_here() -> None:
    (signature,) = Jws().parse(token()).signatures
    assert _value(signature, None) == (Value.UNMEASURED, "")
    assert _value(replace(signature, scheme=None), None)[0] is Value.UNSUPPORTED


def test_a_maker_whose_trust_never_ended_is_trusted_whenever_the_seal_existed() -> None:
    for until, trusted in ((None, True), (NOW + DAY, True), (NOW, False), (NOW - DAY, False)):
        assert _trusted_at(NOW, scene.path(anchored_until=until)) is trusted
        assert _trusted_at(None, scene.path(anchored_until=until)) is False


def test_nothing_is_misnamed_where_there_is_no_identifier() -> None:
    license = Jws().parse(token())
    bare = replace(license, claims=replace(license.claims, identifier=None))
    assert measure(bare, TRUST, now=NOW).document.misnamed == ()
    other = replace(license, claims=replace(license.claims, type="x", issuer="y"))  # type: ignore[arg-type]
    assert measure(other, TRUST, now=NOW).document.misnamed == ("type", "issuer")


@pytest.mark.parametrize("scheme", [Scheme.SM2_SM3, Scheme.RSA_PKCS1_SHA256])
def test_a_value_that_held_tells_its_scheme(scheme: Scheme) -> None:
    found = (Arithmetic.HOLDS, "", VerifiedValue(scheme, frozenset()))
    assert signature_facts(good(), scene.SEALED, found, NOW).scheme is scheme


def test_a_v5_seal_is_made_before_now_and_before_its_own_end() -> None:
    def made(created: timedelta, until: timedelta = DAY) -> str:
        seal = scene.seal(
            layout=SealLayout.V5,
            created=NOW + created,
            valid_from=NOW - DAY,
            valid_until=NOW + until,
        )
        return one(scene.signature(seal, signed_at=NOW + MINUTE), CheckName.SEAL_IN_WINDOW)

    assert made(timedelta(0)) == "passed"
    assert made(MINUTE) == "passed"
    assert made(MINUTE + SECOND) == "failed seal_not_valid_at_time"
    assert made(MINUTE, until=MINUTE) == "passed"
    assert made(MINUTE, until=MINUTE - SECOND) == "failed seal_not_valid_at_time"


def test_what_only_informs_is_not_raised_where_there_is_no_seal() -> None:
    sealless = About("x", Role.ISSUER, sealless=True)
    for check in SEALED.of_seals & SIGNATURE_CHECKS:
        assert SEALED.level_of(check, sealless) is Level.GUARD
        told = replace(SEALED, levels={**SEALED.levels, check: Level.INFORM})
        assert told.level_of(check, sealless) is Level.INFORM


def test_a_policy_that_only_guards_requires_nothing() -> None:
    with pytest.raises(ValueError, match="requires nothing"):
        replace(SEALED, levels=dict.fromkeys(CheckName, Level.GUARD))


def test_a_seal_is_asked_about_only_where_nothing_else_names_the_license() -> None:
    def asked(**changes: object) -> Inquiry:
        facts = scene.document(FILE, **changes)
        inquiry = inquiry_for(facts, Claims(identifier=None), {}, Sound(), "because")
        assert isinstance(inquiry, Inquiry)
        return inquiry

    assert asked().seal is None
    numbered = asked(identifier=None)
    assert (numbered.seal, numbered.certificate) == (None, None)
    nameless = asked(identifier=None, stated=frozenset())
    assert (nameless.seal, nameless.certificate) == (scene.SEAL.id, scene.CERTIFICATE.serial)


@pytest.mark.parametrize(("age", "expected"), [(None, HOUR), (MINUTE, MINUTE), (DAY, HOUR)])
def test_a_question_carries_the_strictest_age(age: timedelta | None, expected: timedelta) -> None:
    def asked(facts: object, policy_age: timedelta) -> timedelta:
        inquiry = inquiry_for(
            facts,
            Claims(identifier=None),
            {},
            Sound(),
            "p",
            policy_age=policy_age,  # type: ignore[arg-type]
        )
        assert isinstance(inquiry, Inquiry)
        return inquiry.max_age

    assert asked(replace(TOKEN, max_status_age=age), DAY) == expected
    assert asked(replace(TOKEN, max_status_age=age), SECOND) == SECOND
    assert asked(scene.type_of(STATED, max_status_age=SECOND), DAY) == SECOND
    assert asked(scene.trust(TOKEN, type=None), DAY) == timedelta(0)


def test_each_way_a_verification_can_fail_is_told_apart() -> None:
    def found(error: Exception | None) -> tuple[Arithmetic, str, object]:
        def verify() -> VerifiedValue:
            if error is not None:
                raise error
            return VERIFIED

        return arithmetic(verify)

    assert found(None) == (Arithmetic.HOLDS, "", VERIFIED)
    for error, said in (
        (WeakAlgorithm("a"), Arithmetic.WEAK),
        (UnknownAlgorithm("b"), Arithmetic.UNSUPPORTED),
        (InvalidSignature("c"), Arithmetic.FAILS),
        (BeyondLimits("d"), Arithmetic.UNSUPPORTED),
        (Malformed("e"), Arithmetic.UNREADABLE),
    ):
        assert found(error) == (said, str(error), None)


def test_of_an_encrypted_file_it_is_not_said_that_it_lacks_signatures() -> None:
    package = FILE.document.package
    assert package is not None
    bare = scene.document(FILE, signatures=())
    assert one(bare, CheckName.SIGNED) == "failed signature_missing"
    sealed_up = scene.document(bare, package=replace(package, encrypted=True))
    assert one(sealed_up, CheckName.SIGNED) == "not_applicable"


@pytest.mark.parametrize(("shift", "unseen"), [(-39.5, 0), (-40.0, 1), (-40.5, 1), (0.0, 0)])
def test_a_stamp_is_in_sight_as_long_as_a_part_of_it_is(shift: float, unseen: int) -> None:
    for axis in ("x", "y"):
        sealing = good()
        stamp = sealing.entry.stamps[0]
        moved = replace(stamp.boundary, **{"width": 40.0, "height": 40.0, axis: shift})
        drawn = replace(sealing.entry, stamps=(replace(stamp, boundary=moved),))
        found = stamps(replace(sealing, entry=drawn))
        assert found is not None
        assert (found.count, found.unseen) == (1, unseen)


def test_of_a_pdf_our_limits_are_told_as_ours_and_there_is_no_file_of_the_seal() -> None:
    content = PDF_TOLERATED["tolerated_sealed_long_term"].make(World(1))
    (sealing,) = Pdf().parse(content).sealings
    assert isinstance(sealing, PdfSealing)
    whole = measure_pdf(sealing, TRUST, NOW)
    assert whole.sealed is not None
    assert whole.sealed.seal_file is Sameness.ABSENT
    unread = replace(sealing, signature=None, cms=None, problem="too many")
    for beyond, said in ((True, Value.BEYOND_LIMITS), (False, Value.UNREADABLE)):
        assert measure_pdf(replace(unread, beyond=beyond), TRUST, NOW).value is said


def test_a_list_of_files_signed_without_a_certificate_says_nothing_against_the_file() -> None:
    key, content = sm2_key(71), b"<DocEntries/>"
    signer = certificate(name("清单"), key, root("清单根", sm2_key(72)))
    files = IntegrityList("OFDEntries.xml", content, (), 0, None, None)
    own = CmsMaker(key, signer, outside=content)
    for maker, broken in (
        (own, False),
        (replace(own, outside=b"other"), True),
        (replace(own, outside=b"other", certificates=[]), False),
    ):
        assert _broken(replace(files, signed_value=maker.make())) is broken
    assert _broken(replace(files, signed_value=b"no CMS")) is False


def test_of_ocsp_responses_those_that_can_be_read_are_kept() -> None:
    good_one = Response().make()
    assert _responses((b"junk", good_one)) == (read_ocsp(good_one),)
