"""调阅 over IVP/1 (docs/ivp.md, *Retrieving a document*): asked, answered, fetched; nothing kept.

A request is signed by this node and says for whom and why. The answer is the issuer's signed word:
one link, where it leads, and the digest of what lies there. Bytes that are handed on are those of
that digest, or none are.
"""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.crypto.digests import digest
from app.crypto.jose import (
    CompactLimits,
    JsonLimits,
    base64url,
    read_json_object,
    read_time,
    split_compact,
)
from app.crypto.schemes import SCHEME_BY_JOSE, verify_jose
from app.crypto.signing import Signer
from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import InvalidSignature, Malformed, Refused, Unavailable
from app.domain.issuer import Endpoint, Silence, Unreachable
from app.domain.retrieval import (
    FILE_DEADLINE,
    MAX_FILE,
    MAX_LINK_LIFE,
    Delivered,
    Giver,
    MediaType,
    NotGiven,
    Offer,
    Wanted,
)
from app.domain.scheme import Digest
from app.federation.egress import Destination, ForbiddenAddress, destination
from app.federation.lines import SIGNED, Incoming, Line, Lines, Outgoing
from app.federation.wire import LIFETIME, digest_of, sign_token

ASKING: Final = "ivp-retrieval+jwt"
GIVING: Final = "ivp-delivery+jwt"
MAX_ANSWER: Final = 64 * 1024
"""Bytes of a signed delivery."""
ID_BYTES: Final = 16
_GIVEN: Final = "given"
_SIZES: Final = {Digest.SM3.value: 32, Digest.SHA256.value: 32}
_ORIGIN: Final = re.compile(r"https?://[^/]+")


@dataclass(frozen=True, slots=True)
class Request:
    """A signed request, and what its answer has to echo."""

    token: bytes
    node: str
    identifier: str

    @property
    def digest(self) -> str:
        return digest_of(self.token)


def compose_retrieval(
    wanted: Wanted, offer: Offer, *, node: str, signer: Signer, now: datetime
) -> Request:
    """Write and sign it. Raises `Unavailable` where the signer does not sign."""
    issued = int(now.timestamp())
    payload: dict[str, object] = {
        "iss": node,
        "aud": offer.issuer,
        "iat": issued,
        "exp": issued + int(LIFETIME.total_seconds()),
        "jti": secrets.token_urlsafe(ID_BYTES),
        "identifier": str(wanted.identifier),
        "purpose": wanted.purpose,
        "behalf": wanted.behalf,
    }
    if wanted.matter is not None:
        payload["matter"] = wanted.matter
    return Request(sign_token(ASKING, payload, signer), node, str(wanted.identifier))


class WrongWord(Exception):
    """Well signed, and not the answer to this request; says which rule."""

    def __init__(self, why: Silence, detail: str) -> None:
        super().__init__(detail)
        self.why = why


def read_delivery(
    body: bytes, request: Request, giver: Giver, now: datetime
) -> Delivered | NotGiven | Unreachable:
    """The issuer's word: signature first, then everything it says."""
    try:
        payload = _verified(body, giver.endpoint)
        _check_echo(payload, request, giver.offer, now)
        said = _text(payload, "outcome")
        if said != _GIVEN:
            return _not_given(said)
        return _delivered(payload, giver.offer, now)
    except Malformed as broken:
        return Unreachable(Silence.MALFORMED, str(broken))
    except InvalidSignature as broken:
        return Unreachable(Silence.SIGNATURE, str(broken))
    except WrongWord as wrong:
        return Unreachable(wrong.why, str(wrong))


def _verified(body: bytes, endpoint: Endpoint) -> Mapping[str, object]:
    """By a key registered for the body's answers; the key decides its scheme."""
    compact = split_compact(body, CompactLimits(token=MAX_ANSWER))
    if compact.typ != GIVING:
        raise Malformed(f"header: typ is not {GIVING}")
    key = next((k for k in endpoint.answer_keys if k.key_id == compact.kid), None)
    if key is None:
        raise InvalidSignature("kid is none of the answer keys registered for the issuer")
    if SCHEME_BY_JOSE.get(compact.alg) is not key.scheme:
        raise InvalidSignature("alg is not the key's")
    verify_jose(key.scheme, spki=key.spki, message=compact.signing_input, value=compact.signature)
    return read_json_object(compact.payload, JsonLimits(size=MAX_ANSWER))


def _check_echo(
    payload: Mapping[str, object], request: Request, offer: Offer, now: datetime
) -> None:
    if _text(payload, "iss") != offer.issuer:
        raise WrongWord(Silence.WRONG_PARTY, "iss is not who was asked")
    if _text(payload, "aud") != request.node:
        raise WrongWord(Silence.WRONG_PARTY, "aud is not this node")
    if _text(payload, "inquiry") != request.digest:
        raise WrongWord(Silence.WRONG_QUESTION, "inquiry is not the digest of the request")
    if _text(payload, "identifier") != request.identifier:
        raise WrongWord(Silence.WRONG_QUESTION, "identifier is not the one asked for")
    issued = read_time(payload.get("iat"), "iat")
    if abs(issued - now) > CLOCK_SKEW + LIFETIME:
        raise WrongWord(Silence.CLOCK, "iat is not now")


