"""Writing certificates and revocation lists: RFC 5280 in the profile of GB/T 20518, signed by SM2.

Own code, like everything here. Every field can be bent, because forgers bend them too; unbent, a
plan makes what a careful authority would make. 双证书: a signing certificate and an encryption
certificate are two plans of one subject with two keys.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sandbox import der, rsa
from sandbox.keys import EcKey, RsaKey, Sm2Key, make_key
from sandbox.sm2 import encode_der, sm3
from sandbox.stream import Stream

SM2_WITH_SM3 = "1.2.156.10197.1.501"
ECDSA_WITH_SHA1 = "1.2.840.10045.4.1"
ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2"
RSA_WITH_SHA1 = "1.2.840.113549.1.1.5"
RSA_WITH_SHA256 = "1.2.840.113549.1.1.11"

# KeyUsage, by bit (RFC 5280 §4.2.1.3)
DIGITAL_SIGNATURE, NON_REPUDIATION, KEY_ENCIPHERMENT, DATA_ENCIPHERMENT, KEY_AGREEMENT = range(5)
KEY_CERT_SIGN, CRL_SIGN = 5, 6
SIGNING = frozenset({DIGITAL_SIGNATURE, NON_REPUDIATION})
ENCRYPTION = frozenset({KEY_ENCIPHERMENT, DATA_ENCIPHERMENT, KEY_AGREEMENT})
AUTHORITY = frozenset({KEY_CERT_SIGN, CRL_SIGN})

# CRLReason (RFC 5280 §5.3.1)
KEY_COMPROMISE, CA_COMPROMISE, SUPERSEDED, CESSATION, HOLD = 1, 2, 4, 5, 6

SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1"
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"

_ATTRIBUTES = {"C": "2.5.4.6", "O": "2.5.4.10", "OU": "2.5.4.11", "CN": "2.5.4.3"}

Subject = tuple[tuple[str, str], ...]
"""Attribute and text, outermost first: (("C", "CN"), ("O", …), ("CN", …))."""
SealKey = Sm2Key | EcKey | RsaKey


def subject(**attributes: str) -> Subject:
    return tuple(attributes.items())


def name(of: Subject) -> bytes:
    """A Name: countries in PrintableString, everything else in UTF8String (GB/T 20518)."""
    return der.sequence(*(_rdn(kind, text) for kind, text in of))


def _rdn(kind: str, text: str) -> bytes:
    value = der.printable(text) if kind == "C" else der.utf8(text)
    return der.set_of(der.sequence(der.oid(_ATTRIBUTES[kind]), value))


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = der.boolean(True) if critical else b""
    return der.sequence(der.oid(oid), flag, der.octet_string(value))


def organisation(code: str) -> bytes:
    """The extension 组织机构代码 of GB/T 20518: whose certificate the authority says it is."""
    return extension("1.2.156.10260.4.1.4", der.utf8(code))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A certificate to be issued."""

    subject: Subject
    spki: bytes
    serial: int
    not_before: datetime
    not_after: datetime
    usage: frozenset[int] | None = SIGNING
    """None: no keyUsage at all."""
    ca: bool = False
    path_length: int | None = None
    purposes: tuple[str, ...] = ()
    """Extended key usage."""
    extra: tuple[bytes, ...] = ()
    """Further extensions, whole."""
    version: int | None = 2
    """2 is v3; None leaves the field out (v1), and all extensions with it."""
    algorithm: str = SM2_WITH_SM3
    outer_algorithm: str | None = None
    """signatureAlgorithm where it shall not repeat the inner one."""


def key_id(spki: bytes) -> bytes:
    """20 bytes that tell one key from another; any function of the key will do."""
    return sm3(spki)[:20]


@dataclass(frozen=True, slots=True)
class Authority:
    """A certification authority: its name, its key, its own certificate."""

    subject: Subject
    key: SealKey
    certificate: bytes

    def issue(self, plan: Plan) -> bytes:
        """DER of a certificate signed by this authority."""
        body = _tbs(plan, self.subject, self.key.spki())
        outer = plan.outer_algorithm or plan.algorithm
        value = der.bit_string(sign(self.key, body, plan.algorithm))
        return der.sequence(body, _algorithm(outer), value)

    def crl(self, plan: "ListPlan") -> bytes:
        """DER of a revocation list of this authority, signed by `plan.key` or its own."""
        body = _tbs_list(plan, self.subject, self.key.spki())
        value = der.bit_string(sign(plan.key or self.key, body, SM2_WITH_SM3))
        return der.sequence(body, _algorithm(SM2_WITH_SM3), value)


