"""An inquiry as it goes out: IVP/1 (docs/ivp.md), `typ: ivp-inquiry+jwt`. Pure but for the signer.

Holder facts leave this node sealed for the issuer, or stay on the machine: a body that could carry
them in clear to anyone else is never made.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from app.crypto.jose import to_base64url
from app.crypto.schemes import JOSE_BY_SCHEME
from app.crypto.signing import Signer
from app.domain.errors import InvalidKey
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import Endpoint, Inquiry, Speaker
from app.domain.license import Fact
from app.federation.jwe import read_recipient, seal

TYP: Final = "ivp-inquiry+jwt"
LIFETIME: Final = timedelta(seconds=60)
"""From `iat` to `exp`: the most docs/ivp.md allows, so that a slow clock still finds it alive."""


class FactsNotPrivate(Exception):
    """There are facts to compare, and nothing keeps them private on the way; it says why."""


class NothingToAsk(Exception):
    """Neither an identifier, nor a code, nor a number with its type, nor a seal."""


@dataclass(frozen=True, slots=True)
class Original:
    """The first asker's question, over whose digest the issuer answers through relays."""

    node: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A signed inquiry, and what its answer has to echo."""

    token: bytes = field(repr=False)
    node: str
    issuer: IssuerCode
    identifier: str | None
    type: TypeCode | None
    compare: frozenset[Fact]
    coded: bool = False
    """Asked by a code of the issuer's own, which may be of any type."""
    shown: bool
    """Digests of a file went with it."""
    asked_at: datetime
    original: Original | None = None
    """Asked on behalf of that node; None: on our own."""

    @property
    def digest(self) -> str:
        """`inquiry` of the answer."""
        return digest_of(self.token)

    @property
    def home(self) -> Original:
        """Whom the issuer's own answer is addressed to, and over which question."""
        return self.original or Original(self.node, self.digest)


def digest_of(token: bytes) -> str:
    """Base64url SHA-256 of an inquiry, ASCII bytes as received."""
    return to_base64url(hashlib.sha256(token).digest())


def compose(
    inquiry: Inquiry, *, node: str, signer: Signer, now: datetime, jti: str, private: bool
) -> Question:
    """Write and sign the question.

    Args:
        inquiry: what to ask, and whom.
        node: this node's id, as registered with issuers together with its key.
        signer: the node's key.
        now: becomes `iat`.
        jti: at least 128 random bits, base64url; never used twice.
        private: nobody but the issuer can read what is sent: mutual TLS, or the same machine.

    Raises:
        FactsNotPrivate: there are facts to compare, no usable encryption key, and not `private`;
            of a platform, where it is asked by number.
        NothingToAsk: the inquiry names no license.
        Unavailable: the signer does not sign.
    """
    relaying = inquiry.relaying
    # Holder facts are the issuer's alone: a relay has them sealed, within the enclosed question.
    facts = {} if relaying or _kept_back(inquiry, private=private) else plain_facts(inquiry)
    compare = inquiry.compare if relaying else frozenset(map(Fact, facts))
    issued = int(now.timestamp())
    expires = issued + int(LIFETIME.total_seconds())
    if relaying:
        expires = min(expires, int(relaying.until.timestamp()))
    payload: dict[str, object] = {
        "iss": node,
        "aud": inquiry.endpoint.issuer,
        "iat": issued,
        "exp": expires,
        "jti": jti,
        **_subject(inquiry),
        "compare": sorted(compare),
        "purpose": inquiry.purpose,
        "via": [*relaying.via, node] if relaying else [node],
    }
    if relaying:
        payload["asked"] = relaying.asked.decode("ascii")
    if inquiry.digests:
        payload["documents"] = [
            {"alg": name, "value": to_base64url(value)}
            for name, value in sorted(inquiry.digests.items())
        ]
    if inquiry.at is not None:
        payload["at"] = int(inquiry.at.timestamp())
    if facts:
        payload |= _carried(facts, inquiry.endpoint, private=private)
    return Question(
        token=sign_token(TYP, payload, signer),
        node=node,
        issuer=inquiry.endpoint.issuer,
        identifier=str(inquiry.identifier) if inquiry.identifier else None,
        type=inquiry.identifier.type if inquiry.identifier else inquiry.type,
        compare=compare,
        coded=inquiry.identifier is None and inquiry.code is not None,
        shown=bool(inquiry.digests),
        asked_at=now,
        original=Original(relaying.asker, digest_of(relaying.asked)) if relaying else None,
    )


def _kept_back(inquiry: Inquiry, *, private: bool) -> bool:
    """Over an open line to a platform without a key: whether a license it can name is in force it
    can hand on, and facts nobody there may read are left out. A number without its holder names
    nobody's license: that question is not asked at all.
    """
    platform = inquiry.endpoint.speaker is Speaker.UPSTREAM
    named = inquiry.identifier is not None
    return platform and named and not private and inquiry.endpoint.encryption_jwk is None


def _subject(inquiry: Inquiry) -> dict[str, str]:
    """The identifier alone, else the issuer's own code, number and type, or the seal."""
    if inquiry.identifier is not None:
        return {"identifier": str(inquiry.identifier)}
    if inquiry.code is not None:
        return {"code": inquiry.code}
    if inquiry.claims.number is not None and inquiry.type is not None:
        return {"number": inquiry.claims.number, "type": inquiry.type}
    if inquiry.seal is None:
        raise NothingToAsk("no identifier, no code, no number with its type, no seal")
    certificate = {"certificate": inquiry.certificate} if inquiry.certificate else {}
    return {"seal": inquiry.seal, **certificate}


def plain_facts(inquiry: Inquiry) -> dict[str, object]:
    """Name → value of what is to be compared; normalising is the issuer's."""
    stated = inquiry.claims.values()
    return {fact.value: _plain(value) for fact, value in stated.items() if fact in inquiry.compare}


def _plain(value: object) -> object:
    match value:
        case date():
            return value.isoformat()
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case _:
            return value


def _carried(facts: dict[str, object], endpoint: Endpoint, *, private: bool) -> dict[str, object]:
    """Sealed where the issuer has a key for it, even on a private way."""
    if endpoint.encryption_jwk is not None:
        try:
            recipient = read_recipient(endpoint.encryption_jwk)
        except InvalidKey as refused:
            raise FactsNotPrivate(str(refused)) from refused
        return {"facts_jwe": seal(_json(facts), recipient)}
    if not private:
        raise FactsNotPrivate("no encryption key registered, and the way is not private")
    return {"facts": facts}


def sign_token(typ: str, payload: dict[str, object], signer: Signer) -> bytes:
    """JWS compact. Raises `Unavailable` where the signer does not sign."""
    header = {"typ": typ, "alg": JOSE_BY_SCHEME[signer.scheme], "kid": signer.kid}
    signing_input = f"{to_base64url(_json(header))}.{to_base64url(_json(payload))}".encode()
    return signing_input + b"." + to_base64url(signer.sign(signing_input)).encode()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
