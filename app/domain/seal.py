"""电子印章 (electronic seals) and 电子签章数据 (seal signatures) as values.

GM/T 0031-2014 (v1), GB/T 38540-2020 (v4) and GM/T 0031-2025 (v5). The bytes every signature was
made over are kept as received; nothing here is encoded again.
"""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.scheme import Digest


class SealLayout(StrEnum):
    """What the structure says, whatever the version integer says."""

    V1 = "gm/t-0031-2014"
    """Two members: SESeal { info, signInfo }, SES_Signature { toSign, signature }."""
    V4 = "gb/t-38540-2020"
    """Four members and version integer 4."""
    V5 = "gm/t-0031-2025"
    """Four members and version integer 5; a seal may carry a fifth, its timestamp."""


class ValueForm(StrEnum):
    """What SignedValue.dat holds (GM/T 0099-2020 7.2.2)."""

    SEAL = "seal"
    """SES_Signature."""
    CMS = "cms"
    """签名 by GB/T 35275 or RFC 5652, without a seal."""
    BARE = "bare"
    """Nothing but r and s: no certificate, so nobody's."""
    OTHER = "other"


class SealDeviation(StrEnum):
    """Where authentic documents differ from the letter. Tolerated and reported; never guessed."""

    INTEGER_UNSIGNED = "integer_unsigned"
    """r or s has its top bit set and no leading zero: read as the unsigned number it is."""
    INTEGER_NOT_MINIMAL = "integer_not_minimal"
    """r or s with more leading zeros than its sign needs."""
    RAW_SIGNATURE = "raw_signature"
    """r ‖ s in 64 octets where GB/T 35276 asks for SEQUENCE { r, s }."""
    STRIPPED_ZEROS = "stripped_zeros"
    """Trailing zero octets dropped, as an encoder of named bits does."""
    UNUSED_BITS = "unused_bits"
    """A BIT STRING that calls its trailing zero bits unused; read as whole octets."""
    UNUSED_BITS_ARE_LENGTH = "unused_bits_are_length"
    """A BIT STRING whose first octet is the number of octets after it."""
    OCTETS_FOR_BITS = "octets_for_bits"
    """OCTET STRING where a BIT STRING belongs."""
    BITS_FOR_OCTETS = "bits_for_octets"
    """BIT STRING where an OCTET STRING belongs."""
    OTHER_TIME_TYPE = "other_time_type"
    """UTCTime where GeneralizedTime belongs, or the reverse."""
    TWO_DIGIT_YEAR = "two_digit_year"
    """A GeneralizedTime of the form YYMMDDhhmmss."""
    LOCAL_TIME = "local_time"
    """A time without zone: read as 北京时间, UTC+8."""
    TIME_OFFSET = "time_offset"
    """A time with +0800 in place of Z."""
    TIME_AS_TEXT = "time_as_text"
    """v1 timeInfo as plain text instead of a UTCTime or a token."""
    OTHER_INTEGER_IN_V1 = "other_integer_in_v1"
    """The layout of 2014 with version integer 2 or 4."""
    DEFAULT_ENCODED = "default_encoded"
    """`critical FALSE` written out."""
    UNTAGGED_EXTENSIONS = "untagged_extensions"
    """extDatas as a plain SEQUENCE instead of [0]."""
    INDEFINITE_LENGTH = "indefinite_length"
    """A stored seal with containers of indefinite length; its maker signed it in that form."""
    KEY_ALGORITHM = "key_algorithm"
    """1.2.156.10197.1.301.1 (SM2 signing key) where the signature algorithm .501 belongs."""
    CMS_ALGORITHM = "cms_algorithm"
    """The object identifier of a GB/T 35275 message where the signature algorithm belongs."""
    DIGEST_NAME = "digest_name"
    """A digest in the signer list named otherwise than by SM3 or its object identifier."""


@dataclass(frozen=True, slots=True)
class CertificateDigest:
    """One entry of CertDigestList (certListType 2)."""

    algorithm: Digest
    value: bytes


