"""A check is a name, a question and a pure function."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.domain.evidence import WHOLE, About, CheckName, Evidence, Outcome
from app.domain.facts import Facts
from app.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the facts. Always speaks; never raises, waits, logs or reads a clock."""

    name: CheckName
    question: str
    question_zh: str
    examine: Callable[[Facts], Iterable[Evidence]]


def passed(check: CheckName, about: About = WHOLE, detail: str = "") -> Evidence:
    return Evidence(check, about, Outcome.PASSED, detail=detail)


def failed(check: CheckName, why: Reason, about: About = WHOLE, detail: str = "") -> Evidence:
    return Evidence(check, about, Outcome.FAILED, why, detail)


def unsure(check: CheckName, why: Reason, about: About = WHOLE, detail: str = "") -> Evidence:
    return Evidence(check, about, Outcome.INDETERMINATE, why, detail)


def silent(check: CheckName, about: About = WHOLE) -> Evidence:
    return Evidence(check, about, Outcome.NOT_APPLICABLE)
