"""Two hundred histories of two nodes, from seeds; `python -m proof.federation` plays 10,000."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from app.domain.issuer import Answered, Code, Source
from app.federation import resilience
from app.federation.resilience import ResilientIssuers
from tests.federation.histories import ACTS, History, Wrong
from tests.federation.virtual import run

HISTORIES = 200


def play(seed: int, seen: Counter[str] | None = None) -> Counter[str]:
    history = History(seed, Counter() if seen is None else seen)
    run(history.play)
    return history.seen


def test_no_history_goes_wrong():
    first = random.SystemRandom().randrange(1 << 32)
    print(f"histories from seed {first}")  # noqa: T201 - shown where it fails
    seen: Counter[str] = Counter()
    for seed in range(first, first + HISTORIES):
        play(seed, seen)
    # Nothing that was to be shown was left out.
    wanted = {*ACTS, "valid", "invalid", "indeterminate", "by cached", "by live", "mended"}
    assert {name for name in wanted | {"relayed True"} if seen[name] < 10} == set()


def test_a_seed_tells_the_same_story():
    assert play(7) == play(7)


def broken(monkeypatch, name, wrong):
    monkeypatch.setattr(ResilientIssuers, name, wrong)


def goes_wrong(most: int = 300) -> str:
    for seed in range(most):
        try:
            play(seed)
        except Wrong as found:
            return str(found)
    return ""


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("a push is not heard", "acknowledged withdrawal"),
        ("answers are kept for ever", "valid at"),
        ("negatives are kept", "in force throughout"),
        ("a withdrawn key's answers stay", "counts no more"),
    ],
)
def test_each_rule_is_missed_when_it_is_gone(monkeypatch, change, text):
    """The histories notice: without this the 10,000 would prove nothing."""
    recall, key_of = ResilientIssuers._recall, resilience.key_of
    match change:
        case "a push is not heard":
            monkeypatch.setattr(resilience, "_told_since", lambda then, inquiry: False)
            monkeypatch.setattr("app.domain.issuer.Statement.withdraws", lambda *_: False)
        case "answers are kept for ever":

            def for_ever(self, key, inquiry):
                kept = self._kept.get(key)
                if kept is None or not isinstance(kept.answer, Answered):
                    return None
                return replace(kept.answer, source=Source.CACHED, as_of=self.clock())

            broken(monkeypatch, "_recall", for_ever)
        case "negatives are kept":

            def long(self, key, inquiry):
                kept = self._kept.get(key)
                negative = kept is not None and kept.answer.code is not Code.IN_FORCE
                return kept.answer if negative else recall(self, key, inquiry)

            broken(monkeypatch, "_recall", long)
        case "a withdrawn key's answers stay":

            def without_keys(inquiry, secret):
                endpoint = replace(inquiry.endpoint, answer_keys=(), home_keys=())
                return key_of(replace(inquiry, endpoint=endpoint), secret)

            monkeypatch.setattr(resilience, "key_of", without_keys)
    assert text in goes_wrong()
