"""What signatures of a PDF are asked beyond those of an OFD."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.checks import CHECKS
from app.domain.cms import CmsFamily
from app.domain.evidence import CheckName, Outcome
from app.domain.facts import Facts
from app.domain.license import LicenseFormat
from app.domain.pdf import Change, Later, Scope
from app.domain.reasons import Reason
from app.domain.sealed import Arithmetic, PackageFacts, RangeFacts, Sameness
from tests.checks import scene

RANGE = RangeFacts(scope=Scope.EXACT, revision=2, later=(), sub_filter="GM.sm2seal")
DRAWN = Change(3, 7, Later.ANNOTATION)
PACKAGE = PackageFacts(
    encrypted=False, bodies=1, ambiguous=False, hidden=(), deviations=frozenset()
)


def pdf(package: PackageFacts = PACKAGE, **changes: Any) -> Facts:
    sealed = scene.sealed(**{"range": RANGE, "scope": Sameness.SAME, **changes})
    return replace(
        sealed, document=replace(sealed.document, format=LicenseFormat.PDF, package=package)
    )


def ranged(**changes: Any) -> Facts:
    scope = changes.get("scope", Scope.EXACT)
    same = Sameness.SAME if scope is Scope.EXACT else Sameness.DIFFERS
    return pdf(range=replace(RANGE, **changes), scope=same)


def found(facts: Facts, name: CheckName) -> tuple[Outcome, Reason | None, str]:
    (check,) = (check for check in CHECKS if check.name is name)
    item = next(iter(check.examine(facts)))
    return item.outcome, item.reason, item.detail


ASKED = (
    CheckName.ONE_DOCUMENT,
    CheckName.DATA_HASH_HOLDS,
    CheckName.SCOPE_NAMED,
    CheckName.REFERENCES_HOLD,
    CheckName.CONTENT_COVERED,
    CheckName.NOTHING_HIDDEN,
)


@pytest.mark.parametrize("name", ASKED)
def test_a_good_one_passes(name: CheckName) -> None:
    assert found(pdf(), name)[:2] == (Outcome.PASSED, None)


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.EXACT])
def test_an_inexact_range_fails_wherever_it_is_asked(scope: Scope) -> None:
    facts = ranged(scope=scope, revision=None)
    for name in (CheckName.SCOPE_NAMED, CheckName.REFERENCES_HOLD):
        assert found(facts, name) == (Outcome.FAILED, Reason.BYTE_RANGE_INEXACT, scope.value)
    assert found(facts, CheckName.CONTENT_COVERED)[:2] == (Outcome.FAILED, Reason.NOT_COVERED)


def test_a_digest_over_an_inexact_range_says_why() -> None:
    bad = replace(RANGE, scope=Scope.GAP, revision=None)
    facts = pdf(range=bad, data_hash=Arithmetic.FAILS)
    name = CheckName.DATA_HASH_HOLDS
    assert found(facts, name)[1] is Reason.BYTE_RANGE_INEXACT
    assert found(pdf(data_hash=Arithmetic.FAILS), name)[1] is Reason.DATA_HASH_DIFFERS
    assert found(pdf(data_hash=Arithmetic.WEAK), name)[1] is Reason.WEAK_ALGORITHM


@pytest.mark.parametrize("kind", Later)
def test_whatever_came_later_and_is_not_allowed_fails(kind: Later) -> None:
    facts = ranged(later=(Change(3, 7, kind), Change(4, None, Later.UNLISTED)))
    outcome, reason, detail = found(facts, CheckName.REFERENCES_HOLD)
    assert (outcome, reason) == (Outcome.FAILED, Reason.CHANGED_AFTER_SIGNING)
    assert detail == f"revision 3 object 7: {kind.value}; revision 4: unlisted"
    assert found(facts, CheckName.CONTENT_COVERED)[1] is Reason.NOT_COVERED


def test_what_came_after_another_signature_is_covered_by_the_later_one() -> None:
    """Two signatures of the issuer: the second covers what came after the first, and the first
    fails all the same.
    """
    facts = ranged(later=(DRAWN,))
    (first, *rest) = facts.document.signatures
    assert first.sealed is not None
    second = replace(first, label="second", sealed=replace(first.sealed, range=RANGE))
    both = replace(facts, document=replace(facts.document, signatures=(first, second, *rest)))
    assert found(both, CheckName.CONTENT_COVERED)[0] is Outcome.PASSED
    assert found(both, CheckName.REFERENCES_HOLD)[1] is Reason.CHANGED_AFTER_SIGNING


def test_active_content_is_named() -> None:
    facts = pdf(package=replace(PACKAGE, active=("JavaScript", "XFA")))
    expected = (Outcome.FAILED, Reason.ACTIVE_CONTENT, "JavaScript, XFA")
    assert found(facts, CheckName.ONE_DOCUMENT) == expected


def _unsealed(facts: Facts) -> Facts:
    (first, *rest) = facts.document.signatures
    assert first.sealed is not None
    plain = replace(first.sealed, seal=None, layout=CmsFamily.RFC)
    signatures = (replace(first, sealed=plain), *rest)
    return replace(facts, document=replace(facts.document, signatures=signatures))


@pytest.mark.parametrize("make", [pdf, lambda: _unsealed(pdf())])
def test_with_a_seal_or_without_the_scope_is_asked(make: Callable[[], Facts]) -> None:
    assert found(make(), CheckName.SCOPE_NAMED)[0] is Outcome.PASSED


def test_a_plain_signature_in_a_pdf_fails_by_its_scope_too() -> None:
    facts = _unsealed(ranged(scope=Scope.GAP, revision=None))
    assert found(facts, CheckName.SCOPE_NAMED)[1] is Reason.BYTE_RANGE_INEXACT
