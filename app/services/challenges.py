"""Challenges of the console: what an operator signs at home to be let in, and what it binds.

A challenge is kept nowhere. It names the console, the end of its life and a nonce, under a keyed
hash of this node; the nonce is the digest of a secret that only the asking browser holds. So what
was signed opens this console, in that browser, for a few minutes, once.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from app.crypto.digests import same
from app.crypto.jose import JsonLimits, base64url, read_json_object, to_base64url
from app.crypto.signing import KeyProvider
from app.domain.errors import Malformed
from app.reports.canonical import canonical

LOGIN: Final = "console-login+jwt"
"""Of what is signed; whoever signed one has signed nothing else."""
LIFE: Final = timedelta(minutes=5)
MAX_CHALLENGE: Final = 1024
"""Characters."""
_LIMITS: Final = JsonLimits(size=MAX_CHALLENGE)
_MEMBERS: Final = frozenset({"console", "exp", "nonce"})
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_LAST: Final = 253_402_300_799
"""The last second there is."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """As it is read; only `held` says that it is ours."""

    console: str
    """Name of the node."""
    ends_at: datetime
    nonce: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """What is kept once it was answered, 32 bytes."""
        return hashlib.sha256(f"answered\0{self.nonce}".encode()).digest()


def new_secret() -> str:
    """For the browser to keep, 256 bits."""
    return secrets.token_urlsafe(32)


def new_challenge(keys: KeyProvider, console: str, secret: str, now: datetime) -> str:
    """A text to be signed. Raises `Unavailable` without the index key."""
    ends_at = int((now + LIFE).timestamp())
    payload = canonical({"console": console, "exp": ends_at, "nonce": _nonce(secret)})
    mac = keys.hmac(keys.hmac_versions()[-1], _marked(payload))
    return f"{to_base64url(payload)}.{to_base64url(mac)}"


def read_challenge(text: str) -> Challenge:
    """What it says, for whoever is asked to sign it. Raises `Malformed`."""
    return _read(_parts(text)[0])


def held(
    keys: KeyProvider, console: str, secret: str, text: str, now: datetime
) -> Challenge | None:
    """The challenge, if this console gave it to this browser a moment ago; None for any other.

    Raises `Unavailable` without the index key.
    """
    try:
        payload, mac = _parts(text)
        challenge = _read(payload)
    except Malformed:
        return None
    ours = any(same(keys.hmac(each, _marked(payload)), mac) for each in keys.hmac_versions())
    browsers = _SECRET.fullmatch(secret) is not None and same(
        _nonce(secret).encode(), challenge.nonce.encode()
    )
    live = now < challenge.ends_at <= now + LIFE
    return challenge if ours and browsers and live and challenge.console == console else None


def said_of(challenge: str, operator: str, at: datetime) -> Mapping[str, object]:
    """What an operator signs. Raises `Malformed` for what is no challenge."""
    return {
        "challenge": challenge,
        "console": read_challenge(challenge).console,
        "operator": operator,
        "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _parts(text: str) -> tuple[bytes, bytes]:
    if len(text) > MAX_CHALLENGE or not text.isascii() or text.count(".") != 1:
        raise Malformed("challenge: not two parts")
    payload, mac = (base64url(part, "challenge") for part in text.split("."))
    return payload, mac


def _read(payload: bytes) -> Challenge:
    found = read_json_object(payload, _LIMITS)
    console, ends_at, nonce = (found.get(name) for name in ("console", "exp", "nonce"))
    if found.keys() != _MEMBERS or not isinstance(console, str) or not isinstance(nonce, str):
        raise Malformed("challenge: other members than console, exp and nonce")
    if type(ends_at) is not int or not 0 <= ends_at <= _LAST:
        raise Malformed("challenge: exp is no time")
    return Challenge(console, datetime.fromtimestamp(ends_at, UTC), nonce)


def _nonce(secret: str) -> str:
    return to_base64url(hashlib.sha256(f"console\0{secret}".encode()).digest())


def _marked(payload: bytes) -> bytes:
    return b"console-challenge\0" + payload
