"""Certificates, trust anchors, revocation lists and what a path said, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from app.domain.scheme import Scheme


class Purpose(StrEnum):
    """What an operator trusts an anchor for; for other purposes it does not exist."""

    LICENSE_SEAL = "license-seal"
    """电子证照印章: it certifies those who seal and sign licenses."""
    SEALED_DOCUMENT = "sealed-document"
    """合同、发票、证明: it certifies those who seal and sign documents that are no licenses."""
    SEAL_MAKER = "seal-maker"
    """制章者: it certifies makers of seals and nobody else, or is one maker's certificate."""
    TSA = "tsa"
    """时间戳服务."""


class KeyUsage(StrEnum):
    """RFC 5280 §4.2.1.3, GB/T 20518 §5.2.4.2.3; in the order of the bits."""

    DIGITAL_SIGNATURE = "digital_signature"
    NON_REPUDIATION = "non_repudiation"
    KEY_ENCIPHERMENT = "key_encipherment"
    DATA_ENCIPHERMENT = "data_encipherment"
    KEY_AGREEMENT = "key_agreement"
    KEY_CERT_SIGN = "key_cert_sign"
    CRL_SIGN = "crl_sign"
    ENCIPHER_ONLY = "encipher_only"
    DECIPHER_ONLY = "decipher_only"


class CertificateDeviation(StrEnum):
    """Where a certificate differs from RFC 5280 and DER, and is read all the same."""

    VERSION = "version"
    """v1 or v2: no extensions, hence no key usage to rely on."""
    SERIAL_NEGATIVE = "serial_negative"
    SERIAL_ZERO = "serial_zero"
    SERIAL_NOT_MINIMAL = "serial_not_minimal"
    SERIAL_LONG = "serial_long"
    """More than 20 octets."""
    ALGORITHMS_DIFFER = "algorithms_differ"
    """signatureAlgorithm outside is not signature inside."""
    DUPLICATE_EXTENSION = "duplicate_extension"
    UNKNOWN_CRITICAL = "unknown_critical"
    """A critical extension this service does not process."""
    DEFAULT_ENCODED = "default_encoded"
    """`critical FALSE` or `cA FALSE` written out."""
    UNUSED_BITS = "unused_bits"
    """A key usage whose unused bits are not what DER would write."""
    NAME_TEXT = "name_text"
    """A name with octets outside the alphabet of its string type."""
    TIME_FORM = "time_form"
    """A GeneralizedTime before 2050, where RFC 5280 §4.1.2.5 wants UTCTime."""
    EXTENSION_UNREADABLE = "extension_unreadable"
    """A non-critical extension that informs only, and cannot be read."""


FATAL_DEVIATIONS = frozenset(
    {
        CertificateDeviation.VERSION,
        CertificateDeviation.SERIAL_NEGATIVE,
        CertificateDeviation.SERIAL_ZERO,
        CertificateDeviation.SERIAL_LONG,
        CertificateDeviation.ALGORITHMS_DIFFER,
        CertificateDeviation.DUPLICATE_EXTENSION,
        CertificateDeviation.UNKNOWN_CRITICAL,
    }
)
"""Read and shown, but no path leads through such a certificate (threats CRT-09)."""


