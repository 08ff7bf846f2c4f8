"""What was read of a PDF's signatures (ISO 32000-2 §12.8), and of what was saved after them.

Nothing here is verified or trusted. A revision is what saving the file once more adds at its end;
they are counted from 1.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.digested import StatedDigests


class Scope(StrEnum):
    """How /ByteRange stands to the file (threats PDF-01, PDF-03): all but one are refused."""

    EXACT = "exact"
    """[0 a b c]: everything up to the end of a revision but the hexadecimal string of /Contents."""
    ABSENT = "absent"
    UNREADABLE = "unreadable"
    """Not four numbers, or numbers that leave nothing out."""
    NOT_FROM_START = "not_from_start"
    GAP = "gap"
    """What is left out is not exactly the string of /Contents."""
    BEYOND = "beyond"
    """Ends after the file."""
    NO_REVISION = "no_revision"
    """Does not end where a revision of this file ends."""
    NOT_THERE = "not_there"
    """The signature is not part of the revision it covers."""


class Later(StrEnum):
    """What a later revision did, where that is not allowed (threats PDF-02, PDF-04…PDF-06)."""

    PAGE = "page"
    """A page itself: its content, its resources, or a page more or less."""
    CONTENT = "content"
    """A picture, a font, a content stream."""
    ANNOTATION = "annotation"
    FORM_VALUE = "form_value"
    """A field, its value or its appearance."""
    VISIBLE_SIGNATURE = "visible_signature"
    """A signature field that shows something."""
    SIGNATURE = "signature"
    """A signature at all, where the one before permits none (DocMDP P 1)."""
    CATALOG = "catalog"
    """An entry of the document catalog."""
    METADATA = "metadata"
    TRAILER = "trailer"
    REMOVED = "removed"
    UNKNOWN = "unknown"
    """An object that nothing explains."""
    UNLISTED = "unlisted"
    """Octets that belong to no object the revision lists."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not allowed after a signature."""

    revision: int
    object: int | None
    """Object number; None where it is about no object."""
    kind: Later

    def __str__(self) -> str:
        where = f" object {self.object}" if self.object is not None else ""
        return f"revision {self.revision}{where}: {self.kind.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfSignature:
    """One signature dictionary with the octets it is about."""

    filter: str | None
    """Who made it, by its own word: a handler's name."""
    sub_filter: str | None
    """How /Contents is to be read."""
    scope: Scope
    content: bytes | StatedDigests = field(repr=False)
    """The octets of /ByteRange; empty where it cannot be used."""
    value: bytes | None = field(repr=False)
    """/Contents without the zeros behind it; None where there is none."""
    problem: str
    """Why there is no value."""
    signed_at: datetime | None
    """/M: a claim, in what is signed."""
    revision: int | None
    """The last revision it covers."""
    changes: tuple[Change, ...]
    """What later revisions did that is not allowed."""


@dataclass(frozen=True, slots=True)
class DocumentTimestamp:
    """文档时间戳: a token over a whole revision (ISO 32000-2 §12.8.5)."""

    token: bytes = field(repr=False)
    content: bytes = field(repr=False)
    """What it has to be about."""
    exact: bool
    """Its /ByteRange is exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfDocument:
    """The file around the signatures."""

    revisions: int
    encrypted: bool
    active: tuple[str, ...]
    """Names of what can change the document while it is looked at: scripts, XFA and the like."""
    deviations: frozenset[str]