def self_signed(plan: Plan, key: SealKey) -> Authority:
    """A root."""
    certificate = Authority(plan.subject, key, b"").issue(plan)
    return Authority(plan.subject, key, certificate)


def sign(key: SealKey, message: bytes, algorithm: str) -> bytes:
    """A signature value in DER; of RSA the number itself, by PKCS #1 v1.5 with SHA-256."""
    if isinstance(key, Sm2Key):
        return encode_der(key.private.sign(message, public=key.public))
    if isinstance(key, RsaKey):
        return rsa.sign_pkcs1(key.numbers, message)
    return key.sign_der(message, sha1=algorithm == ECDSA_WITH_SHA1)


def _algorithm(oid: str) -> bytes:
    return der.sequence(der.oid(oid))


def _tbs(plan: Plan, issuer: Subject, issuer_spki: bytes) -> bytes:
    version = b"" if plan.version is None else der.explicit(0, der.integer(plan.version))
    extensions = b""
    if plan.version is not None:
        extensions = der.explicit(3, der.sequence(*_extensions(plan, issuer_spki)))
    return der.sequence(
        version,
        der.integer(plan.serial),
        _algorithm(plan.algorithm),
        name(issuer),
        der.sequence(der.time(plan.not_before), der.time(plan.not_after)),
        name(plan.subject),
        plan.spki,
        extensions,
    )


def _extensions(plan: Plan, issuer_spki: bytes) -> Iterable[bytes]:
    authority = der.sequence(der.implicit(0, key_id(issuer_spki)))
    yield extension("2.5.29.35", authority)
    yield extension("2.5.29.14", der.octet_string(key_id(plan.spki)))
    if plan.usage is not None:
        yield extension("2.5.29.15", der.named_bits(plan.usage), critical=True)
    if plan.ca:
        length = b"" if plan.path_length is None else der.integer(plan.path_length)
        yield extension("2.5.29.19", der.sequence(der.boolean(True), length), critical=True)
    if plan.purposes:
        yield extension("2.5.29.37", purposes(*plan.purposes))
    yield from plan.extra


def purposes(*oids: str) -> bytes:
    """The value of an extended key usage."""
    return der.sequence(*map(der.oid, oids))


# ---- revocation lists


@dataclass(frozen=True, slots=True)
class Revoked:
    serial: int
    at: datetime
    reason: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPlan:
    """A revocation list to be signed."""

    this_update: datetime
    next_update: datetime | None
    revoked: tuple[Revoked, ...] = ()
    number: int = 1
    keeps_expired_since: datetime | None = None
    """expiredCertsOnCRL: entries stay after their certificates have ended."""
    extra: tuple[bytes, ...] = ()
    key: Sm2Key | None = None
    """Signs in the authority's name; None: the authority itself."""


def _tbs_list(plan: ListPlan, issuer: Subject, spki: bytes) -> bytes:
    entries = [
        der.sequence(
            der.integer(one.serial),
            der.time(one.at),
            der.sequence(extension("2.5.29.21", der.enumerated(one.reason))),
        )
        for one in plan.revoked
    ]
    more = [
        extension("2.5.29.35", der.sequence(der.implicit(0, key_id(spki)))),
        extension("2.5.29.20", der.integer(plan.number)),
    ]
    if plan.keeps_expired_since is not None:
        more.append(extension("2.5.29.60", der.generalized_time(plan.keeps_expired_since)))
    return der.sequence(
        der.integer(1),
        _algorithm(SM2_WITH_SM3),
        name(issuer),
        der.time(plan.this_update),
        b"" if plan.next_update is None else der.time(plan.next_update),
        der.sequence(*entries) if entries else b"",
        der.explicit(0, der.sequence(*more, *plan.extra)),
    )


def scope(*flags: int) -> bytes:
    """A critical issuingDistributionPoint: 1 only users, 2 only authorities, 4 indirect."""
    members = (der.implicit(flag, b"\xff") for flag in flags)
    return extension("2.5.29.28", der.sequence(*members), critical=True)


def delta(base: int) -> bytes:
    """A critical deltaCRLIndicator."""
    return extension("2.5.29.27", der.integer(base), critical=True)


# ---- keys and spellings


def sm2_key(seed: int, name: str) -> Sm2Key:
    key = make_key("SM2SM3", seed, name)
    if not isinstance(key, Sm2Key):
        raise TypeError("SM2 is needed")
    return key


def serial(seed: int, name: str) -> int:
    """Sixteen octets, positive, never the same for two names."""
    return int.from_bytes(b"\x5a" + Stream(seed, f"serial/{name}").take(15), "big")


def pem(content: bytes, label: str) -> bytes:
    text = base64.b64encode(content).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()
