"""What a caller sends of a file that it keeps (只送摘要): parts of signatures, and digests.

Octets that are here can be verified. A digest that is stated of a part is the caller's account of
it and nothing more: it can speak against a file, and never for one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.scheme import Digest


@dataclass(frozen=True, slots=True)
class StatedDigests:
    """Content that stays with the caller."""

    by: Mapping[Digest, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OfdParts:
    """The members of an OFD package."""

    lists: tuple[str, ...]
    """Signatures.xml of each body, in order."""
    sent: Mapping[str, bytes] = field(repr=False)
    """Octets: the lists, each Signature.xml, each signed value."""
    stated: Mapping[str, StatedDigests] = field(repr=False)
    """All others, the seals (Seal.esl) among them."""


@dataclass(frozen=True, slots=True)
class PdfSigned:
    """One signature of a PDF, without what it is about."""

    sub_filter: str
    contents: bytes = field(repr=False)
    """/Contents without the zeros behind it."""
    byte_range: tuple[int, ...]
    stated: StatedDigests
    """Of the octets of /ByteRange."""


@dataclass(frozen=True, slots=True)
class PdfParts:
    """The signatures of a PDF, in the order of what they cover."""

    length: int
    """Octets of the file."""
    signatures: tuple[PdfSigned, ...]


class FileDigest(StrEnum):
    """What the whole file may be named by: what issuers can be asked about (docs/ivp.md)."""

    SM3 = "sm3"
    SHA256 = "sha256"


@dataclass(frozen=True, slots=True)
class Digested:
    """One file that was not sent.

    It is named by one digest, not by two: an issuer that knows one of two and confirms it would
    vouch for the other as well, which may be that of another file.
    """

    algorithm: FileDigest
    value: bytes = field(repr=False)
    """Of the whole file; 32 octets."""
    parts: OfdParts | PdfParts
