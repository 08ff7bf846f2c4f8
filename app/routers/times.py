"""Times as people read them: Beijing's, and ages in round words."""

from contextlib import suppress
from datetime import datetime, timedelta

from app.domain.verdict import BEIJING

_UNITS = ((86_400, "天", "day"), (3600, "小时", "hour"), (60, "分钟", "minute"))


def when(at: datetime) -> str:
    """To the second. The last hours of the year 9999, which a signer may claim, are no others'."""
    with suppress(OverflowError):
        at = at.astimezone(BEIJING)
    return f"{at:%Y-%m-%d %H:%M:%S}"


def span(length: timedelta, lang: str) -> str:
    """Rounded down; empty under a minute."""
    seconds = max(0, int(length.total_seconds()))
    for size, zh, en in _UNITS:
        if (count := seconds // size) > 0:
            return f"{count} {zh}" if lang == "zh" else f"{count} {en}{'s' * (count > 1)}"
    return ""


def ago(age: timedelta, lang: str) -> str:
    """As people say it, rounded down."""
    if said := span(age, lang):
        return f"{said}前" if lang == "zh" else f"{said} ago"
    return "刚刚" if lang == "zh" else "just now"
