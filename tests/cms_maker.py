"""A maker of SignedData and timestamp tokens, with the sandbox's encoder; every part can be replaced.

The defaults make what is accepted: GB/T 35275 by SM2, signed attributes, detached.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha1, sha3_256, sha256, sha384, sha512

from sandbox import der
from sandbox.sm2 import sm3
from tests.pki import NOW, Key, generalized, utc

GM, PKCS7, PKCS9 = "1.2.156.10197.6.1.4.2.", "1.2.840.113549.1.7.", "1.2.840.113549.1.9."
GM_DATA, DATA, TST_INFO = GM + "1", PKCS7 + "1", PKCS9 + "16.1.4"
GM_SIGNED, SIGNED = GM + "2", PKCS7 + "2"
SM3, SHA256, SHA512, SHA1 = (
    "1.2.156.10197.1.401",
    "2.16.840.1.101.3.4.2.1",
    "2.16.840.1.101.3.4.2.3",
    "1.3.14.3.2.26",
)
SHA384 = "2.16.840.1.101.3.4.2.2"
SHA3_256 = "2.16.840.1.101.3.4.2.8"
"""Known to the world, and to no table of ours."""
HASHES: dict[str, Callable[[bytes], bytes]] = {
    SM3: sm3,
    SHA256: lambda data: sha256(data).digest(),
    SHA512: lambda data: sha512(data).digest(),
    SHA384: lambda data: sha384(data).digest(),
    SHA3_256: lambda data: sha3_256(data).digest(),
    SHA1: lambda data: sha1(data).digest(),
}
SM2_SIGN, RSA = "1.2.156.10197.1.301.1", "1.2.840.113549.1.1.1"
NULL = der.tlv(der.NULL, b"")
TOKEN = PKCS9 + "16.2.14"


def algorithm(oid: str, *parameters: bytes) -> bytes:
    return der.sequence(der.oid(oid), *parameters)


def attribute(oid: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(oid), der.tlv(0x31, b"".join(values)))


def content_type(oid: str = GM_DATA) -> bytes:
    return attribute(PKCS9 + "3", der.oid(oid))


def message_digest(value: bytes) -> bytes:
    return attribute(PKCS9 + "4", der.octet_string(value))


def signing_time(at: datetime = NOW) -> bytes:
    return attribute(PKCS9 + "5", utc(at))


def certificate_v2(certificate: bytes, digest: str = SHA256) -> bytes:
    """SigningCertificateV2 of one ESSCertIDv2."""
    value = der.octet_string(HASHES[digest](certificate))
    named = b"" if digest == SHA256 else algorithm(digest)
    return attribute(PKCS9 + "16.2.47", der.sequence(der.sequence(der.sequence(named, value))))


def certificate_v1(certificate: bytes) -> bytes:
    value = der.octet_string(sha1(certificate).digest())
    return attribute(PKCS9 + "16.2.12", der.sequence(der.sequence(der.sequence(value))))


def issuer_and_serial(certificate: bytes) -> bytes:
    """Out of a certificate of `tests.pki`: version, serial, algorithm, issuer."""
    members = children(children(certificate)[0])
    return der.sequence(members[3], members[1])


def children(value: bytes) -> list[bytes]:
    """The values inside a constructed one, for what this maker made itself."""
    body = value[_header(value) :]
    found = []
    while body:
        size = _header(body) + _length(body)
        found.append(body[:size])
        body = body[size:]
    return found


def _header(value: bytes) -> int:
    return 2 + (value[1] & 0x7F if value[1] & 0x80 else 0)


def _length(value: bytes) -> int:
    if value[1] & 0x80:
        return int.from_bytes(value[2 : _header(value)], "big")
    return value[1]


@dataclass
class CmsMaker:
    """One SignedData; a field that is None is made from the others."""

    key: Key
    certificate: bytes
    outside: bytes = b"<Signature/>"
    """The content where nothing is encapsulated."""
    family: str = GM_SIGNED
    type: str = GM_DATA
    inside: bytes | None = None
    """eContent."""
    digest: str = SM3
    announced: Iterable[str] | None = None
    algorithm: bytes = algorithm(SM2_SIGN, NULL)
    attributes: list[bytes] | None = field(default_factory=list)
    """Signed attributes; empty: the usual ones; None: none at all."""
    sort: bool = True
    certificates: list[bytes] | None = None
    signer: bytes | None = None
    """SignerInfo, whole."""
    signers: int = 1
    version: int = 1
    signer_version: int = 1
    sid: bytes | None = None
    unsigned: list[bytes] = field(default_factory=list)
    value: Callable[[bytes], bytes] = bytes
    """What becomes of the signature value."""
    stamp: Callable[[bytes], bytes] | None = None
    """From the signature value to a timestamp token."""
    signed: Callable[[bytes], bytes] = bytes
    """What becomes of the message before it is signed."""

    def hash(self, data: bytes) -> bytes:
        return HASHES[self.digest](data)

    def usual(self) -> list[bytes]:
        about = self.outside if self.inside is None else self.inside
        return [content_type(self.type), signing_time(), message_digest(self.hash(about))]

    def signer_info(self) -> bytes:
        about = self.outside if self.inside is None else self.inside
        attributes, message = b"", about
        if self.attributes is not None:
            listed = self.attributes or self.usual()
            body = b"".join(sorted(listed) if self.sort else listed)
            attributes, message = der.tlv(0xA0, body), der.tlv(0x31, body)
        value = self.value(self.key.sign(self.signed(message)))
        unsigned = [*self.unsigned]
        if self.stamp is not None:
            unsigned.append(attribute(TOKEN, self.stamp(value)))
        return der.sequence(
            der.integer(self.signer_version),
            self.sid or issuer_and_serial(self.certificate),
            algorithm(self.digest, NULL),
            attributes,
            self.algorithm,
            der.octet_string(value),
            der.tlv(0xA1, b"".join(unsigned)) if unsigned else b"",
        )

    def make(self) -> bytes:
        inside = b"" if self.inside is None else der.tlv(0xA0, der.octet_string(self.inside))
        held = [self.certificate] if self.certificates is None else self.certificates
        announced = [self.digest] if self.announced is None else self.announced
        signer = self.signer or (self.signer_info() if self.signers else b"")
        data = der.sequence(
            der.integer(self.version),
            der.tlv(0x31, b"".join(algorithm(oid, NULL) for oid in announced)),
            der.sequence(der.oid(self.type), inside),
            der.tlv(0xA0, b"".join(held)) if held else b"",
            der.tlv(0x31, signer * self.signers),
        )
        return der.sequence(der.oid(self.family), der.tlv(0xA0, data))


@dataclass
class Tsa:
    """A timestamp service (GB/T 20520, RFC 3161)."""

    key: Key
    certificate: bytes
    digest: str = SM3
    imprint_digest: str = SM3
    algorithm: bytes = algorithm(SM2_SIGN, NULL)
    time: bytes = generalized(NOW)
    accuracy: bytes = b""
    tail: bytes = b""
    """After accuracy: ordering, nonce, tsa, extensions."""
    imprint: bytes | None = None
    type: str = TST_INFO
    version: int = 1
    attributes: Callable[[CmsMaker], list[bytes]] | None = None
    certificates: list[bytes] | None = None
    signed: Callable[[bytes], bytes] = bytes

    def info(self, value: bytes) -> bytes:
        """TSTInfo over `value`."""
        imprint = HASHES[self.imprint_digest](value) if self.imprint is None else self.imprint
        return der.sequence(
            der.integer(self.version),
            der.oid("1.2.3.4.1"),
            der.sequence(algorithm(self.imprint_digest, NULL), der.octet_string(imprint)),
            der.integer(20260601),
            self.time,
            self.accuracy,
            self.tail,
        )

    def token(self, value: bytes) -> bytes:
        maker = CmsMaker(
            self.key,
            self.certificate,
            family=SIGNED,
            type=self.type,
            inside=self.info(value),
            digest=self.digest,
            algorithm=self.algorithm,
            certificates=self.certificates,
            version=3,
            signed=self.signed,
        )
        maker.attributes = (
            self.attributes(maker)
            if self.attributes
            else [*maker.usual(), certificate_v2(self.certificate)]
        )
        return maker.make()


SECOND = timedelta(seconds=1)


def b64(data: bytes) -> bytes:
    return b64encode(data)
