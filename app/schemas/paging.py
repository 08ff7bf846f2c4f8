"""Where a page of a list ended: an opaque text that whoever asks for the next page hands back."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from app.crypto.jose import base64url, to_base64url
from app.domain.errors import Malformed, Refused

Item = TypeVar("Item")

MAX: Final = 600
"""Characters of one that are looked at."""
FIX: Final = "the `next` of the page before, as it came"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_APART: Final = "\n"
_MICRO: Final = timedelta(microseconds=1)


def place(*parts: str | int | datetime) -> str:
    """These parts as one text; only the last may hold line feeds."""
    return to_base64url(_APART.join(map(_written, parts)).encode())


def parts_of(text: str, form: re.Pattern[str]) -> tuple[str, ...]:
    """The groups of `form` in what `place` wrote; `Refused` for every other text."""
    try:
        found = form.fullmatch(base64url(text, "after").decode()) if len(text) <= MAX else None
    except (Malformed, UnicodeDecodeError):
        found = None
    if found is None:
        raise Refused("after", FIX)
    return found.groups()


def next_of(found: Sequence[Item], place: Callable[[Item], str], most: int) -> str | None:
    """Where the page after one of at most so many begins; None: there is none."""
    return place(found[-1]) if len(found) == most else None


def moment_of(part: str) -> datetime:
    """Of one of these parts, at most 16 digits: up to the year 2286."""
    return _EPOCH + int(part) * _MICRO


def _written(part: str | int | datetime) -> str:
    return str((part - _EPOCH) // _MICRO) if isinstance(part, datetime) else str(part)
