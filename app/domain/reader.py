"""Reading members of a JSON object exactly, with the place in every refusal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NoReturn, Self, TypeVar

from app.domain.errors import Refused
from app.domain.names import unseen

Word = TypeVar("Word", bound=StrEnum)

MAX_TEXT = 2048
"""Characters of one text."""
MAX_LIST = 1000
"""Items of one list of texts."""


def refuse(place: str, message: str) -> NoReturn:
    """Say where and what; never the value, which may be anything."""
    raise Refused(place, f"{place} {message}")


def seen(place: str, text: str) -> str:
    """The name, if everything in it is seen. Raises `Refused`."""
    if unseen(text):
        refuse(place, "holds a character that is not seen or turns what is beside it: type it anew")
    return text


@dataclass(frozen=True, slots=True)
class Reader:
    """One JSON object and its place, as `issuers[0].keys[2]`."""

    members: Mapping[str, object] = field(repr=False)
    place: str

    @classmethod
    def of(cls, value: object, place: str, *, optional: Iterable[str] | None = None) -> Self:
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            refuse(place or "document", "is not a JSON object")
        reader = cls(value, place)
        if optional is not None:
            reader.close(required=(), optional=optional)
        return reader

    def at(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def close(self, *, required: Iterable[str], optional: Iterable[str]) -> None:
        """Refuse what is missing, and what is not known."""
        needed = set(required)
        for name in sorted(needed - self.members.keys()):
            refuse(self.at(name), "is missing")
        known = needed | set(optional)
        if self.members.keys() - known:
            names = ", ".join(sorted(known))
            refuse(self.place or "document", f"has a member that is not known; known are: {names}")

    def given(self, name: str) -> bool:
        """Present, and not null."""
        return self.members.get(name) is not None

    def text(self, name: str) -> str:
        return _text(self.at(name), self.members.get(name))

    def texts(self, name: str) -> list[tuple[str, str]]:
        """Each text of a list, with its place; none twice."""
        values = self._list(name, MAX_LIST)
        found = [(f"{self.at(name)}[{i}]", value) for i, value in enumerate(values)]
        texts = [(place, _text(place, value)) for place, value in found]
        if len({text for _, text in texts}) != len(texts):
            refuse(self.at(name), "names one thing twice")
        return texts

    def names(self, name: str) -> tuple[str, str]:
        """A name in Chinese and in English, of which everything is seen."""
        inner = self.inner(name)
        inner.close(required={"zh", "en"}, optional=())
        return inner.seen("zh"), inner.seen("en")

    def seen(self, name: str) -> str:
        """A text without anything that is not seen or turns what is beside it."""
        return seen(self.at(name), self.text(name))

    def words(self, name: str, words: Sequence[Word]) -> set[Word]:
        """At least one of a closed vocabulary."""
        by_value = {word.value: word for word in words}
        found = set[Word]()
        for place, text in self.texts(name):
            if text not in by_value:
                refuse(place, f"is none of {', '.join(by_value)}")
            found.add(by_value[text])
        if not found:
            refuse(self.at(name), f"is empty: at least one of {', '.join(by_value)}")
        return found

    def integer(self, name: str, low: int, high: int) -> int:
        value = self.members.get(name)
        if type(value) is not int or not low <= value <= high:  # a bool is no number
            refuse(self.at(name), f"is not an integer from {low} to {high}")
        return value

    def boolean(self, name: str) -> bool:
        value = self.members.get(name)
        if not isinstance(value, bool):
            refuse(self.at(name), "is neither true nor false")
        return value

    def moment(self, name: str) -> datetime:
        """RFC 3339 with its offset."""
        text = self.text(name)
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):  # the last day there is, and hours after it
            pass
        refuse(self.at(name), "is not a time with its offset, like 2026-01-01T00:00:00Z")

    def inner(self, name: str) -> "Reader":
        return Reader.of(self.members.get(name), self.at(name))

    def objects(self, name: str, most: int) -> "list[Reader]":
        """The objects of a list; an absent list is empty."""
        if name not in self.members:
            return []
        values = self._list(name, most)
        return [Reader.of(value, f"{self.at(name)}[{i}]") for i, value in enumerate(values)]

    def _list(self, name: str, most: int) -> list[object]:
        value = self.members.get(name)
        if not isinstance(value, list):
            refuse(self.at(name), "is not a list")
        if len(value) > most:
            refuse(self.at(name), f"has more than {most} items: send it in parts")
        return value


def _text(place: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        refuse(place, "is not a text, or is empty")
    if len(value) > MAX_TEXT:
        refuse(place, f"is longer than {MAX_TEXT} characters")
    if any(char < " " or "\ud800" <= char <= "\udfff" or char == "\x7f" for char in value):
        refuse(place, "holds a control character or half a character")
    return value
