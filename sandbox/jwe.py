"""Opening holder facts: JWE compact (RFC 7516) with ECDH-ES (RFC 7518 §4.6) and A256GCM."""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.jws import JsonObject, read_object
from sandbox.keys import EcKey, EcPublic, public_from_jwk, unb64


def open_facts(token: str, key: EcKey) -> JsonObject:
    """The object inside. Raises ValueError for anything that does not open."""
    parts = token.split(".")
    if len(parts) != 5 or parts[1]:
        raise ValueError("a direct JWE has five parts, the second empty")
    header = read_object(unb64(parts[0]))
    if (header.get("alg"), header.get("enc")) != ("ECDH-ES", "A256GCM"):
        raise ValueError("ECDH-ES with A256GCM only")
    sender = public_from_jwk(header.get("epk") or {})
    if not isinstance(sender, EcPublic):
        raise ValueError("the ephemeral key is not on P-256")  # noqa: TRY004 - bytes, not a type
    secret = key.private.exchange(ec.ECDH(), sender.key)
    content_key = derive(secret, unb64(header.get("apu", "")), unb64(header.get("apv", "")))
    nonce, sealed, tag = (unb64(part) for part in parts[2:])
    try:
        clear = AESGCM(content_key).decrypt(nonce, sealed + tag, parts[0].encode())
    except InvalidTag as exc:
        raise ValueError("the facts do not open") from exc
    return read_object(clear)


def derive(secret: bytes, apu: bytes, apv: bytes) -> bytes:
    """Concat KDF (NIST SP 800-56A 5.8.1) with SHA-256 for a key of 256 bits."""

    def sized(data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + data

    info = sized(b"A256GCM") + sized(apu) + sized(apv) + (256).to_bytes(4, "big")
    return hashlib.sha256((1).to_bytes(4, "big") + secret + info).digest()
