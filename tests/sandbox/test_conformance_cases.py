"""The committed cases: what the sandbox makes, judged by the service through the runner's rules."""

import json
import sys
from datetime import datetime
from pathlib import Path

import pytest

from conformance import make
from conformance.judging import OPTIONAL, Case, Verdict, agrees, judge, read_cases, read_verdict
from conformance.run import streamed
from tests.sandbox.core import core_of

CASES = read_cases()
MEGABYTES = 12
"""Of all cases together, 12 kB each: whoever clones the project takes them along."""


def verdicts() -> dict[str, Verdict]:
    found = {}
    (day,) = {str(case.expect["at"]) for case in CASES}
    cores = {
        folder: core_of(Path(folder), datetime.fromisoformat(day))
        for folder in {case.request["trust"] for case in CASES}
    }
    for case in CASES:
        core = cores[case.request["trust"]]
        answer = json.loads(case.file.with_name("answer.json").read_text(encoding="utf-8"))
        asked = {name: case.request[name] for name in OPTIONAL if name in case.request}
        told = core.judge(case.file.read_bytes(), answer, **asked)
        found[case.name] = Verdict(told.conclusion, told.reason)
    return found


def test_the_service_agrees_with_every_case() -> None:
    outcomes = judge(CASES, verdicts())
    differing = {name: outcome for name, outcome in outcomes.items() if outcome != "agrees"}
    assert differing == {}


def test_there_are_enough_of_them_and_they_stay_small() -> None:
    negatives = [case for case in CASES if case.name.endswith("_fail")]
    assert len(negatives) >= 100
    assert all(case.expect["twin"] for case in negatives)
    assert all(
        case.name.endswith("_fail") == (case.expect["conclusion"] != "valid") for case in CASES
    )
    size = sum(len(content) for content in make.present().values())
    assert size < MEGABYTES * 1_000_000


@pytest.mark.parametrize("name", ["trust/authorities.json", "trust/registration.json"])
def test_trust_is_what_the_sandbox_makes(name: str, made: dict[str, bytes]) -> None:
    assert made[name] == make.present()[name]


def test_cases_are_what_the_sandbox_makes(made: dict[str, bytes]) -> None:
    present = make.present()
    assert sorted(made) == sorted(present)
    assert [name for name in made if made[name] != present[name]] == []


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return make.files()


def _case(**expect: object) -> Case:
    return Case("x", Path("x"), {"also": [], "twin": None, "reason": None, **expect})


@pytest.mark.parametrize(
    ("said", "right"),
    [
        (Verdict("invalid", "signature_invalid"), True),
        (Verdict("indeterminate", "signature_invalid"), False),
        (Verdict("invalid", "weak_algorithm"), True),
        (Verdict("indeterminate", "weak_algorithm"), True),
        (Verdict("valid", "weak_algorithm"), False),
        (Verdict("valid", None), False),
        (Verdict("invalid", "malformed"), False),
        (Verdict("error", "no verdict"), False),
    ],
)
def test_another_right_reason_counts_and_valid_never_does(said: Verdict, right: bool) -> None:
    expect = {"conclusion": "invalid", "reason": "signature_invalid", "also": ["weak_algorithm"]}
    assert agrees(expect, said) is right


def test_a_negative_counts_only_beside_a_valid_twin() -> None:
    twin = Case(
        "good", Path("x"), {"conclusion": "valid", "reason": None, "also": [], "twin": None}
    )
    bad = Case(
        "bad_fail", Path("x"),
        {"conclusion": "invalid", "reason": "malformed", "also": [], "twin": "good"},
    )  # fmt: skip
    failing = Verdict("invalid", "malformed")
    both = judge([twin, bad], {"good": Verdict("valid", None), "bad_fail": failing})
    assert both == {"good": "agrees", "bad_fail": "agrees"}
    everything_invalid = judge([twin, bad], {"good": failing, "bad_fail": failing})
    assert everything_invalid == {"good": "differs", "bad_fail": "twin"}


def test_what_is_no_verdict_is_an_error() -> None:
    assert read_verdict('{"conclusion": "valid", "reason": null}') == Verdict("valid", None)
    for line in ("", "valid", "[]", '{"reason": "x"}', "null"):
        assert read_verdict(line).conclusion == "error"


def test_a_stream_is_a_line_in_and_a_line_out(tmp_path: Path) -> None:
    program = tmp_path / "verifier.py"
    program.write_text(
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    name = json.loads(line)['file']\n"
        "    bad = '_fail' in name\n"
        "    print(json.dumps({'conclusion': 'invalid' if bad else 'valid'}), flush=True)\n",
        encoding="utf-8",
    )
    cases = read_cases("ofd-page-changed")
    told = list(streamed([sys.executable, str(program)], cases))
    assert len(cases) == 2
    assert {verdict.conclusion for verdict in told} == {"valid", "invalid"}
