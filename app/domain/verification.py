"""What a caller asks, and what one finished verification is."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.digested import Digested
from app.domain.evidence import Evidence
from app.domain.facts import Facts
from app.domain.issuer import IssuerAnswer
from app.domain.license import Claims
from app.domain.signers import Signers
from app.domain.verdict import Verdict

PUBLIC_CHECK = "public-check"
"""The purpose of anonymous callers, and the only one they have."""


class Basis(StrEnum):
    """What the verdict rests on."""

    DOCUMENT = "document"
    """The file or token itself."""
    FACTS = "facts"
    """An identifier or number, with facts the caller typed."""
    DIGESTS = "digests"
    """Parts of the signatures and digests of a file that stayed with the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whoever asks, as far as the audit log and the report's readers need it."""

    caller: str = "anonymous"
    tenant: str | None = None
    organisation: str | None = None
    region: str | None = None
    operator: str | None = field(default=None, repr=False)
    """The person at the caller's end, as the caller names them; kept as a keyed hash."""
    address: str | None = None
    """Network prefix of the client."""


PUBLIC = Asker()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What was handed in: the bytes of a file or token, or facts, digests of a file beside them."""

    content: bytes | None = field(default=None, repr=False)
    stated: Claims | None = field(default=None, repr=False)
    typed: Claims | None = field(default=None, repr=False)
    """What the caller reads off a picture that it sends; beside a file only."""
    digested: Digested | None = None
    """A file that stays with the caller, beside the facts that say which license it is."""
    media_type: str | None = None
    """A hint; never selects the format."""
    purpose: str = PUBLIC_CHECK
    asker: Asker = PUBLIC
    at: datetime | None = None
    max_status_age: timedelta | None = None
    matter: str | None = None
    policy: str | None = None
    """Asked for by name, of a kind or of a version; it has to go with what was handed in."""
    signers: Signers | None = None
    """Whose seals are expected, where it is a sealed document and no license."""
    sm_only: bool = False
    """Valid only by SM2 and SM3 throughout (密评); it can only tighten what the node asks."""

    def __post_init__(self) -> None:
        if (self.content is None) == (self.stated is None):
            raise ValueError("a submission is a file or facts, one of the two")
        if self.typed is not None and self.content is None:
            raise ValueError("what was typed stands beside a file")
        if self.digested is not None and self.stated is None:
            raise ValueError("beside digests it has to be stated which license is meant")

    @property
    def basis(self) -> Basis:
        if self.content is not None:
            return Basis.DOCUMENT
        return Basis.FACTS if self.digested is None else Basis.DIGESTS


@dataclass(frozen=True, slots=True)
class Digests:
    """Of the whole file as submitted: both; of one that was not sent, the one that was stated."""

    sha256: bytes | None
    sm3: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One verification, finished."""

    id: str
    """128 random bits, base64url: who has it may read the report."""
    at: datetime
    basis: Basis
    digests: Digests | None
    """None for facts: a few facts can be guessed back from their digest."""
    purpose: str
    asker: Asker = PUBLIC
    policy: str
    facts: Facts | None
    """None where the bytes could not be read."""
    evidence: tuple[Evidence, ...]
    answer: IssuerAnswer
    verdict: Verdict
    stated: Claims | None = field(default=None, repr=False)
    """What the caller stated, or the document; for keyed hashes in the audit log, and not kept."""
    matched: tuple[tuple[str, str], ...] = ()
    """Facts the caller sent → match, differs or unknown; names only."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The verification as published: its report, and the report signed by this node."""

    verification: Verification
    report: dict[str, object]
    content: bytes = field(repr=False)
    """The report octet for octet, as it is signed, kept and handed out."""
    jws: str
    expires_at: datetime | None
    """After this, the id no longer opens the report; None: as long as it is kept."""
