"""No check can be taken out unseen: without it nothing is valid, or a scene ends otherwise.

Each registered check is disabled by itself, in two ways. *Gone*: it says nothing. *Blind*: it
passes whatever it is shown. Then every scene is judged again, and one that no longer ends as it
has to is what turns red.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.checks import CHECKS, Check, examine
from app.checks.base import passed
from app.domain.evidence import WHOLE, CheckName, Evidence, Outcome
from app.domain.facts import Facts
from app.domain.policies import Level
from app.domain.reasons import Reason
from app.domain.verdict import Conclusion
from app.policy import RECORD, SEALED, TOKEN, judge
from app.services.judgement import conclude, look
from tests.reports.scenes import (
    GOOD,
    GOOD_RECORD,
    GOOD_SEALED,
    GOOD_STAMPED,
    GOOD_UNSEALED,
    SCENES,
    Scene,
    judged,
)

Disable = Callable[[Check], Check | None]
READ = Evidence(CheckName.WELL_FORMED, WHOLE, Outcome.PASSED)
GOODS = {
    "token": (GOOD, TOKEN),
    "sealed": (GOOD_SEALED, SEALED),
    "unsealed": (GOOD_UNSEALED, SEALED),
    "stamped": (GOOD_STAMPED, SEALED),
    "record": (GOOD_RECORD, RECORD),
}
TOLD = {name for name, level in SEALED.levels.items() if level is Level.INFORM}


def gone(_: Check) -> None:
    return None


def blind(check: Check) -> Check:
    """Asks, and lets everything pass."""

    def never_minds(facts: Facts) -> tuple[Evidence, ...]:
        return tuple(passed(check.name, e.subject) for e in check.examine(facts))

    return replace(check, examine=never_minds)


def without(name: CheckName, disable: Disable) -> tuple[Check, ...]:
    kept = (disable(check) if check.name is name else check for check in CHECKS)
    return tuple(check for check in kept if check is not None)


def ends(scene: Scene, checks: tuple[Check, ...]) -> tuple[Conclusion, Reason | None]:
    local = look(scene.facts)
    evidence = (READ, *examine(scene.facts, checks))
    local = replace(local, evidence=evidence, state=judge(evidence, local.policy))
    _, verdict = conclude(scene.facts, local, scene.answer)
    return verdict.conclusion, verdict.reason


def told(scene: Scene, checks: tuple[Check, ...]) -> set[tuple[CheckName, Outcome, Reason | None]]:
    return {(e.check, e.outcome, e.reason) for e in examine(scene.facts, checks)}


def other_ends(checks: tuple[Check, ...]) -> list[Reason]:
    """Scenes that no longer end as they have to."""
    return [r for r, scene in SCENES.items() if ends(scene, checks) != ends(scene, CHECKS)]


def test_with_every_check_the_scenes_end_as_they_are_played() -> None:
    for scene in SCENES.values():
        verdict = judged(scene.facts, scene.answer).verdict
        assert ends(scene, CHECKS) == (verdict.conclusion, verdict.reason)
    assert not other_ends(CHECKS)


@pytest.mark.parametrize("name", [check.name for check in CHECKS])
def test_a_check_that_is_gone_leaves_nothing_valid_that_needs_it(name: CheckName) -> None:
    checks = without(name, gone)
    needed = 0
    for good, policy in GOODS.values():
        assert good.facts is not None
        scene = Scene(good.facts, good.answer)
        assert ends(scene, CHECKS)[0] is Conclusion.VALID
        asked = policy.levels[name] is Level.REQUIRE
        asked = asked and not (good is GOOD_UNSEALED and name in policy.of_seals)
        if asked:
            needed += 1
            assert ends(scene, checks) == (Conclusion.INDETERMINATE, Reason.CHECK_MISSING)
    if not needed:
        assert [r for r, s in SCENES.items() if told(s, checks) != told(s, CHECKS)]


REPEATED = {CheckName.SIGNER_KNOWN}
"""Whose reasons `roles_filled` repeats, so that the verdict stays what it was."""


@pytest.mark.parametrize("name", [c.name for c in CHECKS if c.name not in TOLD | REPEATED])
def test_a_check_that_lets_everything_pass_is_seen(name: CheckName) -> None:
    """By its own reasons: at least one scene is no longer refused, or refused for another."""
    assert other_ends(without(name, blind))


@pytest.mark.parametrize("name", sorted(TOLD | REPEATED))
def test_a_check_that_only_tells_is_missed_in_what_is_told(name: CheckName) -> None:
    checks = without(name, blind)
    assert [r for r, s in SCENES.items() if told(s, checks) != told(s, CHECKS)]
