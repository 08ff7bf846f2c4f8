"""Names inside an archive: one spelling each, and no two that could be taken for one another.

A member's name is what a reference in the document is matched with, here and in a viewer. Names
that are not already canonical are refused rather than repaired (threats OFD-06, ZIP-06).
"""

import re
import unicodedata
from enum import StrEnum

from app.domain.errors import Malformed

MAX_NAME = 255
"""Bytes as stored; what file systems hold."""

_LETTER = r"[^/\\:\x00-\x1f\x7f]"
_LAST_LETTER = r"[^/\\:\x00-\x1f\x7f. ]"
_CANONICAL = re.compile(f"(?:{_LETTER}*{_LAST_LETTER}/)*{_LETTER}*{_LAST_LETTER}/?")
"""Relative, `/` between segments, no segment empty or ending in a dot or a space: so no `..`."""
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control, format, surrogate, private, unassigned, line and paragraph separators."""


class NameRule(StrEnum):
    """Why a name is refused; the words are those of `ArchiveRule`."""

    NAME = "name"
    NAME_ENCODING = "name_encoding"
    NAME_TOO_LONG = "name_too_long"
    DUPLICATE_ENTRY = "duplicate_entry"
    CASE_TWIN = "case_twin"
    FORM_TWIN = "form_twin"
    FILE_AS_FOLDER = "file_as_folder"


class BadName(Malformed):
    """A name refused by `rule`; the message does not repeat it."""

    def __init__(self, rule: NameRule) -> None:
        super().__init__(f"zip: {rule}")
        self.rule = rule


def fold(name: str) -> str:
    """The key under which names that look alike fall together: case, width and composition."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFKC", name).casefold()


def is_canonical(name: str) -> bool:
    """Whether this is the one spelling of its name; a folder ends in `/`."""
    if _CANONICAL.fullmatch(name) is None or ("%" in name and _ESCAPED.search(name)):
        return False
    if name.isascii():
        return True
    if any(unicodedata.category(letter) in _INVISIBLE for letter in name):
        return False
    if unicodedata.normalize("NFC", name) != name:
        return False
    # A full-width solidus or dot must not become structure in a reader that folds width.
    wide = unicodedata.normalize("NFKC", name)
    return wide.count("/") == name.count("/") and _CANONICAL.fullmatch(wide) is not None


class MemberNames:
    """The names of one archive, taken one by one in the order of its directory."""

    __slots__ = ("_aliases", "_files", "_folders", "_seen", "gbk", "unflagged_utf8")

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}
        self._aliases: set[str] = set()
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self.unflagged_utf8 = False
        """A name that is UTF-8 and does not say so was taken."""
        self.gbk = False
        """A name that can only be GBK was taken."""

    def add(self, raw: bytes, *, utf8: bool) -> str:
        """Decode and keep a name; a folder comes back without its last slash.

        Raises:
            BadName: not canonical, or one that was seen before in this or another shape.
        """
        if len(raw) > MAX_NAME:
            raise BadName(NameRule.NAME_TOO_LONG)
        name = self._decoded(raw, utf8=utf8)
        if not is_canonical(name):
            raise BadName(NameRule.NAME)
        plain = name.removesuffix("/")
        key = fold(plain)
        if key in self._seen:
            raise BadName(_likeness(self._seen[key], plain))
        self._seen[key] = plain
        (self._folders if name.endswith("/") else self._files).add(key)
        parent, slash, _ = key.rpartition("/")
        while slash and parent not in self._folders:
            self._folders.add(parent)
            parent, slash, _ = parent.rpartition("/")
        return plain

    def finish(self) -> None:
        """Hold the names against each other.

        Raises:
            BadName: a file stands where another member's path needs a folder, or one name read
                as GBK is another read as UTF-8.
        """
        if self._files & self._folders:
            raise BadName(NameRule.FILE_AS_FOLDER)
        if self._aliases & self._seen.keys():
            raise BadName(NameRule.NAME_ENCODING)

    def _decoded(self, raw: bytes, *, utf8: bool) -> str:
        if raw.isascii():
            return raw.decode("ascii")
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            if utf8:
                raise BadName(NameRule.NAME_ENCODING) from None
            return self._as_gbk(raw)
        if not utf8:
            if self.gbk:
                raise BadName(NameRule.NAME_ENCODING)
            self.unflagged_utf8 = True
            # A reader that takes it for GBK must not meet another member under that name.
            self._aliases.add(fold(raw.decode("gbk", "replace").removesuffix("/")))
        return name

    def _as_gbk(self, raw: bytes) -> str:
        """What Windows writes on a Chinese system, without saying so."""
        if self.unflagged_utf8:
            raise BadName(NameRule.NAME_ENCODING)
        self.gbk = True
        try:
            return raw.decode("gbk")
        except UnicodeDecodeError:
            raise BadName(NameRule.NAME_ENCODING) from None


def _likeness(one: str, other: str) -> NameRule:
    if one == other:
        return NameRule.DUPLICATE_ENTRY
    if one.casefold() == other.casefold():
        return NameRule.CASE_TWIN
    return NameRule.FORM_TWIN
