"""How values are written in a report."""

from datetime import UTC, datetime, timedelta

from app.reports.entry import Bilingual

Json = dict[str, object]


def instant(at: datetime) -> str:
    """RFC 3339, UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age_seconds(now: datetime, as_of: datetime) -> int:
    """Whole seconds, rounded down; negative for a time yet to come."""
    return (now - as_of) // timedelta(seconds=1)


def said(text: Bilingual) -> Json:
    """Both languages."""
    return {"zh": text.zh, "en": text.en}
