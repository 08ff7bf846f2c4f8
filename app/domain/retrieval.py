"""调阅: the document itself, from whoever issued it, for one caller and one purpose. Nothing stays.

Only the issuer gives; this node asks for a caller it knows, hands on a link or the bytes, and keeps
neither.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import Endpoint

MAX_FILE: Final = 20 * 1024 * 1024
"""Bytes of a document that is handed on."""
MAX_LINK_LIFE: Final = timedelta(minutes=10)
"""From now to the end of a one-time link (standards.md §1.7)."""
FILE_DEADLINE: Final = timedelta(seconds=10)
"""To receive the document after its link came."""


class Deliver(StrEnum):
    """How the caller wants it."""

    LINK = "link"
    """The issuer's own one-time link: the caller fetches."""
    FILE = "file"
    """The bytes, checked and handed on."""


class MediaType(StrEnum):
    """What a document may be."""

    OFD = "application/ofd"
    PDF = "application/pdf"
    TOKEN = "application/jose"  # noqa: S105 - a media type


@dataclass(frozen=True, slots=True)
class Offer:
    """A body gives its documents: where it is asked for them, and where its links may lead."""

    issuer: IssuerCode
    url: str
    origins: tuple[str, ...]
    """Scheme, host and port, as https://files.example."""
    networks: tuple[str, ...] = ()
    """CIDR networks, other than public addresses, that the operator opened for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One retrieval. Lives for one request."""

    identifier: Identifier
    purpose: str
    matter: str | None
    """事项编码."""
    behalf: str
    """统一社会信用代码 of the organisation it is for."""
    deliver: Deliver


@dataclass(frozen=True, slots=True)
class Delivered:
    """The issuer's signed word: this document, under this link, once."""

    link: str = field(repr=False)
    expires: datetime
    media_type: MediaType
    size: int
    """Bytes."""
    digest: str
    """Name: sm3 or sha256."""
    value: bytes
    """The digest of the whole document."""


class NotGiven(StrEnum):
    """The issuer's signed word that it gives nothing."""

    REFUSED = "refused"
    """By its own rules: not for this purpose, or not to this organisation."""
    NO_RECORD = "no_record"
    NO_DOCUMENT = "no_document"
    """It knows the license, and has no file of it."""


@dataclass(frozen=True, slots=True)
class Giver:
    """Whom to ask, with the keys that count today."""

    endpoint: Endpoint
    offer: Offer
