"""How values are written in a report."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from app.reports.canonical import Settled
from app.reports.entry import Bilingual

Json = dict[str, object]
KEPT: Final = 4096
"""Texts and checks kept ready for the next report, of each kind; the same few stand in most."""


def instant(at: datetime) -> str:
    """RFC 3339, UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age_seconds(now: datetime, as_of: datetime) -> int:
    """Whole seconds, rounded down; negative for a time yet to come."""
    return (now - as_of) // timedelta(seconds=1)


def said(text: Bilingual) -> Json:
    """Both languages."""
    return _said(text.zh, text.en)


@lru_cache(KEPT)
def _said(zh: str, en: str) -> Settled:
    return Settled({"zh": zh, "en": en})
