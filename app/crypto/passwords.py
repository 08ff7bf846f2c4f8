"""Passwords as scrypt keeps them (RFC 7914), and one-time codes (RFC 6238)."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

COST: Final = 2**15
"""N of scrypt; with r = 8 a guess takes 32 MiB and some 80 ms."""
BLOCK: Final = 8
MEMORY: Final = 64 * 1024 * 1024
SALT: Final = 16
STEP: Final = 30
"""Seconds a code is for."""
DIGITS: Final = 6
SECRET: Final = 20
"""Octets of a secret: those of SHA-1 (RFC 4226 §4, R6)."""
_LENGTH: Final = 32


def hashed(password: str) -> str:
    """`N:salt:hash`, to be kept."""
    salt = secrets.token_bytes(SALT)
    return f"{COST}:{salt.hex()}:{_scrypt(password, salt, COST).hex()}"


def holds(password: str, kept: str) -> bool:
    """Whether it is the one; takes the same time whatever is kept."""
    cost, salt, expected = kept.split(":")
    found = _scrypt(password, bytes.fromhex(salt), int(cost))
    return hmac.compare_digest(found, bytes.fromhex(expected))


def _scrypt(password: str, salt: bytes, cost: int) -> bytes:
    text = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=cost, r=BLOCK, p=1, maxmem=MEMORY, dklen=_LENGTH)


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET)


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one step (RFC 4226 §5.3, RFC 6238 §4)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    at = mac[-1] & 0xF
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def step_of(secret: bytes, code: str, seconds: int) -> int | None:
    """The step a code is of, one before and one after now included; None: of none of them."""
    now, found = seconds // STEP, None
    for step in (now - 1, now, now + 1):  # all three, so that time tells nothing
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode("utf-8", "replace")):
            found = step
    return found


def address_of(secret: bytes, name: str, node: str) -> str:
    """What an app for codes takes, as text or QR code."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/{node}:{name}?secret={text}&issuer={node}"
