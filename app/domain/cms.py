"""签名 without a seal: SignedData of GB/T 35275-2017 and RFC 5652, as values.

The bytes that were signed are kept as received. Certificates inside are candidates: the signer's by
its issuer and serial number, all others at most steps on a path, trusted for nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.scheme import Digest


class CmsFamily(StrEnum):
    """Whose object identifiers the container is written in."""

    GM = "gb/t-35275"
    RFC = "rfc-5652"


class CmsContent(StrEnum):
    """What is encapsulated, told by its shape alone (standards §3.7)."""

    DETACHED = "detached"
    """Nothing: the content is elsewhere."""
    DIGEST = "digest"
    """The octets of the content's digest."""
    DIGEST_TEXT = "digest_text"
    """The digest in base64."""
    WHOLE = "whole"
    """The content itself."""


class CmsDeviation(StrEnum):
    """Where authentic containers differ from the letter. Tolerated and reported; never guessed."""

    INDEFINITE_LENGTH = "indefinite_length"
    """Containers of indefinite length, and content in pieces, around parts that are DER."""
    ATTRIBUTES_UNSORTED = "attributes_unsorted"
    """signedAttrs not in the order of DER (X.690 §11.6), and signed in the order they stand in."""
    CONTENT_TYPE_FAMILY = "content_type_family"
    """`data` of one family in eContentType, and of the other in the attribute contentType."""
    SIGNATURE_ALGORITHM = "signature_algorithm"
    """1.2.156.10197.1.501 (SM2 with SM3) where GB/T 35275 asks for 1.2.156.10197.1.301.1."""
    DIGEST_NOT_ANNOUNCED = "digest_not_announced"
    """The signer's digest algorithm is missing from digestAlgorithms (RFC 5652 §5.1)."""


@dataclass(frozen=True, slots=True)
class CertificateReference:
    """ESSCertID or ESSCertIDv2 (RFC 5035): which certificate the signer says is its own."""

    algorithm: Digest | None
    """None: a digest nobody here knows."""
    value: bytes
    issuer: bytes | None = field(default=None, repr=False)
    """DER of the issuer's name, where issuerSerial gives it."""
    serial: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CmsAttributes:
    """signedAttrs, which are signed in place of the content."""

    message: bytes = field(repr=False)
    """The attributes as the SET OF that was signed (RFC 5652 §5.4)."""
    content_type: str
    digest: bytes
    """messageDigest: of what is encapsulated, or of the content elsewhere."""
    time: datetime | None
    """signingTime: the signer's claim."""
    certificate: CertificateReference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CmsSignature:
    """SignedData with its one SignerInfo."""

    family: CmsFamily
    version: int
    """SignedData.version as written."""
    content_type: str
    """eContentType, dotted."""
    form: CmsContent
    content: bytes | None = field(repr=False)
    """What is encapsulated."""
    attributes: CmsAttributes | None
    digest: Digest | None
    """None: an object identifier nobody here knows."""
    algorithm: str
    """signatureAlgorithm (digestEncryptionAlgorithm), dotted."""
    parameters: bytes | None = field(repr=False)
    certificate: bytes | None = field(repr=False)
    """DER; None: the container does not hold the signer's certificate."""
    intermediates: tuple[bytes, ...] = field(repr=False)
    """DER of the other certificates."""
    value: bytes = field(repr=False)
    """Octets of the signature value, not yet normalised."""
    timestamp: bytes | None = field(repr=False)
    """Token over the value, from the attribute id-aa-timeStampToken (RFC 3161, appendix A)."""
    raw: bytes = field(repr=False)
    """As received."""
    deviations: frozenset[CmsDeviation]

    @property
    def time(self) -> datetime | None:
        return self.attributes.time if self.attributes else None
