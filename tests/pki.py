"""A small certificate factory: SM2 and classic authorities, certificates, lists and seals.

Written with the sandbox's encoder and SM2, which share nothing with what is tested. Every knob that a
test of a refusal needs is a keyword; the defaults make something that is accepted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from app.domain.certificate import Anchor, Purpose
from sandbox import der, sm2

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
SM2_OID, ECDSA_OID, RSA_OID = (
    "1.2.156.10197.1.501",
    "1.2.840.10045.4.3.2",
    "1.2.840.113549.1.1.11",
)
SIGNING = ("digital_signature", "non_repudiation")
ENCRYPTION = ("key_encipherment", "data_encipherment", "key_agreement")
AUTHORITY = ("key_cert_sign", "crl_sign")
BITS = (*SIGNING, *ENCRYPTION, *AUTHORITY)
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"


@dataclass(frozen=True)
class Key:
    """A key pair: its SPKI, its signature AlgorithmIdentifier, and how it signs."""

    spki: bytes
    algorithm: bytes
    sign: Callable[[bytes], bytes]

    @property
    def key_id(self) -> bytes:
        return sha1(self.spki).digest()


def sm2_key(number: int) -> Key:
    """The same key for the same number."""
    private = sm2.PrivateKey(
        int.from_bytes(sha256(b"%d" % number).digest(), "big") % (sm2.N - 2) + 1
    )
    public = private.public()

    def sign(message: bytes) -> bytes:
        return sm2.encode_der(private.sign(message, public=public))

    return Key(public.spki(), der.sequence(der.oid(SM2_OID)), sign)


def _spki(private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def ecdsa_key() -> Key:
    private = ec.generate_private_key(ec.SECP256R1())
    algorithm = der.sequence(der.oid(ECDSA_OID))
    return Key(_spki(private), algorithm, lambda m: private.sign(m, ec.ECDSA(hashes.SHA256())))


def rsa_key(bits: int = 2048, oid: str = RSA_OID) -> Key:
    private = rsa.generate_private_key(65537, bits)
    digest = {
        "1.2.840.113549.1.1.5": hashes.SHA1(),
        "1.2.840.113549.1.1.12": hashes.SHA384(),
    }.get(oid, hashes.SHA256())
    algorithm = der.sequence(der.oid(oid), der.tlv(der.NULL, b""))
    return Key(_spki(private), algorithm, lambda m: private.sign(m, padding.PKCS1v15(), digest))


# ---- parts ----


def utc(at: datetime) -> bytes:
    if at.year >= 2050:
        return generalized(at)
    return der.tlv(0x17, at.strftime("%y%m%d%H%M%SZ").encode())


def generalized(at: datetime) -> bytes:
    return der.tlv(0x18, at.strftime("%Y%m%d%H%M%SZ").encode())


def name(common: str, *more: tuple[str, bytes]) -> bytes:
    """C=CN, then what is given, then CN."""
    pairs = [
        ("2.5.4.6", der.tlv(0x13, b"CN")),
        *more,
        ("2.5.4.3", der.tlv(0x0C, common.encode())),
    ]
    return der.sequence(
        *(der.tlv(0x31, der.sequence(der.oid(kind), value)) for kind, value in pairs)
    )


def utf8(text: str) -> bytes:
    return der.tlv(0x0C, text.encode())


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = der.tlv(0x01, b"\xff") if critical else b""
    return der.sequence(der.oid(oid), flag, der.octet_string(value))


def organisation_extension(code: str) -> bytes:
    """组织机构代码 as GB/T 20518 has it in signing certificates of bodies."""
    return extension("1.2.156.10260.4.1.4", utf8(code))


def usage_bits(usage: Iterable[str]) -> bytes:
    number = sum(0x80 >> BITS.index(bit) for bit in set(usage))
    unused = (number & -number).bit_length() - 1 if number else 0
    return der.tlv(0x03, bytes((unused, number)) if number else b"\0")


def crl_points(*uris: str) -> bytes:
    names = b"".join(der.tlv(0x86, uri.encode()) for uri in uris)
    return der.sequence(der.sequence(der.tlv(0xA0, der.tlv(0xA0, names))))


# ---- certificates ----


@dataclass(frozen=True)
class Authority:
    """Somebody who can sign certificates and lists."""

    name: bytes
    key: Key
    der: bytes = b""

    def anchor(
        self,
        *purposes: Purpose,
        since: datetime = NOW - 20 * YEAR,
        until: datetime | None = None,
    ) -> Anchor:
        return Anchor(
            fingerprint=sha256(self.der).hexdigest(),
            der=self.der,
            purposes=frozenset(purposes or Purpose),
            since=since,
            until=until,
        )


def certificate(
    subject: bytes,
    key: Key,
    issuer: Authority,
    *,
    serial: int | bytes = 1001,
    since: datetime = NOW - YEAR,
    until: datetime = NOW + YEAR,
    usage: Iterable[str] | None = SIGNING,
    purposes: Iterable[str] = (),
    purposes_critical: bool = False,
    ca: bool = False,
    basic: bool = True,
    path_length: int | None = None,
    key_ids: bool = True,
    more: Iterable[bytes] = (),
    version: int = 2,
    inner_algorithm: bytes | None = None,
) -> bytes:
    """The DER of a certificate for `key` under `subject`, signed by `issuer`."""
    extensions = list(more)
    if basic:
        limit = b"" if path_length is None else der.integer(path_length)
        constraints = der.sequence(der.tlv(0x01, b"\xff") + limit if ca else b"")
        extensions.append(extension("2.5.29.19", constraints, critical=True))
    if usage is not None:
        extensions.append(extension("2.5.29.15", usage_bits(usage), critical=True))
    if purposes:
        value = der.sequence(*(der.oid(p) for p in purposes))
        extensions.append(extension("2.5.29.37", value, critical=purposes_critical))
    if key_ids:
        extensions.append(extension("2.5.29.14", der.octet_string(key.key_id)))
        authority = der.sequence(der.tlv(0x80, issuer.key.key_id))
        extensions.append(extension("2.5.29.35", authority))
    number = der.tlv(der.INTEGER, serial) if isinstance(serial, bytes) else der.integer(serial)
    tbs = der.sequence(
        der.tlv(0xA0, der.integer(version)) if version else b"",
        number,
        inner_algorithm or issuer.key.algorithm,
        issuer.name,
        der.sequence(utc(since), utc(until)),
        subject,
        key.spki,
        der.tlv(0xA3, der.sequence(*extensions)) if version == 2 else b"",
    )
    return signed(tbs, issuer.key)


def signed(tbs: bytes, key: Key) -> bytes:
    return der.sequence(tbs, key.algorithm, der.bit_string(key.sign(tbs)))


def root(common: str, key: Key, **how: object) -> Authority:
    """A self-signed authority."""
    return subordinate(common, key, Authority(name(common), key), **{"serial": 1, **how})


def subordinate(common: str, key: Key, issuer: Authority, **how: object) -> Authority:
    """An authority certified by another."""
    options: dict[str, object] = {"ca": True, "usage": AUTHORITY, "serial": 7, **how}
    options.setdefault("since", NOW - 5 * YEAR)
    options.setdefault("until", NOW + 5 * YEAR)
    subject = name(common)
    return Authority(subject, key, certificate(subject, key, issuer, **options))  # type: ignore[arg-type]


# ---- lists ----


def revoked_entry(
    serial: int, at: datetime, reason: int | None = None, more: Iterable[bytes] = ()
) -> bytes:
    extensions = list(more)
    if reason is not None:
        extensions.append(extension("2.5.29.21", der.tlv(0x0A, bytes((reason,)))))
    tail = der.sequence(*extensions) if extensions else b""
    return der.sequence(der.integer(serial), utc(at), tail)


def crl(
    issuer: Authority,
    *entries: bytes,
    this_update: datetime = NOW - timedelta(days=1),
    next_update: datetime | None = NOW + timedelta(days=6),
    number: int = 5,
    key: Key | None = None,
    key_id: bool = True,
    more: Iterable[bytes] = (),
) -> bytes:
    """The DER of a list by `issuer`, signed by `key` or by its own."""
    signer = key or issuer.key
    extensions = [extension("2.5.29.20", der.integer(number)), *more]
    if key_id:
        value = der.sequence(der.tlv(0x80, issuer.key.key_id))
        extensions.append(extension("2.5.29.35", value))
    tbs = der.sequence(
        der.integer(1),
        signer.algorithm,
        issuer.name,
        utc(this_update),
        utc(next_update) if next_update else b"",
        der.sequence(*entries) if entries else b"",
        der.tlv(0xA0, der.sequence(*extensions)),
    )
    return signed(tbs, signer)


# ---- seals ----


def ia5(text: str) -> bytes:
    return der.tlv(0x16, text.encode())


@dataclass
class SealMaker:
    """Makes seals and seal signatures of every layout; each field can be replaced by a test."""

    maker: Key
    maker_certificate: bytes
    signer: Key
    signer_certificate: bytes
    version: int = 4
    layout: int = 4
    created: bytes = generalized(NOW - YEAR)
    since: bytes = generalized(NOW - YEAR)
    until: bytes = generalized(NOW + YEAR)
    list_type: int = 1
    listed: list[bytes] = field(default_factory=list)
    picture: bytes = b"\x89PNG"
    extensions: bytes = b""
    info_tail: bytes = b""
    seal_tail: bytes = b""
    tbs_version: int | None = None
    time: bytes = generalized(NOW)
    data_hash: bytes = der.bit_string(bytes(range(32)))
    property_info: bytes = ia5("/Doc_0/Signs/Sign_0/Signature.xml")
    tbs_tail: bytes = b""
    tail: bytes = b""
    algorithm: bytes = der.oid(SM2_OID)
    seal_id: bytes = ia5("63000000000001")
    value: Callable[[bytes], bytes] = der.bit_string

    def info(self) -> bytes:
        """SES_SealInfo."""
        header = der.sequence(ia5("ES"), der.integer(self.version), ia5("TESTVID"))
        listed = der.sequence(*(self.listed or [der.octet_string(self.signer_certificate)]))
        kind = b"" if self.layout == 1 else der.integer(self.list_type)
        property_ = der.sequence(
            der.integer(1), utf8("测试专用章"), kind, listed, self.created, self.since, self.until
        )
        picture = der.sequence(
            ia5("PNG"), der.octet_string(self.picture), der.integer(40), der.integer(40)
        )
        return der.sequence(
            header, self.seal_id, property_, picture, self.extensions, self.info_tail
        )

    def seal(self) -> bytes:
        """SESeal."""
        info, certificate_ = self.info(), der.octet_string(self.maker_certificate)
        if self.layout == 1:
            message = der.sequence(info, certificate_, self.algorithm)
            signature = self.value(self.maker.sign(message))
            return der.sequence(
                info, der.sequence(certificate_, self.algorithm, signature), self.seal_tail
            )
        signature = self.value(self.maker.sign(info))
        return der.sequence(info, certificate_, self.algorithm, signature, self.seal_tail)

    def signature(self, seal: bytes | None = None) -> bytes:
        """SES_Signature around the seal, or around another one."""
        certificate_ = der.octet_string(self.signer_certificate)
        version = self.version if self.tbs_version is None else self.tbs_version
        parts = [der.integer(version), seal or self.seal()]
        parts += [self.time, self.data_hash, self.property_info]
        if self.layout == 1:
            parts += [certificate_, self.algorithm]
        tbs = der.sequence(*parts, self.tbs_tail)
        value = self.value(self.signer.sign(tbs))
        if self.layout == 1:
            return der.sequence(tbs, value, self.tail)
        return der.sequence(tbs, certificate_, self.algorithm, value, self.tail)
