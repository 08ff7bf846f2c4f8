"""A plain signature (签名) where the type asks for a seal (签章): it fills no role of that type."""

from dataclasses import replace

import pytest

from app.checks import covered_facts
from app.domain.certificate import Chain
from app.domain.cms import CmsFamily
from app.domain.evidence import CheckName, Role
from app.domain.facts import Facts, SignatureFacts
from app.domain.reasons import Reason
from app.domain.sealed import Sameness
from app.domain.trust import Kind
from app.domain.verdict import Broken, Gap, Sound
from app.policy import judge
from app.services.judgement import conclude, look
from tests.checks import scene
from tests.checks import test_signed_data as signed_data
from tests.checks.scene import BY_SEAL, FILE, TOKEN, one, path, says
from tests.world import IN_FORCE

FILLED = CheckName.ROLES_FILLED
OPTIONAL = scene.type_of(FILE, must_be_sealed=False)


def unsealed(signature: SignatureFacts, label: str = "0:1") -> SignatureFacts:
    """The same signer, by SignedData of GB/T 35275."""
    assert signature.sealed is not None
    bare = replace(
        signature.sealed,
        layout=CmsFamily.GM,
        seal=None,
        listed=False,
        scope=Sameness.ABSENT,
        seal_file=Sameness.ABSENT,
    )
    return replace(signature, label=label, sealed=bare)


def signed(facts: Facts, *signatures: SignatureFacts) -> Facts:
    return scene.document(facts, signatures=signatures)


def state(facts: Facts) -> object:
    local = look(facts)
    answer = replace(IN_FORCE, as_of=facts.now)
    return judge(conclude(facts, local, answer)[0], local.policy)


def roles(facts: Facts) -> list[str]:
    return [s.partition("/")[2].partition(":")[0] for s in says(facts, CheckName.SIGNATURE_HOLDS)]


def test_the_issuers_plain_signature_is_no_seal() -> None:
    mine = unsealed(BY_SEAL)
    assert (state(signed(OPTIONAL, mine)), one(signed(OPTIONAL, mine), FILLED)) == (
        Sound(),
        "passed",
    )
    forged = signed(FILE, mine)
    assert roles(forged) == ["extra"]
    assert one(forged, CheckName.SIGNED) == "failed signature_missing"
    assert one(forged, FILLED) == "not_applicable"
    assert covered_facts(forged) == frozenset()
    assert state(forged) == Broken(Reason.SIGNATURE_MISSING)


def test_the_whole_way_from_a_file() -> None:
    """The issuer's certificate is often in other hands than its seal: a server's, a clerk's."""
    have = signed_data.trusted()
    assert have.type is not None
    must = replace(have, type=replace(have.type, must_be_sealed=True))
    may = replace(have, type=replace(have.type, must_be_sealed=False))
    assert signed_data.verdict_of(signed_data.GOOD, may).conclusion == "valid"
    told = signed_data.verdict_of(signed_data.GOOD, must)
    assert (told.conclusion, told.reason) == ("invalid", "signature_missing")


def test_a_plain_signature_beside_the_seal_spoils_nothing() -> None:
    both = signed(FILE, BY_SEAL, unsealed(BY_SEAL, "0:2"))
    assert roles(both) == ["issuer", "extra"]
    assert state(both) == Sound()


@pytest.mark.parametrize("kind", [Kind.ORIGINAL, Kind.COPY])
def test_a_delegates_plain_signature_is_no_seal(kind: Kind) -> None:
    mandated = scene.mandates(OPTIONAL, scene.mandate(kind))
    theirs = unsealed(scene.others_seal())
    assert one(signed(mandated, theirs), FILLED) == "passed"
    forged = signed(scene.mandates(FILE, scene.mandate(kind)), theirs)
    assert one(forged, CheckName.SIGNED) == "failed signature_missing"
    assert state(forged) == Broken(Reason.SIGNATURE_MISSING)


def test_a_joint_license_needs_every_seal() -> None:
    """联合签章: a plain signature of the second body is not its seal."""
    roles_ = frozenset({Role.ISSUER, Role.COUNTERSIGNER})
    joint = scene.mandates(scene.type_of(FILE, roles=roles_), scene.mandate(Kind.COUNTERSIGN))
    assert one(scene.also(joint, scene.others_seal()), FILLED) == "passed"
    forged = scene.also(joint, unsealed(scene.others_seal(), "0:2"))
    assert one(forged, FILLED) == "failed role_missing"


def test_a_stranger_may_yet_be_the_seal_that_is_missing() -> None:
    """What is not known to be wrong stays doubt: the seal of an authority nobody registered."""
    known = signed(FILE, unsealed(BY_SEAL), scene.others_seal())
    assert one(known, CheckName.SIGNED) == "passed"
    assert one(known, FILLED) == "failed signer_not_issuer"
    (stranger,) = scene.signer(
        signed(FILE, scene.others_seal()), then=path(chain=Chain.NO_ANCHOR)
    ).document.signatures
    unknown = signed(FILE, unsealed(BY_SEAL), stranger)
    assert one(unknown, FILLED) == "indeterminate no_anchor"


def test_a_token_can_bear_no_seal_and_stands_by_the_key_registered_for_it() -> None:
    """Of a type that must be sealed: the rule is about files. Another use of the key is no such key."""
    facts = scene.type_of(TOKEN, must_be_sealed=True)
    assert state(facts) == Sound()
    assert one(facts, CheckName.SIGNED) == "passed"
    keyless = scene.trust(facts, keys={})
    assert isinstance(state(keyless), Gap)
