"""SignatureDateTime (GB/T 33190 §18.2) in the spellings that real files have (standards §3.10).

A claim for comparison only: what counts as the signing time stands under the signature.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

_BEIJING = timezone(timedelta(hours=8))
_DIGITS = re.compile(
    r"\A([0-9]{4})-?([0-9]{2})-?([0-9]{2})[T ]?([0-9]{2}):?([0-9]{2}):?([0-9]{2})"
    r"(?:\.[0-9]{1,6})?(Z?)\Z",
    re.ASCII,
)
_SHORT = re.compile(r"\A([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})Z\Z", re.ASCII)
_MILLISECONDS = re.compile(r"\A1[0-9]{12}\Z", re.ASCII)


def read_signing_time(text: str) -> datetime | None:
    """None for any other spelling. Without a zone it is Beijing time."""
    plain = text.strip()
    if _MILLISECONDS.match(plain):
        return datetime.fromtimestamp(int(plain) / 1000, UTC)
    found = _DIGITS.match(plain)
    if found is not None:
        parts, zone = [int(part) for part in found.groups()[:6]], found[7]
        return _moment(parts, UTC if zone else _BEIJING)
    found = _SHORT.match(plain)
    if found is None:
        return None
    year, *rest = (int(part) for part in found.groups())
    return _moment([2000 + year, *rest], UTC)


def _moment(parts: list[int], zone: timezone) -> datetime | None:
    year, month, day, hour, minute, second = parts
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
