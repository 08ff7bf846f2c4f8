"""The report in a terminal: what to do first; no line too wide; nothing moves the cursor."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from app.domain.issuer import Code, State
from app.domain.reasons import Reason
from app.reports.report import report_of
from app.reports.terminal import Language, clean, render, wrap
from tests.reports import scenes
from tests.reports.scenes import CONTEXT, GOOD, GOOD_RECORD, SCENES, coded, unread, verified
from tests.world import CONFIRMED

LANGUAGES = get_args(Language.__value__ if hasattr(Language, "__value__") else Language)


def made(verification: Any) -> dict[str, Any]:
    return report_of(verification, CONTEXT)


def test_headline_meaning_and_next_step_come_first() -> None:
    report = made(verified(answer=coded(Code.ENDED, state=State.REVOKED)))
    lines = render(report, "zh").splitlines()
    assert lines[0] == "无效：证照已失效（吊销）"
    assert lines[2].startswith("  说明：这张证照确由青海样例局登记")
    assert lines[3].startswith("  下一步：请持证人出示现行有效的证照")
    assert "ended" in lines[4]
    english = render(report, "en").splitlines()
    assert english[0] == "Invalid: the license has ended (revoked)"


def test_an_outage_tells_when_to_ask_again() -> None:
    text = render(made(SCENES[Reason.ISSUER_UNREACHABLE].play()), "zh")
    assert "可在 60 秒后重试" in text
    assert "timeout" in text
    assert "重试" not in render(made(GOOD), "zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_report_can_be_read_in_its_width(language: Language) -> None:
    for verification in (GOOD, GOOD_RECORD, unread(), *(s.play() for s in SCENES.values())):
        for width in (60, 96):
            text = render(made(verification), language, width=width)
            assert made(verification)["id"] in text
            assert text.endswith("\n")
            for line in text.splitlines():
                assert cell_len(line) <= width, line
                assert line == line.rstrip()


def test_a_closed_doubt_and_an_answer_that_does_not_count_are_told() -> None:
    open_ = scenes.judged(SCENES[Reason.KEY_UNKNOWN].facts, scenes.IN_FORCE)
    assert "closed by" not in render(made(open_), "en", width=200)
    closed = scenes.judged(SCENES[Reason.KEY_UNKNOWN].facts, CONFIRMED)
    assert "(in doubt, closed by the issuer's answer)" in render(made(closed), "en", width=200)
    stale = render(made(SCENES[Reason.STATUS_STALE].play()), "en", width=200)
    assert "does not count · status_stale" in stale


def test_names_in_a_report_cannot_move_the_cursor() -> None:
    report = json.loads(json.dumps(made(GOOD)))
    report["headline"]["zh"] = "有效\x1b[2J\r\n无效\u202e\u200b"
    text = render(report, "zh")
    assert "\x1b" not in text
    assert "\r" not in text
    assert "\u202e" not in text
    assert text.startswith("有效�[2J��无效��\n")


@given(st.text(max_size=200), st.integers(20, 100))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    line = clean(text)
    pieces = list(wrap(line, width))
    assert "".join("".join(pieces).split()) == "".join(line.split())
