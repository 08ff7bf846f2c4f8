"""Times as people read them: Beijing's, and ages in round words."""

from datetime import datetime, timedelta

from app.domain.verdict import BEIJING

_UNITS = ((86_400, "天", "day"), (3600, "小时", "hour"), (60, "分钟", "minute"))


def when(at: datetime) -> str:
    """To the second."""
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


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
