"""What a sample of mutants showed to be untested, each put to the question by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.checks import inquiry_for, measure
from app.checks.measure_entry import signature_facts
from app.crypto.ses.verify import VerifiedValue
from app.domain.evidence import SIGNATURE_CHECKS, About, CheckName, Role
from app.domain.facts import Value
from app.domain.issuer import Inquiry
from app.domain.license import Claims, KeyId
from app.domain.policies import Level
from app.domain.scheme import Scheme
from app.domain.seal import SealLayout
from app.domain.sealed import Arithmetic
from app.domain.verdict import Sound
from app.formats.jws import Jws
from app.policy import SEALED
from tests.checks import scene
from tests.checks.scene import FILE, NOW, STATED, TOKEN, one
from tests.checks.test_measure_seals import good
from tests.world import DAY, HOUR, TRUST, token

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def test_an_unknown_key_measures_nothing_and_a_known_one_holds() -> None:
    for name, expected in (("issuer", Value.HOLDS), ("stranger", Value.UNMEASURED)):
        trust = (
            TRUST
            if name == "issuer"
            else replace(TRUST, keys={KeyId("x"): TRUST.keys[KeyId("issuer")]})
        )
        facts = measure(Jws().parse(token(name)), trust, now=NOW)
        assert [s.value for s in facts.document.signatures] == [expected]


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
