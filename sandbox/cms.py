"""Writing SignedData: GB/T 35275-2017 and RFC 5652, and timestamp tokens (RFC 3161, GB/T 20520).

One signer, with attributes under the signature or without, content elsewhere or inside, or only its
digest (standards §3.7). Every field can be bent.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sandbox import der, pki
from sandbox.authorities import Unit
from sandbox.keys import EcKey, RsaKey, Sm2Key
from sandbox.sm2 import sm3

GM_DATA, GM_SIGNED = "1.2.156.10197.6.1.4.2.1", "1.2.156.10197.6.1.4.2.2"
DATA, SIGNED = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
SM3, SHA256, SHA1 = "1.2.156.10197.1.401", "2.16.840.1.101.3.4.2.1", "1.3.14.3.2.26"
SM2_SIGNING = "1.2.156.10197.1.301.1"
ECDSA_SHA256, RSA = "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.1"
_PKCS9 = "1.2.840.113549.1.9."

Key = Sm2Key | EcKey | RsaKey
DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    SM3: sm3,
    SHA256: lambda data: hashlib.sha256(data).digest(),
    SHA1: lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
}


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, with a key of any kind."""

    certificate: bytes
    key: Key


def signer_of(unit: Unit) -> Signer:
    return Signer(unit.certificate, unit.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class CmsPlan:
    """SignedData, before it is signed."""

    content: bytes
    signer: Signer
    at: datetime | None
    """signingTime; None: none."""
    digest: str = SM3
    inside: bool = False
    """The content stands in the container."""
    content_type: str | None = None
    """Of what is signed, where it is not `data`."""
    attributed: bool = True
    """Attributes stand under the signature, in place of the content."""
    stated: bytes | None = None
    """What the container holds in place of the content: its digest, or that in base64."""
    stamp: Callable[[bytes], bytes] | None = None
    """From the signature value to a token over it."""
    certificates: tuple[bytes, ...] | None = None
    """None: the signer's own."""
    signers: int = 1
    """SignerInfos: an honest container has one."""
    digest_value: Callable[[bytes], bytes] = lambda value: value
    """messageDigest, bent."""
    value: Callable[[bytes], bytes] = lambda value: value
    """The signature value, bent."""


def signed_data(plan: CmsPlan) -> bytes:
    """DER of ContentInfo."""
    gm = isinstance(plan.signer.key, Sm2Key)
    kind = plan.content_type or (GM_DATA if gm else DATA)
    digest = DIGESTS[plan.digest]
    signed = plan.content if plan.stated is None else plan.stated
    attributes = _attributes(plan, kind, digest(signed), digest)
    message = der.tlv(der.SET, attributes) if plan.attributed else signed
    value = plan.value(sign(plan.signer.key, message))
    unsigned = b""
    if plan.stamp is not None:
        token = _attribute("16.2.14", plan.stamp(value))
        unsigned = der.tlv(0xA1, token)
    content = der.explicit(0, der.octet_string(signed)) if plan.inside else b""
    held = (plan.signer.certificate,) if plan.certificates is None else plan.certificates
    info = der.sequence(
        der.integer(1),
        _issuer_and_serial(plan.signer.certificate),
        _algorithm(plan.digest),
        der.tlv(0xA0, attributes) if plan.attributed else b"",
        _algorithm(_signature_algorithm(plan.signer.key)),
        der.octet_string(value),
        unsigned,
    )
    container = der.sequence(
        der.integer(1 if plan.content_type is None else 3),
        der.set_of(_algorithm(plan.digest)),
        der.sequence(der.oid(kind), content),
        der.tlv(0xA0, b"".join(held)) if held else b"",
        der.set_of(*[info] * plan.signers),
    )
    return der.sequence(der.oid(GM_SIGNED if gm else SIGNED), der.explicit(0, container))


def sign(key: Key, message: bytes) -> bytes:
    """SM2 with SM3, ECDSA with SHA-256, or RSA PKCS#1 v1.5 with SHA-256."""
    return pki.sign(key, message, pki.SM2_WITH_SM3)


def timestamp(imprint: bytes, tsa: Unit, at: datetime, serial: int = 1) -> bytes:
    """A token over what has this SM3 digest (GB/T 20520)."""
    info = der.sequence(
        der.integer(1),
        der.oid("1.2.156.10197.9.20520"),
        der.sequence(_algorithm(SM3), der.octet_string(imprint)),
        der.integer(serial),
        der.generalized_time(at),
    )
    return signed_data(
        CmsPlan(content=info, signer=signer_of(tsa), at=at, inside=True, content_type=TST_INFO)
    )


def _attributes(
    plan: CmsPlan, kind: str, content: bytes, digest: Callable[[bytes], bytes]
) -> bytes:
    """The attributes; `content` is the digest of what is signed."""
    named = der.sequence(_algorithm(plan.digest), der.octet_string(digest(plan.signer.certificate)))
    made = [
        _attribute("3", der.oid(kind)),
        _attribute("4", der.octet_string(plan.digest_value(content))),
        _attribute("16.2.47", der.sequence(der.sequence(named))),
    ]
    if plan.at is not None:
        made.append(_attribute("5", der.time(plan.at)))
    return b"".join(sorted(made))


def _attribute(number: str, value: bytes) -> bytes:
    return der.sequence(der.oid(_PKCS9 + number), der.set_of(value))


def _algorithm(oid: str) -> bytes:
    return der.sequence(der.oid(oid), der.null() if oid == RSA else b"")


def _signature_algorithm(key: Key) -> str:
    if isinstance(key, Sm2Key):
        return SM2_SIGNING
    return ECDSA_SHA256 if isinstance(key, EcKey) else RSA


def _issuer_and_serial(certificate: bytes) -> bytes:
    """Taken over from the certificate: serial and issuer stand second and fourth in its TBS."""
    tbs = _members(_members(certificate)[0])
    at = 1 if tbs[0][0] == 0xA0 else 0
    return der.sequence(tbs[at + 2], tbs[at])


def _members(sequence: bytes) -> list[bytes]:
    """The members of a SEQUENCE of ours, whole."""
    found, at = [], _header(sequence, 0)[0]
    while at < len(sequence):
        body, size = _header(sequence, at)
        found.append(sequence[at : body + size])
        at = body + size
    return found


def _header(data: bytes, at: int) -> tuple[int, int]:
    """(where the content begins, its size)."""
    size = data[at + 1]
    if size < 0x80:
        return at + 2, size
    octets = size & 0x7F
    return at + 2 + octets, int.from_bytes(data[at + 2 : at + 2 + octets], "big")
