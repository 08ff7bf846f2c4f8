"""The command behind the protocol of conformance/README.md: one case, and a stream of them.

As a process in the first two tests, as any verifier is run; the others look at what it says.
"""

import json
import sys
from pathlib import Path

import pytest

from conformance import run as suite
from conformance.judging import agrees, judge, read_cases
from tests.cli.conftest import Run

COMMAND = [sys.executable, "-c", "from app.cli import main; main()", "conformance"]
SCRIPTED = {
    "outcome": 0, "document": "unknown", "facts": {}, "signed": True, "speaker": "issuer",
    "as_of": "2026-11-25T04:00:00Z",
}  # fmt: skip


def test_a_stream_of_cases_agrees() -> None:
    cases = read_cases("jws-alg") + read_cases("ofd-encrypted") + read_cases("doc-first")
    verdicts = dict(
        zip(
            [case.name for case in cases],
            suite.streamed([*COMMAND, "--stream"], cases),
            strict=True,
        )
    )
    outcomes = judge(cases, verdicts)
    assert len(cases) > 10
    assert set(outcomes.values()) == {"agrees"}


def test_one_case_by_arguments() -> None:
    cases = read_cases("ofd-encrypted") + read_cases("doc-license-passed")
    for case, told in zip(cases, suite.one_by_one(COMMAND, cases), strict=True):
        assert agrees(case.expect, told), (case.name, told)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"outcome": 3}, ("invalid", "ended")),
        ({"signed": False}, ("indeterminate", "answer_unsigned")),
        ({"document": "differs"}, ("invalid", "record_mismatch")),
        ({}, ("valid", None)),
    ],
)
def test_the_issuers_word_counts(
    run: Run, tmp_path: Path, change: dict[str, object], told: object
) -> None:
    (twin,) = [case for case in read_cases("ofd-tax") if case.name == "ofd-tax"]
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({**SCRIPTED, **change}))
    arguments = twin.arguments
    arguments[arguments.index("--answer") + 1] = str(answer)
    done = run("conformance", *arguments)
    assert done.code == 0
    said = json.loads(done.out)
    assert (said["conclusion"], said["reason"]) == told


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "no strict JSON object"),
        (b'{"outcome": 0}', "'document' is missing"),
        (json.dumps({**SCRIPTED, "outcome": 99}).encode(), "no such value"),
        (json.dumps({**SCRIPTED, "as_of": "2026-11-25"}).encode(), "without an offset"),
        (json.dumps({**SCRIPTED, "facts": []}).encode(), "facts is no object"),
        (json.dumps({**SCRIPTED, "extra": 1}).encode(), "unknown members: extra"),
        (json.dumps({**SCRIPTED, "since": "lately"}).encode(), "no such value"),
        (json.dumps({**SCRIPTED, "seals": []}).encode(), "seals is no object"),
        (json.dumps({**SCRIPTED, "seals": {"63": 3}}).encode(), "seals is no object"),
        (json.dumps({**SCRIPTED, "seals": {"63": {"x": 1}}}).encode(), "unknown members: x"),
    ],
)
def test_an_answer_that_is_none_is_refused_by_member(
    run: Run, tmp_path: Path, content: bytes, says: str
) -> None:
    (twin,) = [case for case in read_cases("ofd-tax") if case.name == "ofd-tax"]
    answer = tmp_path / "answer.json"
    answer.write_bytes(content)
    arguments = twin.arguments
    arguments[arguments.index("--answer") + 1] = str(answer)
    done = run("conformance", *arguments)
    assert done.code == 1
    assert says in done.err
    assert "Traceback" not in done.err
