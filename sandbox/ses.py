"""Writing electronic seals and seal signatures in DER, every field bendable.

GB/T 38540-2020 (v4), GM/T 0031-2014 (v1) and GM/T 0031-2025 (v5). What is signed: by the seal maker
(制章者) the DER of eSealInfo, in v1 of { esealInfo, cert, signatureAlgorithm }; by the signer
(签章者) the DER of TBS_Sign. Only `seal` and `signature` know how many members either has.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum

from sandbox import der, pki
from sandbox.authorities import Unit
from sandbox.bodies import BEIJING
from sandbox.keys import Sm2Key
from sandbox.sm2 import encode_raw, sm3

VERSION = 4


class Layout(Enum):
    """The standard whose structure is written; its value is the version integer."""

    V1 = 1
    """GM/T 0031-2014: two members, signInfo inside one, certificate and algorithm in TBS_Sign."""
    V4 = 4
    """GB/T 38540-2020."""
    V5 = 5
    """GM/T 0031-2025: as v4, and the seal may carry a timestamp over its maker's value."""


SM3_NAME = "SM3"
UNIT_SEAL = 1
"""type: 单位印章."""


class TimeForm(Enum):
    """How a GeneralizedTime is spelled."""

    ZULU = "zulu"
    """20261125010000Z, as the standard says."""
    LOCAL = "local"
    """20261125090000, Beijing time without a zone."""
    SHORT = "short"
    """261125010000Z."""
    UTC = "utc"
    """UTCTime 261125010000Z, as GM/T 0031-2014 says."""

    def write(self, at: datetime) -> bytes:
        match self:
            case TimeForm.ZULU:
                return der.generalized_time(at)
            case TimeForm.LOCAL:
                text = f"{at.astimezone(BEIJING):%Y%m%d%H%M%S}"
            case TimeForm.SHORT:
                text = f"{at.astimezone(UTC):%y%m%d%H%M%S}Z"
            case TimeForm.UTC:
                return der.time(at)
        return der.tlv(der.GENERALIZED_TIME, text.encode())


@dataclass(frozen=True, slots=True)
class Picture:
    """图片 of the seal; width and height in millimetres."""

    type: str
    data: bytes
    width: int = 38
    height: int = 38


Signing = Callable[[bytes], bytes]
"""From the bytes to be signed to the octets of the signature value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealPlan:
    """SESeal, before the maker signs it."""

    id: str
    name: str
    certificates: tuple[bytes, ...]
    """Of those who may use the seal."""
    created: datetime
    valid_from: datetime
    valid_until: datetime
    picture: Picture
    maker: Unit
    vendor: str = "YUNHAI"
    layout: Layout = Layout.V4
    version: int = VERSION
    header_id: str = "ES"
    type: int = UNIT_SEAL
    list_type: int = 1
    """certListType: 1 certificates, 2 digests of certificates."""
    list_as: int | None = None
    """What certList really is, where certListType lies."""
    digest_name: str = SM3_NAME
    algorithm: str = pki.SM2_WITH_SM3
    raw_value: bool = False
    """signedValue as 64 octets r‖s instead of DER."""
    times: TimeForm = TimeForm.ZULU
    extensions: bytes = b""
    """extDatas, whole."""
    signing: Signing | None = None
    """Takes the maker's place."""
    alter: Callable[[bytes], bytes] | None = None
    """Changes eSealInfo after the maker has signed it."""
    signed: Callable[[bytes], bytes] | None = None
    """From eSealInfo to what the maker signs, where it is not what the layout says."""
    stamp: Signing | None = None
    """From the maker's value to a token over it (v5)."""
    more: bytes = b""
    """Further members of SESeal."""

    def following(self, layout: Layout) -> "SealPlan":
        """The same seal by another standard."""
        times = TimeForm.UTC if layout is Layout.V1 else self.times
        return replace(self, layout=layout, version=layout.value, times=times)


def seal(plan: SealPlan) -> bytes:
    """DER of SESeal."""
    info = seal_info(plan)
    by = der.octet_string(plan.maker.certificate), der.oid(plan.algorithm)
    two = plan.layout is Layout.V1
    message = der.sequence(info, *by) if two else info
    if plan.signed is not None:
        message = plan.signed(info)
    value = (plan.signing or signer(plan.maker.key, raw=plan.raw_value))(message)
    written = plan.alter(info) if plan.alter else info
    maker = *by, der.bit_string(value)
    if two:
        return der.sequence(written, der.sequence(*maker), plan.more)
    return der.sequence(written, *maker, token(plan.stamp(value)) if plan.stamp else b"", plan.more)


