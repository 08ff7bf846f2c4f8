"""Signature values of seals, and whether a seal names its signer (GB/T 38540-2020 §6.3 b, §7.3).

Each function answers one question; chains, dates and data hashes are asked elsewhere.
"""

from dataclasses import dataclass

from app.crypto import schemes
from app.crypto.certificates import read_certificate
from app.crypto.digests import digest, same
from app.crypto.ses.values import sm2_value
from app.domain.errors import InvalidSignature
from app.domain.scheme import WEAK_DIGESTS, Scheme
from app.domain.seal import Seal, SealDeviation, SealSignature

_SM2_KEY = "1.2.156.10197.1.301.1"
_CMS_PREFIX = "1.2.156.10197.6.1.4.2."
"""GB/T 35275 message types, which some encoders write as the signature algorithm."""


@dataclass(frozen=True, slots=True)
class VerifiedValue:
    """A signature value that holds: in which scheme, and what had to be forgiven to read it."""

    scheme: Scheme
    deviations: frozenset[SealDeviation]


def verify_seal(seal: Seal) -> VerifiedValue:
    """The seal maker's (制章者) signature over the seal.

    Raises:
        Malformed: the maker's certificate or the value cannot be read.
        WeakAlgorithm: RSA with SHA-1 and its like, by name.
        InvalidSignature: anything else than the maker's signature over `seal.message`.
    """
    return _verify(seal.maker_certificate, seal.maker_algorithm, seal.message, seal.maker_value)


def verify_signature(signature: SealSignature) -> VerifiedValue:
    """The signer's (签章者) signature over TBS_Sign as received.

    Raises:
        Malformed: the signer's certificate or the value cannot be read.
        WeakAlgorithm: RSA with SHA-1 and its like, by name.
        InvalidSignature: anything else than the signer's signature over `signature.message`.
    """
    return _verify(signature.certificate, signature.algorithm, signature.message, signature.value)


def _verify(certificate: bytes, algorithm: str, message: bytes, value: bytes) -> VerifiedValue:
    key = read_certificate(certificate)
    scheme, deviations = _scheme(algorithm, key.scheme)
    if scheme is Scheme.SM2_SM3:
        normal = sm2_value(value)
        value, deviations = normal.der, deviations | normal.deviations
    schemes.verify(scheme, spki=key.spki, message=message, value=value)
    return VerifiedValue(scheme, deviations)


def _scheme(algorithm: str, key: Scheme | None) -> tuple[Scheme, frozenset[SealDeviation]]:
    """The scheme the algorithm names; two misnomers stand for SM2, beside an SM2 key only."""
    misnomer: SealDeviation | None = None
    if algorithm == _SM2_KEY:
        misnomer = SealDeviation.KEY_ALGORITHM
    elif algorithm.startswith(_CMS_PREFIX):
        misnomer = SealDeviation.CMS_ALGORITHM
    if misnomer is None:
        return schemes.scheme_for_oid(algorithm), frozenset()
    if key is not Scheme.SM2_SM3:
        raise InvalidSignature("algorithm unknown: a misnomer for SM2 beside another key")
    return Scheme.SM2_SM3, frozenset({misnomer})


def lists_signer(seal: Seal, certificate: bytes) -> bool:
    """Whether the seal names this very certificate: octet by octet, or by its digest.

    A digest of a weak algorithm names nobody.
    """
    if seal.certificates:
        return certificate in seal.certificates
    return any(
        entry.algorithm not in WEAK_DIGESTS
        and same(digest(entry.algorithm, certificate), entry.value)
        for entry in seal.digests
    )
