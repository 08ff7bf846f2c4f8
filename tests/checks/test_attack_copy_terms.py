"""Terms of an annotated copy (加注件): only its maker's own signature says until when and for what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.certificate import Named
from app.domain.elements import LicenseElement
from app.domain.evidence import CheckName
from app.domain.facts import Facts, SignatureFacts
from app.domain.trust import Kind
from tests.checks import scene
from tests.checks.scene import BY_SEAL, FILE, TOKEN, one
from tests.world import DAY, NOW

CURRENT = CheckName.COPY_CURRENT
UNTIL, MATTER = LicenseElement.COPY_UNTIL, LicenseElement.COPY_MATTER
BOTH = frozenset({UNTIL, MATTER})
NOTHING = frozenset[LicenseElement]()


def copied(*signatures: SignatureFacts, until: timedelta = DAY, matter: str | None = None) -> Facts:
    """OTHER is the issuer's delegate for copies; the caller verifies for matter M-1."""
    facts = scene.mandates(FILE, scene.mandate(Kind.COPY))
    changed = scene.document(
        facts,
        is_copy=True,
        copy_until=NOW + until,
        copy_matter=matter,
        signatures=signatures,
    )
    return replace(changed, matter="M-1")


def maker(covers: frozenset[LicenseElement] = BOTH, label: str = "0:1") -> SignatureFacts:
    return replace(scene.others_seal(label), covers_copy=covers)


def issuer(covers: frozenset[LicenseElement], label: str = "0:2") -> SignatureFacts:
    return replace(BY_SEAL, label=label, covers_copy=covers)


def stranger(covers: frozenset[LicenseElement], label: str = "0:3") -> SignatureFacts:
    """A good seal of a registered body that nobody asked."""
    (found,) = scene.signer(
        scene.document(FILE, signatures=(scene.others_seal(label),)),
        then=scene.path(named=Named("x", None)),
    ).document.signatures
    return replace(found, covers_copy=covers)


ROWS: list[tuple[str, Facts, str]] = [
    ("within its time", copied(maker()), "passed"),
    ("run out", copied(maker(), until=-DAY), "failed copy_expired"),
    ("expiry uncovered", copied(maker(NOTHING)), "indeterminate copy_expiry_missing"),
    (
        "expiry uncovered and past: no proof either",
        copied(maker(NOTHING), until=-DAY),
        "indeterminate copy_expiry_missing",
    ),
    (
        "expiry covered by a stranger only",
        copied(maker(NOTHING), stranger(BOTH)),
        "indeterminate copy_expiry_missing",
    ),
    (
        "expiry covered by the issuer, who did not make the copy",
        copied(maker(NOTHING), issuer(BOTH)),
        "indeterminate copy_expiry_missing",
    ),
    ("made by the issuer itself", copied(issuer(BOTH)), "passed"),
    (
        "made by the issuer, expiry uncovered",
        copied(issuer(NOTHING), stranger(BOTH)),
        "indeterminate copy_expiry_missing",
    ),
    ("for this matter", copied(maker(), matter="M-1"), "passed"),
    ("for another matter", copied(maker(), matter="M-2"), "failed copy_purpose_differs"),
    (
        "its matter uncovered, and the caller's",
        copied(maker(frozenset({UNTIL})), matter="M-1"),
        "indeterminate copy_matter_unproven",
    ),
    (
        "its matter uncovered, and another",
        copied(maker(frozenset({UNTIL})), stranger(BOTH), matter="M-2"),
        "indeterminate copy_matter_unproven",
    ),
    (
        "its matter uncovered, and nobody asks",
        replace(copied(maker(frozenset({UNTIL})), matter="M-2"), matter=None),
        "passed",
    ),
]


@pytest.mark.parametrize(("facts", "expected"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_terms_of_a_copy(facts: Facts, expected: str) -> None:
    assert one(copied(maker()), CURRENT) == "passed"
    assert one(facts, CURRENT) == expected


def test_a_token_covers_all_it_says() -> None:
    facts = scene.document(TOKEN, is_copy=True, copy_until=NOW + DAY, copy_matter="M-2")
    assert one(facts, CURRENT) == "passed"
    assert one(replace(facts, matter="M-1"), CURRENT) == "failed copy_purpose_differs"


def test_an_item_of_the_matter_is_the_matter() -> None:
    matter = "11370800MB285591843370117002011"
    facts = replace(copied(maker(), matter=matter), matter=matter + "01")
    assert one(facts, CURRENT) == "passed"
    assert one(replace(facts, matter=matter[:-1] + "201"), CURRENT) == "failed copy_purpose_differs"
