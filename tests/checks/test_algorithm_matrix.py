"""Attack: a value by one algorithm, called another's: 6 × 6, on each of the two places that name it.

The diagonal is the twins: each algorithm, named as it is, is sound. Beside it nothing is, whether the
container lies of its value or Signature.xml of the container (OFD-23, SIG-03).
"""

from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.domain.license import ParsedLicense
from app.domain.ofd import SignatureType
from app.domain.reasons import Reason
from app.domain.verdict import Broken, Sound
from sandbox import der
from tests import cms_maker as cm
from tests.checks.test_signed_data import (
    NOW,
    ROOT,
    YEAR,
    clock,
    document,
    organisation,
    signed,
    state_of,
)
from tests.cms_maker import CmsMaker
from tests.pki import Key, certificate, name, organisation_extension, rsa_key, sm2_key


@dataclass(frozen=True)
class Row:
    """One algorithm: its key, and how containers and Signature.xml name it."""

    key: Key
    digest: str
    algorithm: str
    method: str


def ed25519_key() -> Key:
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Key(spki, der.sequence(der.oid("1.3.101.112")), private.sign)


def ecdsa(curve: ec.EllipticCurve, digest: hashes.HashAlgorithm, oid: str) -> Key:
    private = ec.generate_private_key(curve)
    spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Key(spki, der.sequence(der.oid(oid)), lambda m: private.sign(m, ec.ECDSA(digest)))


ES256, ES384 = "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3"
RS256, RS384 = "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12"
NAMES = ("SM2", "P-256", "P-384", "Ed25519", "RSA-256", "RSA-384")

NO_PAIR = {"P-384", "RSA-256", "RSA-384"}
"""Their values are no pair of numbers of 32 octets, which those of SM2 are."""


@cache
def rows() -> dict[str, Row]:
    p256 = ecdsa(ec.SECP256R1(), hashes.SHA256(), ES256)
    p384 = ecdsa(ec.SECP384R1(), hashes.SHA384(), ES384)
    return {
        "SM2": Row(sm2_key(121), cm.SM3, cm.SM2_SIGN, "1.2.156.10197.1.501"),
        "P-256": Row(p256, cm.SHA256, ES256, ES256),
        "P-384": Row(p384, cm.SHA384, ES384, ES384),
        "Ed25519": Row(ed25519_key(), cm.SHA512, "1.3.101.112", "1.3.101.112"),
        "RSA-256": Row(rsa_key(), cm.SHA256, RS256, RS256),
        "RSA-384": Row(rsa_key(oid=RS384), cm.SHA384, RS384, RS384),
    }


def file(value: str, called: str, method: str) -> ParsedLicense:
    """Signed by `value`'s key in its algorithm; the container says `called`, the XML `method`."""
    mine, told = rows()[value], rows()[called]
    code = [organisation_extension(organisation())]
    window = {"since": NOW - 2 * YEAR, "until": NOW + YEAR}
    by = certificate(name("签名者"), mine.key, ROOT, more=code, **window)
    content = document().sealings[0].entry.content
    null = cm.NULL if called.startswith("RSA") or called == "SM2" else b""
    algorithm = cm.algorithm(told.algorithm, null)
    made = CmsMaker(mine.key, by, outside=content, digest=told.digest, algorithm=algorithm)
    made.attributes = [
        cm.content_type(),
        cm.signing_time(clock()),
        cm.message_digest(cm.HASHES[told.digest](content)),
    ]
    (one,) = signed(made.make(), SignatureType.SIGN).sealings
    entry = replace(one.entry, method=rows()[method].method)
    return replace(document(), sealings=(replace(one, entry=entry),))


@pytest.mark.parametrize("value", NAMES)
@pytest.mark.parametrize("called", NAMES)
def test_attack_a_value_called_anothers(value: str, called: str) -> None:
    assert state_of(file(value, value, value)) == Sound()
    if value != called:
        unread = called == "SM2" and value in NO_PAIR
        reason = Reason.SIGNATURE_UNREADABLE if unread else Reason.SIGNATURE_INVALID
        assert state_of(file(value, called, called)) == Broken(reason)


@pytest.mark.parametrize("value", NAMES)
@pytest.mark.parametrize("method", NAMES)
def test_attack_a_description_that_names_another_than_the_container(
    value: str, method: str
) -> None:
    assert state_of(file(value, value, value)) == Sound()
    if value != method:
        assert state_of(file(value, value, method)) == Broken(Reason.ALGORITHM_MISMATCH)


def test_the_matrix_is_whole() -> None:
    assert tuple(rows()) == NAMES
    assert len(list(product(NAMES, NAMES))) == 6 * 6
