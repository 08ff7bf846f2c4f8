"""Dates as licenses write them (standards §1.3): three spellings, and words for "no end".

A last day is inclusive, Beijing time. Nothing is guessed: a text that is none of these is none.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Local times in licenses carry no zone; there has been no other since 1991."""

_DATE = re.compile(
    r"(?:(?P<y1>[0-9]{4})-(?P<m1>[0-9]{1,2})-(?P<d1>[0-9]{1,2})"
    r"|(?P<y2>[0-9]{4})(?P<m2>[0-9]{2})(?P<d2>[0-9]{2})"
    r"|(?P<y3>[0-9]{4})年(?P<m3>[0-9]{1,2})月(?P<d3>[0-9]{1,2})日)"
)
_TIME = re.compile(r"(?:[ T]?(?P<h>[0-9]{2}):?(?P<m>[0-9]{2}):?(?P<s>[0-9]{2}))?")
_LONG_TERM = frozenset({"长期", "长期有效", "永久", "永久有效"})
_NO_END = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class LicenseDate:
    """A day, or 长期: no end is stated on purpose. Exactly one of the two."""

    day: date | None
    long_term: bool = False


def read_date(text: str) -> LicenseDate | None:
    """`YYYY-MM-DD`, `YYYYMMDD`, `YYYY年MM月DD日`, 长期, 长期有效 or a last day of the year 9999.

    `None` for anything else, for a day that does not exist and for an empty text.
    """
    plain = "".join(text.split())
    if plain in _LONG_TERM:
        return LicenseDate(None, long_term=True)
    found = _DATE.fullmatch(plain)
    day = _day(found) if found is not None else None
    if day is None:
        return None
    return LicenseDate(None, long_term=True) if day == _NO_END else LicenseDate(day)


def read_moment(text: str) -> datetime | None:
    """A date with an optional time of day, Beijing time: `YYYYMMDDHHMMSS`, `YYYY-MM-DD HH:MM:SS`.

    Without a time it is the last second of the day, since last days are inclusive. `None` for
    anything else.
    """
    plain = text.strip()
    found = _DATE.match(plain)
    day = _day(found) if found is not None else None
    if found is None or day is None:
        return None
    clock = _TIME.fullmatch(plain, found.end())
    if clock is None:
        return None
    if clock["h"] is None:
        return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=BEIJING)
    try:
        return datetime(
            day.year,
            day.month,
            day.day,
            int(clock["h"]),
            int(clock["m"]),
            int(clock["s"]),
            tzinfo=BEIJING,
        )
    except ValueError:
        return None


def _day(found: re.Match[str]) -> date | None:
    year, month, day = (
        int(found[f"{part}1"] or found[f"{part}2"] or found[f"{part}3"]) for part in "ymd"
    )
    try:
        return date(year, month, day)
    except ValueError:
        return None
