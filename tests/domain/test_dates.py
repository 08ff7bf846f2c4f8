"""Dates as licenses write them."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.dates import BEIJING, LicenseDate, read_date, read_moment


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-02", date(2026, 1, 2)),
        ("20260102", date(2026, 1, 2)),
        ("2026年01月02日", date(2026, 1, 2)),
        ("2026年1月2日", date(2026, 1, 2)),
        (" 2026 年 1 月 2 日 ", date(2026, 1, 2)),
        ("2026-1-2", date(2026, 1, 2)),
        ("20240229", date(2024, 2, 29)),
    ],
)
def test_days(text: str, day: date):
    assert read_date(text) == LicenseDate(day)


@pytest.mark.parametrize(
    "text", ["长期", "长期有效", " 长期 ", "永久有效", "99991231", "9999-12-31", "9999年12月31日"]
)
def test_long_term(text: str):
    assert read_date(text) == LicenseDate(None, long_term=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "2026",
        "202601",
        "2026-01",
        "2026/01/02",
        "20260230",
        "20230229",
        "2026-13-01",
        "00000000",
        "26-01-02",
        "2026-01-02T00:00:00",
        "2026年1月",
        "有效",
        "非长期",
        "２０２６０１０２",
        "2026-01-02 至 2027-01-02",
    ],
)
def test_what_is_no_date(text: str):
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20260102030405", datetime(2026, 1, 2, 3, 4, 5, tzinfo=BEIJING)),
        ("2026-01-02 03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=BEIJING)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=BEIJING)),
        ("2026年1月2日 03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=BEIJING)),
        ("20260102", datetime(2026, 1, 2, 23, 59, 59, tzinfo=BEIJING)),
    ],
)
def test_moments(text: str, moment: datetime):
    assert read_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    ["", "长期", "20260102250000", "2026010203", "20260102030405Z", "2026-01-02 03:04:05+00"],
)
def test_what_is_no_moment(text: str):
    assert read_moment(text) is None


@given(st.dates(max_value=date(9999, 12, 30)))
def test_every_day_reads_back(day: date):
    for text in (
        day.isoformat(),
        day.isoformat().replace("-", ""),
        f"{day.year:04}年{day.month}月{day.day}日",
    ):
        assert read_date(text) == LicenseDate(day)


@given(st.text(max_size=20))
def test_any_text(text: str):
    read_date(text)
    read_moment(text)
