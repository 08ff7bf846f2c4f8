"""The report on a verifier: what it was taken in by stands first, and nothing it says breaks it."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance import report, run
from conformance.judging import Case, Verdict, read_cases
from conformance.report import FAMILIES, html, lines, markdown, write

AT = datetime(2026, 11, 25, 4, tzinfo=UTC)


def _case(name: str, conclusion: str, reason: str | None, twin: str | None) -> Case:
    expect = {
        "conclusion": conclusion, "reason": reason, "also": [], "twin": twin,
        "why": {"zh": "改了页面。", "en": "The page was changed."}, "threats": ["OFD-01"],
    }  # fmt: skip
    return Case(name, Path("x"), expect)


GOOD = _case("ofd-tax", "valid", None, None)
BAD = _case("ofd-page-changed_fail", "invalid", "content_changed", "ofd-tax")
VALID, FAILS = Verdict("valid", None), Verdict("invalid", "content_changed")


def _told(bad: Verdict, good: Verdict = VALID) -> list[report.Line]:
    return lines([GOOD, BAD], {GOOD.name: good, BAD.name: bad})


@pytest.mark.parametrize(
    ("bad", "good", "taken", "outcome"),
    [
        (FAILS, VALID, False, "agrees"),
        (VALID, VALID, True, "differs"),
        (Verdict("invalid", "malformed"), VALID, False, "differs"),
        (Verdict("error", "no verdict"), VALID, False, "differs"),
        (FAILS, FAILS, False, "twin"),
    ],
)
def test_each_outcome_is_told_for_what_it_is(
    bad: Verdict, good: Verdict, taken: bool, outcome: str
) -> None:
    line = _told(bad, good)[1]
    assert (line.taken_in, line.outcome) == (taken, outcome)


def test_what_was_called_valid_stands_first() -> None:
    text = markdown("x", AT, _told(VALID))
    wrong = text.index("Called valid, and is not")
    assert "ofd-page-changed_fail" in text[wrong : text.index("Other differences")]
    assert "Called valid and not valid: 1." in text


def test_nothing_wrong_is_said_too() -> None:
    for text in (markdown("x", AT, _told(FAILS)), html("x", AT, _told(FAILS))):
        assert text.count("None. 无。") == 2
        assert "Called valid and not valid: 0." in text


@pytest.mark.parametrize(
    "said", ["<script>alert(1)</script>", "a | b", "two\nlines", '"><img src=x>']
)
def test_attack_a_verifiers_words_stay_words(said: str) -> None:
    told = _told(Verdict("error", said))
    page, text = html(said, AT, told), markdown("x", AT, told)
    for tag in ("<script", "<img"):
        assert tag not in page
        assert tag not in text
    (row,) = [line for line in text.splitlines() if line.startswith("| ofd-page-changed_fail")]
    assert row.count("|") == 6


def test_every_family_of_the_cases_has_a_name() -> None:
    cases = read_cases()
    found = lines(cases, {case.name: VALID for case in cases})
    assert {line.family for line in found} == {title for _, title in FAMILIES}


def test_one_command_writes_it_for_any_verifier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "verifier.py"
    program.write_text('print(\'{"conclusion": "valid"}\')\n', encoding="utf-8")
    file = tmp_path / "report.html"
    command = ["run", "--only", "ofd-page-changed", "--name", "Gutgläubig", "--report", str(file)]
    monkeypatch.setattr(sys, "argv", [*command, "--", sys.executable, str(program)])
    assert run.main() == 1
    page = file.read_text(encoding="utf-8")
    assert "Conformance of Gutgläubig" in page
    assert "Called valid and not valid: 1." in page
    assert "src=" not in page
    assert "href=" not in page


def test_markdown_by_the_ending_of_the_name(tmp_path: Path) -> None:
    write(tmp_path / "a.md", "x", AT, _told(FAILS))
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("# Conformance of x")
