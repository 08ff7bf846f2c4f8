"""数据质量异议: somebody says that a record is wrong, and its issuer is to answer.

A dispute never changes a record: only its issuer does, by what it pushes. It is followed by a code,
which is random and kept by nobody here; those who answer know it by a reference made from the code,
which opens nothing.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.domain.confirmation import ALPHABET, code_of, id_of
from app.domain.errors import Refused
from app.domain.identifier import Identifier, IssuerCode, TypeCode

MAX_TEXT: Final = 2_000
"""Characters of what is said to be wrong."""
MAX_NOTE: Final = 1_000
"""Characters of an answer."""
REFERENCE: Final = 20
"""Characters of a reference: 100 bits of a digest of 128 random ones."""
_ID_BYTES: Final = 16


class DisputeState(StrEnum):
    """How far a dispute is."""

    OPEN = "open"
    """已提出: it waits for the issuer."""
    WITH_ISSUER = "with_issuer"
    """核查中: the issuer looks into it."""
    ACCEPTED = "accepted"
    """异议成立: the issuer agrees, and will correct its record."""
    CORRECTED = "corrected"
    """已更正."""
    REJECTED = "rejected"
    """异议不成立: the record is right, says its issuer."""
    WITHDRAWN = "withdrawn"
    """已撤回, by whoever filed it."""

    @property
    def ended(self) -> bool:
        return not NEXT[self]


NEXT: Final[Mapping[DisputeState, frozenset[DisputeState]]] = MappingProxyType(
    {
        DisputeState.OPEN: frozenset(DisputeState) - {DisputeState.OPEN},
        DisputeState.WITH_ISSUER: frozenset(
            {
                DisputeState.ACCEPTED,
                DisputeState.CORRECTED,
                DisputeState.REJECTED,
                DisputeState.WITHDRAWN,
            }
        ),
        DisputeState.ACCEPTED: frozenset({DisputeState.CORRECTED, DisputeState.WITHDRAWN}),
        DisputeState.CORRECTED: frozenset(),
        DisputeState.REJECTED: frozenset(),
        DisputeState.WITHDRAWN: frozenset(),
    }
)
"""State → those that may follow; an ended dispute stays as it ended."""

ANSWERS: Final = frozenset(DisputeState) - {DisputeState.OPEN, DisputeState.WITHDRAWN}
"""What an issuer may say."""


class Element(StrEnum):
    """What of the record is said to be wrong."""

    NUMBER = "number"
    NAME = "name"
    HOLDER = "holder"
    HOLDER_CODE = "holder_code"
    ISSUED_ON = "issued_on"
    VALID_FROM = "valid_from"
    VALID_UNTIL = "valid_until"
    STATE = "state"
    MISSING = "missing"
    """The whole record: the license is not known here."""
    OTHER = "other"


class By(StrEnum):
    """Who brought a dispute to a state."""

    FILER = "filer"
    ISSUER = "issuer"
    OPERATOR = "operator"
    """Of this node, in the issuer's stead or in the filer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What was filed, as far as it is somebody's; kept encrypted."""

    text: str = field(repr=False)
    number: str | None = field(repr=False)
    holder: str | None = field(repr=False)
    holder_code: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A dispute as it is first kept."""

    reference: str
    record: str | None
    """The identifier of the record it is about; None: there is none."""
    named: Identifier | None
    type: TypeCode
    issuer: IssuerCode | None
    """Whose record it is, or would be; None: nobody registered, and the operator sees to it."""
    element: Element
    tenant: str | None
    """None: somebody of the public."""
    at: datetime
    flagged: bool
    """Whoever filed it knew whose license it is."""
    complaint: Complaint


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One state in the trace of a dispute."""

    at: datetime
    state: DisputeState
    by: By
    note: str | None = field(repr=False)
    """What the issuer said with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A dispute as it is kept."""

    reference: str
    record: str | None
    named: str | None
    """The identifier it was filed under; None: by number."""
    type: TypeCode
    issuer: IssuerCode | None
    element: Element
    state: DisputeState
    tenant: str | None
    filed_at: datetime
    changed_at: datetime
    flagged_at: datetime | None
    complaint: Complaint | None
    """None: not asked for here, or withdrawn."""
    steps: tuple[Step, ...] = ()


def new_code() -> str:
    """A code nobody can guess: 128 random bits, with check characters."""
    return code_of(secrets.token_urlsafe(_ID_BYTES))


def reference_of(typed: str) -> str:
    """The reference of the dispute a typed code follows. Raises `Malformed`: mistyped."""
    made = hashlib.sha256(b"dispute\0" + id_of(typed).encode()).digest()
    number = int.from_bytes(made, "big") >> (len(made) * 8 - REFERENCE * 5)
    return "".join(ALPHABET[number >> 5 * at & 31] for at in reversed(range(REFERENCE)))


def follow(before: DisputeState, wanted: DisputeState) -> DisputeState:
    """The state after it. Raises `Refused` for one that cannot follow."""
    if wanted in NEXT[before]:
        return wanted
    if not NEXT[before]:
        raise Refused("state", f"the dispute has ended: {before}")
    may = ", ".join(sorted(NEXT[before] - {DisputeState.WITHDRAWN}))
    raise Refused("state", f"{wanted} does not follow {before}: {may}")
