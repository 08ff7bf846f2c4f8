"""Whose signature it is: what a subject chose to write of itself makes it nobody (CRT-11).

One good file, signed under a registered authority by a certificate that bears the issuer's code in
an extension; every attack signs the same file under the same authority and names itself otherwise.
"""

from dataclasses import replace

import pytest

from app.checks.measure import measure
from app.domain.certificate import Anchor
from app.domain.facts import Facts
from app.domain.license import ParsedLicense
from app.domain.reasons import Reason
from app.domain.trust import Trust
from app.domain.verdict import Conclusion, Verdict
from app.services.judgement import conclude, look
from tests.checks.test_measure_seals import NOW
from tests.checks.test_signed_data import (
    KEY,
    ROOT,
    SERIAL,
    YEAR,
    maker,
    organisation,
    signed,
    trusted,
)
from tests.pki import certificate, extension, name, utf8
from tests.world import IN_FORCE

ORGANISATION, UNIT, ORGANISATION_IDENTIFIER = "2.5.4.10", "2.5.4.11", "2.5.4.97"
CODE, CODE_2023 = "1.2.156.10260.4.1.4", "1.2.156.10260.4.4"
STRANGER = "91310000MA1FL0000X"


def bearing(*subject: tuple[str, str], **extensions: str) -> ParsedLicense:
    """The good file, signed by a certificate with this subject and these extensions."""
    oids = {"code": CODE, "code_2023": CODE_2023}
    der = certificate(
        name("签名者", *((kind, utf8(text)) for kind, text in subject)),
        KEY,
        ROOT,
        serial=SERIAL,
        since=NOW - 2 * YEAR,
        until=NOW + 2 * YEAR,
        more=[extension(oids[which], utf8(text)) for which, text in extensions.items()],
    )
    return signed(maker(certificate=der).make())


def under(**changes: object) -> Trust:
    """The authority, registered with these attributes."""
    have = trusted()
    (anchor,) = have.authorities.anchors
    changed: Anchor = replace(anchor, **changes)  # type: ignore[arg-type]
    return replace(have, authorities=replace(have.authorities, anchors=(changed,)))


def verdict(license: ParsedLicense, trust: Trust | None = None) -> Verdict:
    facts: Facts = measure(license, trust or trusted(), now=NOW)
    return conclude(facts, look(facts), replace(IN_FORCE, as_of=NOW))[1]


def is_valid(license: ParsedLicense, trust: Trust | None = None) -> bool:
    return verdict(license, trust).conclusion is Conclusion.VALID


def is_nobody(license: ParsedLicense, trust: Trust | None = None) -> bool:
    found = verdict(license, trust)
    return (found.conclusion, found.reason) == (
        Conclusion.INDETERMINATE,
        Reason.SIGNER_UNIDENTIFIED,
    )


@pytest.mark.parametrize("which", ["code", "code_2023"])
def test_twin_a_code_in_an_extension_names_the_issuer(which: str) -> None:
    assert is_valid(bearing(**{which: organisation()}))


def test_attack_the_issuers_code_in_the_organisational_unit() -> None:
    subject = (ORGANISATION, "某某商贸有限公司"), (UNIT, "部门 " + organisation())
    assert is_nobody(bearing(*subject))
    assert is_nobody(bearing(*subject), under(organisation_verified=True))
    assert is_valid(bearing(*subject, code=organisation()))


@pytest.mark.parametrize("kind", [ORGANISATION, ORGANISATION_IDENTIFIER])
def test_attack_the_issuers_code_as_organisation_where_subjects_choose_theirs(kind: str) -> None:
    license = bearing((kind, organisation()))
    assert is_nobody(license)
    assert is_valid(license, under(organisation_verified=True))


def test_attack_the_common_name_is_the_issuers_code() -> None:
    license = bearing(("2.5.4.3", organisation()))
    assert is_nobody(license)
    assert is_nobody(license, under(organisation_verified=True))


def test_attack_two_codes_where_one_should_be() -> None:
    both = {"code": organisation(), "code_2023": STRANGER}
    assert is_nobody(bearing(**both))
    twice = bearing((ORGANISATION, STRANGER), (ORGANISATION, organisation()))
    assert is_nobody(twice, under(organisation_verified=True))
    assert is_valid(bearing(code=organisation(), code_2023=organisation()))


def test_attack_an_extension_of_ones_own_and_the_issuer_in_the_subject() -> None:
    license = bearing((ORGANISATION, organisation()), code=STRANGER)
    found = verdict(license, under(organisation_verified=True))
    assert (found.conclusion, found.reason) == (Conclusion.INVALID, Reason.SIGNER_NOT_ISSUER)


def test_attack_a_citys_authority_vouches_for_another_province() -> None:
    license = bearing(code=organisation())
    region = organisation()[2:8]
    assert is_nobody(license, under(region="510000"))
    assert is_nobody(license, under(region=f"{region[:2]}0100"))
    assert is_nobody(license, under(region="100000"))
    for own in (region, f"{region[:2]}0000"):
        assert is_valid(license, under(region=own))


def test_attack_an_authority_that_is_none_for_e_government() -> None:
    license = bearing(code=organisation())
    found = verdict(license, under(egov_ca=False))
    assert (found.conclusion, found.reason) == (Conclusion.INDETERMINATE, Reason.NO_ANCHOR)
    for known in (True, None):
        assert is_valid(license, under(egov_ca=known))


def test_attack_a_certificate_registered_for_another_type() -> None:
    """The issuer seals this type under another organisation code than that type's."""
    license = bearing(code=organisation())
    have = trusted()
    assert is_valid(license, have)
    elsewhere = replace(have, owners={}, owners_otherwise=have.owners)
    found = verdict(license, elsewhere)
    assert (found.conclusion, found.reason) == (Conclusion.INVALID, Reason.KEY_NOT_FOR_TYPE)
