"""Photos and scans (照片、扫描件): what was seen in them. A picture proves nothing."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.identifier import IssuerCode, TypeCode


class Held(StrEnum):
    """What a code in a picture holds."""

    LICENSE_TOKEN = "license_token"  # noqa: S105 - no password
    """证照令牌: a signed license (docs/license-token.md)."""
    IDENTIFIER = "identifier"
    """证照标识, GB/T 36904."""
    OFFICIAL_URL = "official_url"
    """An address that a followed trust list names for codes of a license type."""
    UNOFFICIAL_URL = "unofficial_url"
    """An address that no followed trust list names; perhaps made to look like one."""
    CONFIRMATION = "confirmation"
    """核验码 of a report of this node."""
    OTHER_TOKEN = "other_token"  # noqa: S105 - no password
    """A signed token that is no license."""
    OTHER = "other"
    """Anything else."""


NAMING = frozenset({Held.LICENSE_TOKEN, Held.IDENTIFIER, Held.OFFICIAL_URL})
"""What says which license is meant."""


@dataclass(frozen=True, slots=True)
class SeenCode:
    """A code as the decoder read it."""

    symbology: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OfficialUrl:
    """Where official codes of a license type point to; type None: of any."""

    type: TypeCode | None
    host: str
    path: str
    parameter: str | None = None
    """What of the query names the license; None: what follows the path does."""
    issuer: IssuerCode | None = None
    """The only one who can read what stands there (opaque code); None: anybody can."""


@dataclass(frozen=True, slots=True)
class Address:
    """A web address in a code, taken apart and never followed."""

    host: str
    """As registered ones are written: ASCII, small letters, IDNA. Empty: none that could be."""
    path: str = field(repr=False)
    query: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """One code without its content: fit to be kept."""

    label: str
    """`code 1` and so on, in the order they were found."""
    symbology: str
    held: Held


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What a picture showed."""

    codes: tuple[CodeFacts, ...] = ()
    several: bool = False
    """Codes that name different licenses: none was chosen."""
    typed: bool = False
    """The caller typed what stands on the license, beside sending its picture."""