def _not_given(said: str) -> NotGiven:
    try:
        return NotGiven(said)
    except ValueError:
        raise Malformed(f"outcome: none of {_GIVEN}, {', '.join(NotGiven)}") from None


def _delivered(payload: Mapping[str, object], offer: Offer, now: datetime) -> Delivered:
    link = _text(payload, "link")
    leads_to(link, offer)
    expires = read_time(payload.get("expires"), "expires")
    if not now - CLOCK_SKEW < expires <= now + MAX_LINK_LIFE + CLOCK_SKEW:
        raise WrongWord(Silence.CLOCK, "expires is not within ten minutes")
    try:
        media_type = MediaType(_text(payload, "media_type"))
    except ValueError:
        raise WrongWord(Silence.MEDIA_TYPE, "a type that is not handed on") from None
    size = payload.get("size")
    if type(size) is not int or size < 1:
        raise Malformed("size: not a number of bytes")
    if size > MAX_FILE:
        raise WrongWord(Silence.OVERSIZED, f"announced over {MAX_FILE} bytes")
    document = payload.get("document")
    if not isinstance(document, dict) or document.keys() != {"alg", "value"}:
        raise Malformed("document: not alg and value")
    name, value = _text(document, "alg"), base64url(_text(document, "value"), "document.value")
    if _SIZES.get(name) != len(value):
        raise Malformed("document: not an sm3 or sha256 digest")
    return Delivered(link, expires, media_type, size, name, value)


def leads_to(link: str, offer: Offer) -> Destination:
    """Where a link leads: to an origin registered for the issuer. Raises `WrongWord`."""
    try:
        there = destination.__wrapped__(link, offer.networks)  # one-time: not remembered
    except (ForbiddenAddress, Refused):
        raise WrongWord(Silence.FORBIDDEN_ADDRESS, "a link that may not be followed") from None
    for origin in offer.origins:
        known = destination(origin + "/", offer.networks)
        if (known.scheme, known.host, known.port) == (there.scheme, there.host, there.port):
            return there
    raise WrongWord(Silence.FORBIDDEN_ADDRESS, "a link to a host not registered for the issuer")


def _text(payload: Mapping[str, object], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{name}: not a text")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRetrievals:
    """Fits `services.retrieving.Givers`, over the network; ways of its own, beside those of
    questions, so that documents under way keep no question waiting.
    """

    lines: Lines
    node: str
    signer: Callable[[], Signer]
    clock: Callable[[], datetime]
    file_deadline: timedelta = FILE_DEADLINE

    async def ask(self, wanted: Wanted, giver: Giver) -> Delivered | NotGiven | Unreachable:
        """Within the endpoint's deadline. Raises nothing but CancelledError."""
        offer = giver.offer
        where = replace(giver.endpoint, url=offer.url, networks=offer.networks)

        async def talk(line: Line) -> Delivered | NotGiven | Unreachable:
            try:
                request = await asyncio.to_thread(self._request, wanted, offer)
            except Unavailable:
                return Unreachable(Silence.CONNECTION, "this node cannot sign its request")
            headers = {"Accept": SIGNED, "Content-Type": SIGNED}
            sent = Outgoing(offer.url, request.token, headers, accepts=(SIGNED,))
            return await line.exchange(
                sent,
                MAX_ANSWER,
                lambda got: read_delivery(got.content, request, giver, self.clock()),
            )

        return await self.lines.converse(where, talk)

    async def fetch(self, delivered: Delivered, giver: Giver) -> bytes | Unreachable:
        """What lies under the link, whole, and of the digest the issuer signed."""
        offer = giver.offer
        found = _ORIGIN.match(delivered.link)
        origin = found[0] if found else delivered.link
        where = replace(
            giver.endpoint,
            url=origin + "/",
            networks=offer.networks,
            deadline=min(self.file_deadline, _left(delivered.expires, self.clock())),
            max_in_flight=FILES_AT_ONCE,
        )
        accepts = (delivered.media_type.value,)
        sent = Outgoing(
            delivered.link, headers={"Accept": accepts[0]}, method="GET", accepts=accepts
        )

        async def talk(line: Line) -> bytes | Unreachable:
            return await line.exchange(sent, delivered.size, lambda got: same(got, delivered))

        return await self.lines.converse(where, talk)

    async def aclose(self) -> None:
        await self.lines.aclose()

    def _request(self, wanted: Wanted, offer: Offer) -> Request:
        return compose_retrieval(
            wanted, offer, node=self.node, signer=self.signer(), now=self.clock()
        )


FILES_AT_ONCE: Final = 2
"""Documents under way from one host: each may be 20 MiB in memory."""


def _left(expires: datetime, now: datetime) -> timedelta:
    return max(timedelta(seconds=1), expires - now + CLOCK_SKEW)


def same(got: Incoming, delivered: Delivered) -> bytes | Unreachable:
    """The bytes, where they are those that were promised."""
    if len(got.content) != delivered.size:
        return Unreachable(Silence.MALFORMED, "not of the size the issuer signed")
    if delivered.digest == Digest.SHA256.value:
        value = hashlib.sha256(got.content).digest()
    else:
        value = digest(Digest.SM3, got.content)
    if value != delivered.value:
        return Unreachable(Silence.WRONG_QUESTION, "not the document of the digest signed")
    return got.content
