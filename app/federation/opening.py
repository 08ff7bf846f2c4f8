"""Opening facts that were sealed for an issuer: the other half of `app.federation.jwe`.

For whoever is the issuer. A verifying node holds no such key.
"""

from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.crypto.jose import JsonLimits, base64url, read_json_object
from app.domain.errors import Malformed
from app.federation.jwe import COORDINATE, ENCRYPTION, KEY_BITS, NONCE, TAG, concat_kdf

MAX_SEALED: Final = 16 * 1024
"""Characters of one sealed text."""
MAX_HEADER: Final = JsonLimits(size=2048, depth=4, members=16, items=16)
_MEMBERS: Final = frozenset({"alg", "enc", "kid", "epk"})
_EPK: Final = frozenset({"kty", "crv", "x", "y"})
_PARTS: Final = 5


def open_sealed(token: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    """What is in a JWE compact: ECDH-ES and A256GCM on P-256, as docs/ivp.md has it.

    Raises:
        Malformed: of any other form, for another key, or altered.
    """
    parts = token.split(".") if len(token) <= MAX_SEALED else []
    if len(parts) != _PARTS or parts[1]:
        raise Malformed("facts_jwe: not five parts with the second empty")
    header = read_json_object(base64url(parts[0], "facts_jwe: header"), MAX_HEADER)
    if header.keys() != _MEMBERS or (header["alg"], header["enc"]) != ("ECDH-ES", ENCRYPTION):
        raise Malformed("facts_jwe: header is not alg ECDH-ES, enc A256GCM, kid and epk")
    nonce, sealed, tag = (base64url(part, "facts_jwe") for part in parts[2:])
    if (len(nonce), len(tag)) != (NONCE, TAG):
        raise Malformed("facts_jwe: nonce or tag of another length")
    secret = key.exchange(ec.ECDH(), _ephemeral(header["epk"]))
    cipher = AESGCM(concat_kdf(secret, ENCRYPTION, KEY_BITS))
    try:
        return cipher.decrypt(nonce, sealed + tag, parts[0].encode("ascii"))
    except InvalidTag:
        raise Malformed("facts_jwe: altered, or sealed for another key") from None


def _ephemeral(epk: object) -> ec.EllipticCurvePublicKey:
    if not isinstance(epk, Mapping) or epk.keys() != _EPK:
        raise Malformed("facts_jwe: epk is not kty, crv, x and y")
    if (epk["kty"], epk["crv"]) != ("EC", "P-256"):
        raise Malformed("facts_jwe: epk is not on P-256")
    x, y = (_coordinate(epk[name]) for name in ("x", "y"))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        raise Malformed("facts_jwe: epk is not on the curve") from None


def _coordinate(value: object) -> int:
    octets = base64url(value, "facts_jwe: epk") if isinstance(value, str) else b""
    if len(octets) != COORDINATE:
        raise Malformed(f"facts_jwe: epk has a coordinate that is not {COORDINATE} octets")
    return int.from_bytes(octets, "big")