@dataclass(frozen=True, slots=True)
class NameAttribute:
    """One attribute of a distinguished name: its dotted OID and bounded text."""

    type: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What is read of a certificate. Text is for people; decisions rest on keys and octets."""

    der: bytes = field(repr=False)
    sha256: str
    """Fingerprint, hexadecimal."""
    sm3: str
    serial: int
    subject: tuple[NameAttribute, ...] = field(repr=False)
    issuer: tuple[NameAttribute, ...] = field(repr=False)
    subject_raw: bytes = field(repr=False)
    issuer_raw: bytes = field(repr=False)
    organisation_codes: tuple[str, ...]
    """统一社会信用代码 candidates, for routing and for people: of extensions, then O, then OU."""
    certified_codes: tuple[str, ...]
    """Those in the extensions meant for them (GB/T 20518, GM/T 0015-2023)."""
    named_codes: tuple[str, ...]
    """Those in O and organizationIdentifier, which count only where an authority verifies O."""
    spki: bytes = field(repr=False)
    scheme: Scheme | None
    """Of the key, where its type fixes one; None: the key alone does not tell, or is not ours."""
    not_before: datetime
    not_after: datetime
    key_usage: frozenset[KeyUsage] | None
    """None: the extension is absent."""
    extended_key_usage: frozenset[str] | None
    """Dotted OIDs; None: the extension is absent."""
    extended_key_usage_critical: bool
    is_ca: bool
    path_length: int | None
    key_id: bytes | None
    authority_key_id: bytes | None
    crl_points: tuple[str, ...] = field(repr=False)
    """CRL distribution points as text. Never dereferenced from here."""
    signature_oid: str
    """signatureAlgorithm, outside."""
    signature_parameters: bytes | None = field(repr=False)
    """Their DER; None: absent."""
    message: bytes = field(repr=False)
    """tbsCertificate as received."""
    value: bytes = field(repr=False)
    """Octets of the signature value."""
    deviations: frozenset[CertificateDeviation]

    def valid_at(self, at: datetime) -> bool:
        """Whether `at` lies within its own dates, both included (RFC 5280 §4.1.2.5)."""
        return self.not_before <= at <= self.not_after


class Role(StrEnum):
    """What a certificate is used as."""

    SIGNER = "signer"
    """签章者."""
    MAKER = "maker"
    """制章者."""
    TSA = "tsa"


class RoleFinding(StrEnum):
    """Whether a certificate may act in a role (GB/T 20518, 双证书)."""

    FITS = "fits"
    ENCRYPTION_CERTIFICATE = "encryption_certificate"
    """加密证书 of a certificate pair: its key is escrowed, so it proves nobody's act."""
    NO_SIGNING_USAGE = "no_signing_usage"
    """Neither digitalSignature nor nonRepudiation, nor an encryption certificate."""
    KEY_USAGE_ABSENT = "key_usage_absent"
    """Nothing tells which certificate of the pair this is."""
    IS_CA = "is_ca"
    OTHER_PURPOSE = "other_purpose"
    """Extended key usage names only purposes that are not signing documents."""
    NO_TIME_STAMPING = "no_time_stamping"
    """A TSA without the critical, only purpose id-kp-timeStamping (RFC 3161 §2.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A certification authority the operator registered, for these purposes and no others.

    Or one seal maker's own certificate, for SEAL_MAKER: an authority that certifies signers and
    makers alike cannot be registered for makers, or each signer could make seals for itself.
    """

    fingerprint: str
    """SHA-256 of `der`, hexadecimal."""
    der: bytes = field(repr=False)
    purposes: frozenset[Purpose]
    region: str | None = None
    """Six digits of GB/T 2260, or None: any."""
    since: datetime
    until: datetime | None = None
    """Excluded; None: open."""
    egov_ca: bool | None = None
    """电子政务电子认证服务机构; None: unknown. One that is known to be none vouches for no seal of
    a license, whatever it was registered for (商用密码管理条例 29)."""
    organisation_verified: bool = False
    """It verifies the organisation codes it writes into O; otherwise O is what the subject chose,
    and names nobody."""

    def serves(self, purpose: Purpose) -> bool:
        """Whether it counts for the purpose."""
        barred = purpose is Purpose.LICENSE_SEAL and self.egov_ca is False
        return purpose in self.purposes and not barred

    def in_window(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


class NameGap(StrEnum):
    """Why a certificate under a registered authority names no body."""

    NO_CODE = "no_code"
    """No 统一社会信用代码 anywhere."""
    NOT_VERIFIED = "not_verified"
    """A code stands only where subjects write what they like: O of an authority that is not known
    to verify it, OU always."""
    SEVERAL = "several_codes"
    OUTSIDE_REGION = "outside_region"
    """The body is registered where this authority vouches for nobody."""


@dataclass(frozen=True, slots=True)
class Named:
    """Whom the authority at the end of a path vouches for (CRT-11), or why for nobody."""

    organisation: str | None = None
    """统一社会信用代码."""
    gap: NameGap | None = NameGap.NO_CODE

    def __post_init__(self) -> None:
        if (self.organisation is None) != (self.gap is not None):
            raise ValueError("a gap is said where no organisation is, and nowhere else")


NOBODY = Named()


class Chain(StrEnum):
    """Is there a path to a registered anchor with the purpose, at the moment? Revocation aside."""

    ANCHORED = "anchored"
    NO_ANCHOR = "no_anchor"
    """No path to any anchor registered for the purpose: a trust gap, whatever is brought along."""
    WRONG_ROLE = "wrong_role"
    EXPIRED = "expired"
    """The leaf or an authority above it, at the moment."""
    NOT_YET_VALID = "not_yet_valid"
    ANCHOR_OUT_OF_WINDOW = "anchor_out_of_window"
    BAD_SIGNATURE = "bad_signature"
    """An issuer is known by name and did not sign this. It may have another key by now, so this
    proves no forgery: a trust gap like `NO_ANCHOR`."""
    WEAK_ALGORITHM = "weak_algorithm"
    MALFORMED = "malformed"
    """A certificate on the way is not one to rely on (threats CRT-09)."""
    CONSTRAINTS = "constraints"
    """Basic constraints, path length, names, policies or key usage of an authority forbid it."""
    TOO_COMPLEX = "too_complex"
    """The search reached its limits before it found a path."""


LED_TO_AN_ANCHOR = frozenset({Chain.ANCHORED, Chain.EXPIRED, Chain.NOT_YET_VALID, Chain.WRONG_ROLE})
"""Every signature up to a registered anchor held; what else is wrong is for other checks."""


class RevocationState(StrEnum):
    """What is known of revocation."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class RevocationGap(StrEnum):
    """Why revocation is unknown."""

    NO_LIST = "no_list"
    STALE = "stale"
    FROM_FUTURE = "from_future"
    NO_NEXT_UPDATE = "no_next_update"
    BEFORE_ISSUE = "before_issue"
    """The list is older than the certificate."""
    AFTER_EXPIRY = "after_expiry"
    """The list is younger than the certificate's end: entries may be gone (RFC 5280 §3.3)."""
    DELTA = "delta"
    INDIRECT = "indirect"
    PARTIAL = "partial"
    """The list is for other certificates, or for some reasons only (RFC 5280 §5.2.5)."""
    HELD_AND_REMOVED = "held_and_removed"
    """A complete list that says removeFromCRL, which only deltas may."""
    UNKNOWN_CRITICAL = "unknown_critical"
    BAD_SIGNATURE = "bad_signature"
    RESPONDER = "responder"
    """An OCSP response by somebody this authority did not certify for it."""
    UNKNOWN_TO_RESPONDER = "unknown_to_responder"
    """The responder does not know the certificate."""
    NO_CRL_SIGN = "no_crl_sign"
    """The authority may not sign lists."""
    NOT_CONFIRMED = "not_confirmed"
    """Our reading says good and the path validator does not: not good enough."""
    TOO_COMPLEX = "too_complex"
    """More signatures than the search may check."""
    NO_PATH = "no_path"
    """Without a path there is nobody whose list would count."""


class RevocationReason(StrEnum):
    """CRLReason (RFC 5280 §5.3.1)."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key_compromise"
    CA_COMPROMISE = "ca_compromise"
    AFFILIATION_CHANGED = "affiliation_changed"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessation_of_operation"
    CERTIFICATE_HOLD = "certificate_hold"
    REMOVE_FROM_CRL = "remove_from_crl"
    PRIVILEGE_WITHDRAWN = "privilege_withdrawn"
    AA_COMPROMISE = "aa_compromise"
    UNKNOWN = "unknown"
    """A code or an entry extension this service does not know; revoked all the same."""
    ABSENT = "absent"
    """No reason is given, which is not the same as `UNSPECIFIED` (RFC 3161 §4)."""


COMPROMISED = frozenset(
    {
        RevocationReason.KEY_COMPROMISE,
        RevocationReason.CA_COMPROMISE,
        RevocationReason.AA_COMPROMISE,
    }
)
"""Somebody else may have signed, at whatever time he liked."""
ORDERLY = frozenset(
    {
        RevocationReason.UNSPECIFIED,
        RevocationReason.AFFILIATION_CHANGED,
        RevocationReason.SUPERSEDED,
        RevocationReason.CESSATION_OF_OPERATION,
    }
)
"""What RFC 3161 §4 item 1 names for a service that ends with its key safe: 0, 3, 4, 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """The word on a whole path: the worst that is known of any certificate below the anchor."""

    state: RevocationState
    certificate: str | None = None
    """SHA-256 of the certificate this is about; None when all are good."""
    at: datetime | None = None
    """Revoked: since when."""
    reason: RevocationReason | None = None
    why: RevocationGap | None = None
    """Unknown: why."""
    good_until: datetime | None = None
    """Good: the earliest nextUpdate of the lists used; None where nothing can be revoked."""

    def __post_init__(self) -> None:
        revoked = self.state is RevocationState.REVOKED
        unknown = self.state is RevocationState.UNKNOWN
        if revoked != (self.at is not None) or revoked != (self.reason is not None):
            raise ValueError("a date and a reason belong to a revocation, and to nothing else")
        if unknown != (self.why is not None):
            raise ValueError("what is unknown says why, and nothing else does")


def gravest(revoked: Sequence[Revocation]) -> Revocation:
    """Of several words on one revocation the earliest, with the gravest reason any of them gives.

    A list may first say superseded, and a later one compromised.
    """
    first = min(revoked, key=lambda each: (each.at is None, each.at))
    reasons = [each.reason for each in (first, *revoked) if each.reason is not None]
    return replace(first, reason=max(reasons, key=_gravity))


def _gravity(reason: RevocationReason) -> int:
    if reason in COMPROMISED:
        return 2
    return 0 if reason in ORDERLY else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFact:
    """What a path search found, fit to be kept and judged again."""

    purpose: Purpose
    role: Role
    moment: datetime
    """The time certificates were judged at."""
    fresh_at: datetime
    """The time revocation lists had to be fresh at."""
    certificate: str
    """SHA-256 of the leaf."""
    chain: Chain
    role_finding: RoleFinding
    path: tuple[str, ...] = ()
    """SHA-256 from the leaf to the anchor, both included; empty without a path."""
    anchor: str | None = None
    revocation: Revocation
    named: Named = NOBODY
    """Whom the registered authority vouches for; also where dates or the leaf's role are wrong."""
    anchored_until: datetime | None = None
    """Of a valid path: the end of the anchor's registration (or of a registered maker's, if that is
    sooner); None: open. What is first seen after it was not seen while anybody trusted it."""
    signature_checks: int = 0
    algorithms: tuple[Scheme | None, ...] = ()
    """By which each certificate of the path is signed, but for the anchor itself: it is trusted by
    its registration, not by a signature. None: not in the table; empty: not noted, or no path."""
    revocation_algorithms: tuple[Scheme | None, ...] = ()
    """Of the lists and responses by which all below the anchor are good; empty: not noted."""

    def __post_init__(self) -> None:
        anchored = self.chain is Chain.ANCHORED
        if anchored != (self.anchor is not None) or anchored != bool(self.path):
            raise ValueError(
                "a path and an anchor belong to an anchored chain, and to nothing else"
            )
        if not anchored and self.revocation.state is RevocationState.GOOD:
            raise ValueError("nothing is known to be good without a path")
        if self.named.organisation is not None and self.chain not in LED_TO_AN_ANCHOR:
            raise ValueError("without a registered authority nobody is named")

    @property
    def good_until(self) -> datetime | None:
        """How long the word on revocation holds."""
        return self.revocation.good_until


@dataclass(frozen=True, slots=True)
class RevokedEntry:
    """One line of a list."""

    at: datetime
    reason: RevocationReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Crl:
    """证书撤销列表 (GB/T 20518, RFC 5280 §5), read and not yet verified."""

    der: bytes = field(repr=False)
    sha256: str
    issuer_raw: bytes = field(repr=False)
    this_update: datetime
    next_update: datetime | None
    number: int | None
    entries: Mapping[int, RevokedEntry] = field(repr=False, compare=False)
    """Serial → when and why."""
    authority_key_id: bytes | None
    delta: bool
    indirect: bool
    """Says so itself, or an entry names another issuer."""
    points: tuple[str, ...] | None = field(repr=False)
    """The distribution points it is for, as text (issuing distribution point); None: all."""
    only_users: bool
    only_authorities: bool
    partial: bool
    """Only some reasons, only attribute certificates, or a scope that cannot be read."""
    unknown_critical: bool
    """A critical extension, of the list or of an entry, that is not processed."""
    expired_certificates_since: datetime | None
    """expiredCertsOnCRL (X.509 §9.5.2.8): entries stay after expiry from this date on."""
    signature_oid: str
    signature_parameters: bytes | None = field(repr=False)
    message: bytes = field(repr=False)
    """tbsCertList as received."""
    message_sha256: bytes = field(repr=False)
    value: bytes = field(repr=False)