def token(octets: bytes) -> bytes:
    """TimeStamp [0] EXPLICIT BIT STRING."""
    return der.explicit(0, der.bit_string(octets))


def seal_info(plan: SealPlan) -> bytes:
    """DER of eSealInfo, which the maker signs."""
    header = der.sequence(der.ia5(plan.header_id), der.integer(plan.version), der.ia5(plan.vendor))
    time = plan.times.write
    details = der.sequence(
        der.integer(plan.type),
        der.utf8(plan.name),
        b"" if plan.layout is Layout.V1 else der.integer(plan.list_type),
        _signers(plan),
        time(plan.created),
        time(plan.valid_from),
        time(plan.valid_until),
    )
    picture = der.sequence(
        der.ia5(plan.picture.type),
        der.octet_string(plan.picture.data),
        der.integer(plan.picture.width),
        der.integer(plan.picture.height),
    )
    return der.sequence(header, der.ia5(plan.id), details, picture, plan.extensions)


def _signers(plan: SealPlan) -> bytes:
    if (plan.list_as or plan.list_type) == 1:
        return der.sequence(*map(der.octet_string, plan.certificates))
    digests = (
        der.sequence(der.printable(plan.digest_name), der.octet_string(sm3(certificate)))
        for certificate in plan.certificates
    )
    return der.sequence(*digests)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturePlan:
    """SES_Signature, before it is signed."""

    seal: bytes
    signer: Unit
    at: datetime
    data_hash: bytes
    property_info: str
    layout: Layout = Layout.V4
    version: int = VERSION
    algorithm: str = pki.SM2_WITH_SM3
    raw_value: bool = False
    times: TimeForm = TimeForm.ZULU
    extensions: bytes = b""
    """extDatas of TBS_Sign, whole."""
    signing: Signing | None = None
    """Takes the signer's place."""
    alter: Callable[[bytes], bytes] | None = None
    """Changes TBS_Sign after it was signed."""
    property_raw: bytes | None = None
    """propertyInfo, whole."""
    time_info: bytes | None = None
    """timeInfo of v1, its octets: a token in place of the UTCTime."""
    stamp: Signing | None = None
    """From the signature value to a token over it (v4, v5)."""
    more: bytes = b""
    """Further members of SES_Signature."""

    def following(self, layout: Layout) -> "SignaturePlan":
        """The same act by another standard."""
        times = TimeForm.UTC if layout is Layout.V1 else self.times
        return replace(self, layout=layout, version=layout.value, times=times)


def signature(plan: SignaturePlan) -> bytes:
    """DER of SES_Signature."""
    tbs = to_sign(plan)
    value = (plan.signing or signer(plan.signer.key, raw=plan.raw_value))(tbs)
    written = plan.alter(tbs) if plan.alter else tbs
    if plan.layout is Layout.V1:
        return der.sequence(written, der.bit_string(value), plan.more)
    return der.sequence(
        written,
        *_by(plan),
        der.bit_string(value),
        token(plan.stamp(value)) if plan.stamp else b"",
        plan.more,
    )


def _by(plan: SignaturePlan) -> tuple[bytes, bytes]:
    """Whose certificate, and by which algorithm."""
    return der.octet_string(plan.signer.certificate), der.oid(plan.algorithm)


def to_sign(plan: SignaturePlan) -> bytes:
    """DER of TBS_Sign."""
    scope = der.ia5(plan.property_info) if plan.property_raw is None else plan.property_raw
    if plan.layout is Layout.V1:
        time = plan.times.write(plan.at) if plan.time_info is None else plan.time_info
        return der.sequence(
            der.integer(plan.version),
            plan.seal,
            der.bit_string(time),
            der.bit_string(plan.data_hash),
            scope,
            *_by(plan),
            plan.extensions,
        )
    return der.sequence(
        der.integer(plan.version),
        plan.seal,
        plan.times.write(plan.at),
        der.bit_string(plan.data_hash),
        scope,
        plan.extensions,
    )


def signer(key: pki.SealKey, *, raw: bool) -> Signing:
    """The honest way: SM2 with SM3 and the default id; ECDSA with a P-256 key; RSA with SHA-256."""

    def sign(message: bytes) -> bytes:
        if raw and isinstance(key, Sm2Key):
            return encode_raw(key.private.sign(message, public=key.public))
        return pki.sign(key, message, pki.SM2_WITH_SM3)

    return sign