@dataclass(frozen=True, slots=True)
class SealPicture:
    """印章图像. Sizes in millimetres."""

    type: str
    data: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SealExtension:
    """One entry of ExtensionDatas (自定义数据)."""

    id: str
    """Dotted object identifier."""
    critical: bool
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """SESeal: who may seal with what, until when, by the word of a seal maker (制章者)."""

    layout: SealLayout
    version: int
    """header.version as written."""
    vendor: str
    """header.Vid."""
    id: str
    """esID, 印章标识; of public-security seals the 14-digit 印章编码."""
    type: int
    """1 单位印章, 2 个人印章; other values are vendors' and regions' own."""
    name: str
    certificates: tuple[bytes, ...] = field(repr=False)
    """Certificates that may use the seal, DER (certListType 1, and v1)."""
    digests: tuple[CertificateDigest, ...]
    """Digests of such certificates (certListType 2)."""
    created: datetime
    valid_from: datetime
    valid_until: datetime
    picture: SealPicture
    extensions: tuple[SealExtension, ...]
    info: bytes = field(repr=False)
    """eSealInfo as received."""
    message: bytes = field(repr=False)
    """What the maker signed: eSealInfo (v4, v5), or SEQUENCE { info, cert, algorithm } (v1)."""
    maker_certificate: bytes = field(repr=False)
    maker_algorithm: str
    """Dotted object identifier as written."""
    maker_value: bytes = field(repr=False)
    """Octets of the signature value, not yet normalised."""
    timestamp: bytes | None = field(repr=False)
    """GB/T 20520 token over the maker's value (v5)."""
    raw: bytes = field(repr=False)
    """SESeal as received."""
    sha256: str
    """Fingerprint: SHA-256 of eSealInfo as received, hexadecimal. Of what the maker signed, so that
    nobody else can write the same seal with another."""
    deviations: frozenset[SealDeviation]

    @property
    def names(self) -> frozenset[str]:
        """Under which a list of seals may know it: its id, where that can be compared, and its
        fingerprint.
        """
        name = comparable(self.id)
        return frozenset({by_fingerprint(self.sha256), *([] if name is None else [name])})


@dataclass(frozen=True, slots=True, kw_only=True)
class SealSignature:
    """SES_Signature: one act of sealing (签章)."""

    layout: SealLayout
    version: int
    """TBS_Sign.version as written."""
    seal: Seal
    time: datetime | None
    """timeInfo; None where v1 carries a token there."""
    time_token: bytes | None = field(repr=False)
    """v1: the timestamp token in timeInfo."""
    data_hash: bytes
    """dataHash: the digest of Signature.xml as stored."""
    property_info: str
    """propertyInfo: 签名保护范围, normally the path of Signature.xml."""
    extensions: tuple[SealExtension, ...]
    message: bytes = field(repr=False)
    """TBS_Sign as received: what the signer signed."""
    certificate: bytes = field(repr=False)
    """签章者证书, DER."""
    algorithm: str
    """Dotted object identifier as written."""
    value: bytes = field(repr=False)
    """Octets of the signature value, not yet normalised."""
    timestamp: bytes | None = field(repr=False)
    """GB/T 20520 token over the signature value (v4, v5)."""
    raw: bytes = field(repr=False)
    deviations: frozenset[SealDeviation]
    """Of the signature alone; the seal has its own."""


def comparable(id: str) -> str | None:
    """The one spelling under which an esID (印章标识) is compared; None: it cannot be.

    Authentic ids are 14 digits, a GUID in either case, with or without braces and hyphens, or a
    vendor's own text, and a list of seals need not write one as the seal maker did. Only the
    letters and digits of an IA5String count, in any width and case: two seals taken for one are
    looked into by somebody, one seal taken for two would let a cancelled seal pass. Control and
    other unseen characters are in nobody's id.
    """
    if any(unicodedata.category(letter).startswith("C") for letter in id):
        return None
    folded = unicodedata.normalize("NFKC", id).casefold()
    return "".join(each for each in folded if each.isascii() and each.isalnum()) or None


def by_fingerprint(sha256: str) -> str:
    """The name of a seal that a list writes as `sha256:` and 64 hexadecimal digits."""
    return f"sha256{sha256}"
