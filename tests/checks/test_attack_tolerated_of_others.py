"""签章范围: what an issuer registered of its own seals excuses nobody who seals in its place."""

from dataclasses import replace

from app.domain.evidence import CheckName
from app.domain.ofd import PartKind
from app.domain.trust import Kind
from tests.checks import scene
from tests.checks.scene import FILE, one
from tests.checks.test_sealing import tolerating


def test_a_delegates_seal_is_not_excused_by_the_issuers_profile() -> None:
    """The delegate seals with a system of its own, which nobody said leaves attachments open."""
    open_one = replace(scene.COVERAGE, uncovered={PartKind.ATTACHMENT: ("a",)})
    delegated = scene.mandates(FILE, scene.mandate(Kind.ORIGINAL))
    tolerant = scene.trust(delegated, issuer=tolerating(delegated))

    own = scene.sealed(tolerant, coverage=open_one)
    assert one(own, CheckName.CONTENT_COVERED) == "passed", "the twin: the issuer's own seal"

    theirs = scene.also(tolerant, scene.others_seal(coverage=open_one))
    alone = scene.document(theirs, signatures=theirs.document.signatures[1:])
    assert one(alone, CheckName.CONTENT_COVERED) == "failed not_covered"

    whole = scene.also(tolerant, scene.others_seal())
    alone = scene.document(whole, signatures=whole.document.signatures[1:])
    assert one(alone, CheckName.CONTENT_COVERED) == "passed", (
        "the twin: a delegate's that covers all"
    )
