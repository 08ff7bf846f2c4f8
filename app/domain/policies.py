"""Policies: rules of judgement as data, total and named in every report."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from app.domain.evidence import About, CheckName, Evidence, Role
from app.domain.license import LicenseFormat
from app.domain.verdict import Subject


class Level(StrEnum):
    """How much a check weighs. No level hides a check, and none lets doubt pass as a pass."""

    REQUIRE = "require"
    """At least one `passed`, the rest `passed` or `not_applicable`."""
    GUARD = "guard"
    """`passed` or `not_applicable`; doubt decides as well as failure."""
    INFORM = "inform"
    """Reported, never decisive."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A versioned set of rules; readable at its own address for as long as reports name it."""

    name: str
    subject: Subject
    levels: Mapping[CheckName, Level]
    """For the document and for signatures in a required role."""
    extra: Mapping[CheckName, Level]
    """For the signatures nobody asked for."""
    roles: frozenset[Role]
    max_age: timedelta
    """Of any status, whatever type and caller allow."""
    of_seals: frozenset[CheckName] = frozenset()
    """Required only of a signature that has a seal; of one without they are guarded."""
    _weights: dict[tuple[CheckName, Role, bool], Level] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _by_roles: dict[frozenset[Role], "Policy"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What was once asked of these very rules; `replace` begins both anew."""

    def __post_init__(self) -> None:
        for levels in (self.levels, self.extra):
            if silent := set(CheckName) - set(levels):
                raise ValueError(f"policy {self.name} is silent on {sorted(silent)}")
        if Level.REQUIRE not in self.levels.values():
            raise ValueError(f"policy {self.name} requires nothing")
        if self.roles & {Role.DOCUMENT, Role.CANDIDATE, Role.EXTRA}:
            raise ValueError(f"policy {self.name} requires a role that nobody can fill")
        if not self.roles and self.subject is not Subject.RECORD:
            raise ValueError(f"policy {self.name} requires no signer")

    def level(self, item: Evidence) -> Level:
        """The weight of one piece of evidence."""
        return self.level_of(item.check, item.subject)

    def level_of(self, check: CheckName, subject: About) -> Level:
        """The weight of a check for one subject; its label weighs nothing."""
        key = (check, subject.role, subject.sealless)
        level = self._weights.get(key)
        if level is None:  # asked hundreds of times in every verification
            level = self._weights[key] = self._weigh(check, subject)
        return level

    def _weigh(self, check: CheckName, subject: About) -> Level:
        level = self.levels[check]
        match subject.role:
            case Role.EXTRA:
                return self.extra[check]
            case Role.CANDIDATE:  # can spoil a document, and cannot make one
                return Level.INFORM if level is Level.INFORM else Level.GUARD
            case Role.DOCUMENT | Role.ISSUER | Role.COPIER | Role.COUNTERSIGNER | Role.SIGNER:
                unasked = subject.sealless and check in self.of_seals
                return Level.GUARD if unasked and level is Level.REQUIRE else level
            case _:
                assert_never(subject.role)

    def with_roles(self, roles: frozenset[Role]) -> "Policy":
        """The same policy for a document that needs these signers; records need none."""
        if self.subject is Subject.RECORD or roles == self.roles:
            return self
        if roles not in self._by_roles:
            self._by_roles[roles] = replace(self, roles=roles)
        return self._by_roles[roles]


_REQUIRE, _GUARD, _INFORM = Level.REQUIRE, Level.GUARD, Level.INFORM
_OF_SEALS = frozenset(
    {
        CheckName.DATA_HASH_HOLDS,
        CheckName.SCOPE_NAMED,
        CheckName.REFERENCES_HOLD,
        CheckName.SEAL_HOLDS,
        CheckName.SIGNER_IN_SEAL,
        CheckName.ALGORITHMS_AGREE,
        CheckName.CERTIFICATE_FITS,
        CheckName.SEAL_IN_WINDOW,
        CheckName.SEAL_MAKER_TRUSTED,
        CheckName.ONE_DOCUMENT,
        CheckName.CONTENT_COVERED,
        CheckName.NOTHING_HIDDEN,
        CheckName.CONTENT_AGREES,
    }
)
"""Required of a sealed file; of a token, which has neither seal nor parts, they are guarded."""
_ABOUT_THE_SEAL = frozenset(
    {
        CheckName.SCOPE_NAMED,  # propertyInfo; SignedData signs Signature.xml itself
        CheckName.SEAL_HOLDS,
        CheckName.SIGNER_IN_SEAL,
        CheckName.SEAL_IN_WINDOW,
        CheckName.SEAL_MAKER_TRUSTED,
    }
)
"""What a signature without a seal (签名) cannot be asked; all else it answers as a seal does."""
_WHERE_THERE = frozenset(
    {
        CheckName.SIGNER_EXPECTED,  # these three of sealed documents that are no licenses
        CheckName.INVOICE_AGREES,
        CheckName.SEAL_IN_USE,
        CheckName.ALGORITHMS_SM,  # where the node or its caller asks for SM algorithms alone
        CheckName.CODES_CLEAR,  # of pictures, and of files that are nothing but pictures
        CheckName.SEAL_STATUS,  # a list that names no seal says nothing against any
        CheckName.TIMESTAMP_HOLDS,  # optional in every layout
        CheckName.SEAL_FILE_SAME,  # the Seal element is optional (GB/T 33190 §18.2)
        CheckName.TIMES_AGREE,  # so is SignatureDateTime
        CheckName.COPY_CURRENT,
        CheckName.PRESENTATION_CURRENT,
    }
)
_TOLD = frozenset(
    {
        CheckName.IDENTIFIER_FORM,  # mistyped is not forged
        CheckName.OWN_DATES,  # the issuer's word beats them; decide() weighs them
        CheckName.FACTS_GIVEN,
        CheckName.STAMP_PLAIN,  # how a seal looks proves nothing either way (OFD-25)
    }
)
# A stranger's seal proves nothing and spoils nothing, unless it is broken.
_EXTRA = MappingProxyType(dict.fromkeys(CheckName, _INFORM) | {CheckName.SIGNATURE_HOLDS: _GUARD})
_EXTRA_SIGNER = MappingProxyType(_EXTRA | {CheckName.SIGNER_EXPECTED: _GUARD})
"""Of a sealed document: another organisation's seal is not what its caller relies on."""
_LEVELS = (
    dict.fromkeys(CheckName, _REQUIRE)
    | dict.fromkeys(_WHERE_THERE, _GUARD)
    | dict.fromkeys(_TOLD, _INFORM)
)

TOKEN = Policy(
    "license-1.token",
    Subject.DOCUMENT,
    MappingProxyType(_LEVELS | dict.fromkeys(_OF_SEALS, _GUARD)),
    _EXTRA,
    frozenset({Role.ISSUER}),
    timedelta(days=1),
)
SEALED = Policy(
    "license-1.sealed",
    Subject.DOCUMENT,
    MappingProxyType(_LEVELS),
    _EXTRA,
    frozenset({Role.ISSUER}),
    timedelta(days=1),
    _ABOUT_THE_SEAL,
)
PHOTO = Policy(
    "photo-1",
    Subject.DOCUMENT,
    MappingProxyType(
        dict.fromkeys(CheckName, _GUARD)
        | dict.fromkeys(_TOLD, _INFORM)
        | dict.fromkeys((CheckName.SIGNED, CheckName.CODES_CLEAR), _REQUIRE)
    ),
    _EXTRA,
    frozenset({Role.ISSUER}),
    timedelta(days=1),
)
"""A picture is never more than an unsigned copy: SIGNED says so of every one."""
RECORD = Policy(
    "record-1",
    Subject.RECORD,
    MappingProxyType(
        dict.fromkeys(CheckName, _GUARD)
        | dict.fromkeys(_TOLD, _INFORM)
        | {CheckName.FACTS_GIVEN: _REQUIRE}
    ),
    _EXTRA,
    frozenset(),
    timedelta(days=1),
)

OF_LICENSES = frozenset(
    {
        CheckName.CODES_CLEAR,
        CheckName.KEY_FOR_TYPE,
        CheckName.ISSUER_KNOWN,
        CheckName.ISSUER_ENTITLED,
        CheckName.IDENTIFIER_FORM,
        CheckName.IDENTIFIER_AGREES,
        CheckName.CONTENT_AGREES,
        CheckName.COPY_CURRENT,
        CheckName.PRESENTATION_CURRENT,
        CheckName.OWN_DATES,
        CheckName.FACTS_GIVEN,
        CheckName.BOUND,
    }
)
"""Asked of licenses alone: of an issuer, a type, an identifier, a holder."""
OF_SEALED_DOCUMENTS = frozenset(
    {CheckName.SIGNER_EXPECTED, CheckName.INVOICE_AGREES, CheckName.SEAL_IN_USE}
)
"""Asked of sealed documents that are no licenses."""
SEALED_DOCUMENT = Policy(
    "sealed-document-1",
    Subject.SEAL,
    MappingProxyType(
        _LEVELS | dict.fromkeys(OF_LICENSES - _TOLD, _GUARD) | {CheckName.SIGNER_EXPECTED: _REQUIRE}
    ),
    _EXTRA_SIGNER,
    frozenset({Role.SIGNER}),
    timedelta(days=1),
    _ABOUT_THE_SEAL,
)
"""合同、发票、证明: who sealed it, and that it is as it was sealed; nothing of any license."""

POLICIES: Mapping[str, Policy] = MappingProxyType(
    {p.name: p for p in (TOKEN, SEALED, PHOTO, RECORD, SEALED_DOCUMENT)}
)


class PolicyKind(StrEnum):
    """What a caller may ask for by name; the document has to be of that kind."""

    LICENSE = "license"
    """电子证照: whatever is handed in is judged as a license."""
    SEALED_DOCUMENT = "sealed-document"
    """合同、发票、证明: a sealed file that is no license."""


def asked_kind(name: str | None) -> PolicyKind | None:
    """The kind a policy's name means; None: nothing is asked, and the document's kind picks."""
    if name is None:
        return None
    documents = {PolicyKind.SEALED_DOCUMENT.value, SEALED_DOCUMENT.name}
    return PolicyKind.SEALED_DOCUMENT if name in documents else PolicyKind.LICENSE


def policy_for(format: LicenseFormat, *, sealed_document: bool = False) -> Policy:
    """The document's kind picks the policy, not the caller."""
    if sealed_document:
        return SEALED_DOCUMENT
    match format:
        case LicenseFormat.JWS:
            return TOKEN
        case LicenseFormat.OFD | LicenseFormat.PDF:
            return SEALED
        case LicenseFormat.PHOTO:
            return PHOTO
        case LicenseFormat.FACTS:
            return RECORD
        case _:
            assert_never(format)
