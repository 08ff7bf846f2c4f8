"""Reading members of a JSON object exactly; where `app.registry` has always had it."""

from app.domain.reader import MAX_LIST, MAX_TEXT, Reader, refuse, seen

__all__ = ["MAX_LIST", "MAX_TEXT", "Reader", "refuse", "seen"]
