"""夹带 under a stranger's signature: what no needed signer signed stays smuggled in."""

from dataclasses import replace

import pytest

from app.checks.measure_package import coverage_facts, package_facts
from app.checks.roles import role_of
from app.domain.certificate import Chain
from app.domain.evidence import CheckName, Role
from app.domain.facts import Facts, SignatureFacts
from app.domain.trust import Kind
from app.formats.ofd.coverage import coverages
from tests.checks import scene
from tests.checks.scene import BY_SEAL, COVERAGE, FILE, one, path
from tests.formats.ofd import maker

HIDDEN = CheckName.NOTHING_HIDDEN
PART = "Doc_0/x.xml"
SEES_IT = replace(COVERAGE, unreferenced=(PART,))
SIGNS_IT = replace(COVERAGE, covered=8, unreferenced=())


def smuggled(first: SignatureFacts, *more: SignatureFacts) -> Facts:
    return scene.document(
        FILE,
        package=replace(scene.PACKAGE, hidden=(PART,)),
        signatures=(first, *more),
    )


def issuer(coverage: object = SEES_IT) -> SignatureFacts:
    assert BY_SEAL.sealed is not None
    return replace(BY_SEAL, sealed=replace(BY_SEAL.sealed, coverage=coverage))


def unknown(coverage: object, label: str = "0:9") -> SignatureFacts:
    """A signer under an authority nobody registered."""
    (found,) = scene.signer(
        scene.document(FILE, signatures=(scene.others_seal(label, coverage=coverage),)),
        then=path(chain=Chain.NO_ANCHOR),
    ).document.signatures
    return found


def test_the_issuer_may_sign_more_than_is_shown() -> None:
    assert one(smuggled(issuer(SIGNS_IT)), HIDDEN) == "passed"
    assert one(smuggled(issuer()), HIDDEN) == "failed hidden_content"


@pytest.mark.parametrize(
    "coverage",
    [
        SIGNS_IT,
        replace(COVERAGE, unreferenced=(), changed=(PART,)),
        replace(COVERAGE, unreferenced=(), unchecked=(PART,)),
    ],
    ids=["signed", "digest differs", "digest unknown"],
)
def test_a_strangers_reference_excuses_nothing(coverage: object) -> None:
    assert one(smuggled(issuer(), unknown(coverage)), HIDDEN) == "failed hidden_content"
    known = scene.others_seal("0:9", coverage=coverage)
    assert one(smuggled(issuer(), known), HIDDEN) == "failed hidden_content"


@pytest.mark.parametrize("kind", ["changed", "unchecked"])
def test_a_reference_that_is_not_met_is_no_signature_of_the_part(kind: str) -> None:
    coverage = replace(COVERAGE, unreferenced=(), **{kind: (PART,)})
    assert one(smuggled(issuer(coverage)), HIDDEN) == "failed hidden_content"


def test_whoever_has_to_sign_may_have_signed_it() -> None:
    joint = scene.type_of(
        smuggled(issuer(), scene.others_seal("0:2", coverage=SIGNS_IT)),
        roles=frozenset({Role.ISSUER, Role.COUNTERSIGNER}),
    )
    assert one(joint, HIDDEN) == "failed hidden_content"
    assert one(scene.mandates(joint, scene.mandate(Kind.COUNTERSIGN)), HIDDEN) == "passed"


def test_where_the_signer_is_unknown_its_own_signature_counts() -> None:
    """It may be the one that is missing: nothing is proven against it, and nothing for it."""
    assert one(smuggled(unknown(SIGNS_IT)), HIDDEN) == "passed"
    assert one(smuggled(unknown(SEES_IT)), HIDDEN) == "failed hidden_content"


def test_where_the_signer_is_unknown_a_known_stranger_excuses_nothing() -> None:
    """Known, and needed for nothing here: it is not the one that is missing."""
    known = scene.others_seal("0:3", coverage=SIGNS_IT)
    facts = smuggled(unknown(SEES_IT), known)
    assert [role_of(s, facts) for s in facts.document.signatures] == [Role.CANDIDATE, Role.EXTRA]
    assert one(facts, HIDDEN) == "failed hidden_content"
    assert one(smuggled(known), HIDDEN) == "failed hidden_content", "alone it excuses as little"
    assert one(smuggled(unknown(SIGNS_IT), known), HIDDEN) == "passed"


def test_parts_that_may_not_be_named_are_told_apart_all_the_same() -> None:
    """Each by its place among all parts, which is the same for every signature."""
    files = maker.sealed(**{"附件 甲.xml": b"<a/>", "附件 乙.xml": b"<b/>"})
    entry = '<ofd:Signature ID="{0}" Type="Seal" BaseLoc="Sign_{0}/Signature.xml"/>'
    files[maker.SIGNATURES] = maker.signature_list(entry.format(0) + entry.format(1))
    for at, signed in enumerate(("附件 甲.xml", "附件 乙.xml")):
        listed = maker.references(files, [maker.PAGE, signed])
        files[f"Doc_0/Signs/Sign_{at}/Signature.xml"] = maker.signature_xml(listed)
    package = maker.read(files)
    one_, other = (coverage_facts(found) for found in coverages(package))
    hidden = package_facts(package).hidden
    assert len(set(hidden)) == 2
    assert not any("附件" in name for name in hidden)
    assert {*one_.unreferenced, *other.unreferenced} == {*hidden}
    assert not {*one_.unreferenced} & {*other.unreferenced}
