"""Secrets of the exchange platforms (数据共享交换平台), as they seal and use them.

The platform hands a caller its application secret under AES-128 in ECB mode with PKCS#5 padding,
base64, under a key made of the caller's appkey by hashing it twice with SHA-1 and taking sixteen
octets: what Java's `SHA1PRNG` gives when it is seeded with the appkey. ECB without a check value is
theirs, not our choice: it neither hides repeated blocks nor notices a change, so nothing rests on
it here but a secret that TLS has already protected, and that the platform itself tries at the next
call. Calls are signed by HMAC-SHA-256 over 服务标识 ‖ 请求方标识 ‖ 时间 (standards.md §4.3).
"""

import base64
import binascii
import hashlib
import hmac
import re
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from app.domain.errors import Malformed

BLOCK: Final = 16
"""Octets of an AES block, and of the key."""
MAX_SEALED: Final = 1024
"""Characters of a sealed secret."""
_SECRET: Final = re.compile(r"[\x21-\x7e]{1,512}")


def sealing_key(appkey: str) -> bytes:
    """SHA-1(SHA-1(appkey)), the first sixteen octets."""
    once = hashlib.sha1(appkey.encode(), usedforsecurity=False).digest()
    return hashlib.sha1(once, usedforsecurity=False).digest()[:BLOCK]


def open_secret(sealed: str, appkey: str) -> str:
    """The secret in the platform's answer.

    Raises `Malformed`: not base64, no whole blocks, wrong padding (another appkey, as a rule), or
    no printable ASCII.
    """
    if len(sealed) > MAX_SEALED:
        raise Malformed(f"secret: longer than {MAX_SEALED} characters")
    try:
        octets = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("secret: not base64") from None
    if not octets or len(octets) % BLOCK:
        raise Malformed("secret: not whole blocks")
    cipher = Cipher(algorithms.AES(sealing_key(appkey)), modes.ECB())  # noqa: S305 - theirs, above
    opening = cipher.decryptor()
    padded = opening.update(octets) + opening.finalize()
    length = padded[-1]
    if not 1 <= length <= BLOCK or padded[-length:] != bytes((length,)) * length:
        raise Malformed("secret: sealed under another key")
    try:
        secret = padded[:-length].decode("ascii")
    except UnicodeDecodeError:
        raise Malformed("secret: sealed under another key") from None
    if not _SECRET.fullmatch(secret):
        raise Malformed("secret: not printable")
    return secret


def call_signature(secret: str, *, service: str, requester: str, time_ms: str) -> str:
    """`…_sign` of a call: base64(HMAC-SHA-256(sid ‖ rid ‖ rtime))."""
    message = f"{service}{requester}{time_ms}".encode()
    return base64.b64encode(hmac.digest(secret.encode(), message, "sha256")).decode()
