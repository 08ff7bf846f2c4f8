"""The times of seals as vendors write them, each form by its name.

The standards ask for `YYYYMMDDhhmmssZ` in a GeneralizedTime (v4, v5) or `YYMMDDhhmmssZ` in a
UTCTime (v1). What authentic documents hold besides is listed here and nowhere else. A form decides
by its shape alone, so the same octets are always the same moment.
"""

import re
from datetime import datetime, timedelta

from app.crypto import asn1
from app.crypto.asn1 import Element, Tag
from app.domain.errors import Malformed
from app.domain.seal import SealDeviation

BEIJING = timedelta(hours=8)
"""北京时间 is UTC+8 the whole year; seals without a zone mean it."""
MAX_TEXT = 32
"""Octets of a time; the longest form met has 24."""

_COMPACT = re.compile(
    rb"(?P<year>\d{4}|\d{2})(?P<rest>\d{10})(?P<fraction>\.\d{1,6})?(?P<zone>Z|\+0800)?"
)
_SPACED = re.compile(
    rb"(?P<year>\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?P<fraction>\.\d{1,6})?"
    rb"(?P<zone>Z|\+08:?00)?"
)
_PIVOT = 50


def asn1_time(element: Element, expected: Tag, place: str, seen: set[SealDeviation]) -> datetime:
    """The moment of a UTCTime or GeneralizedTime, in UTC; deviations are added to `seen`.

    Raises:
        Malformed: neither type, a form not listed here, or no such moment.
    """
    if element.tag not in {Tag.UTC_TIME, Tag.GENERALIZED_TIME}:
        raise Malformed(f"{place}: time expected")
    if element.tag != expected:
        seen.add(SealDeviation.OTHER_TIME_TYPE)
    match = _match(_COMPACT, element.content, place)
    short = len(match["year"]) == 2  # noqa: PLR2004
    if short and element.tag == Tag.GENERALIZED_TIME:
        seen.add(SealDeviation.TWO_DIGIT_YEAR)
    return _moment(match, match["rest"], place, seen)


def text_time(content: bytes, place: str, seen: set[SealDeviation]) -> datetime:
    """The moment of the text v1 puts into timeInfo, in UTC; deviations are added to `seen`.

    Raises:
        Malformed: a form not listed here, or no such moment.
    """
    seen.add(SealDeviation.TIME_AS_TEXT)
    if len(content) <= MAX_TEXT and _SPACED.fullmatch(content):
        match = _match(_SPACED, content, place)
        return _moment(match, b"".join(match.group(2, 3, 4, 5, 6)), place, seen)
    match = _match(_COMPACT, content, place)
    return _moment(match, match["rest"], place, seen)


def _match(form: re.Pattern[bytes], content: bytes, place: str) -> re.Match[bytes]:
    match = form.fullmatch(content) if len(content) <= MAX_TEXT else None
    if match is None:
        raise Malformed(f"{place}: time of a form no vendor is known for")
    return match


def _moment(match: re.Match[bytes], rest: bytes, place: str, seen: set[SealDeviation]) -> datetime:
    year, zone = match["year"], match["zone"]
    if len(year) == 2:  # noqa: PLR2004
        year = (b"19" if int(year) >= _PIVOT else b"20") + year
    at = asn1.calendar(year + rest + (match["fraction"] or b""), place)
    if zone == b"Z":
        return at
    seen.add(SealDeviation.TIME_OFFSET if zone else SealDeviation.LOCAL_TIME)
    try:
        return at - BEIJING
    except OverflowError as exc:
        raise Malformed(f"{place}: no such moment") from exc
