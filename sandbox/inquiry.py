"""Reading an IVP/1 inquiry (docs/ivp.md) as strictly as an issuer should."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox import jws
from sandbox.jws import JsonObject
from sandbox.keys import b64
from sandbox.laxness import NOTHING, Laxness
from sandbox.nodes import Nodes

TYP = "ivp-inquiry+jwt"
SKEW = 60
"""Seconds a clock may be off."""
LIFE = 60
"""Seconds between `iat` and `exp`."""
MAX_HOPS = 3
MAX_INQUIRY = 64 * 1024
"""Bytes."""
LAST_SECOND = 253370764799
"""The end of the year 9998."""
ALGORITHMS = {"EdDSA": {"EdDSA", "Ed25519"}}
"""Key algorithm → names it goes by, where there is more than one."""


class Refusal(Exception):
    """The question is not answered; this status and word say why. Never an IVP answer."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status


@dataclass(frozen=True, slots=True)
class Inquiry:
    token: bytes
    payload: JsonObject

    @property
    def digest(self) -> str:
        """What the answer's `inquiry` must be."""
        return b64(hashlib.sha256(self.token).digest())

    @property
    def node(self) -> str:
        return str(self.payload["iss"])

    @property
    def identifier(self) -> str | None:
        return self.payload.get("identifier")

    @property
    def code(self) -> str | None:
        """Of an official address: this issuer's own, and nobody else can read it."""
        return self.payload.get("code")

    @property
    def seal(self) -> str | None:
        """印章标识, where a seal is asked about and no license."""
        return self.payload.get("seal")

    @property
    def subject(self) -> str:
        """What calls are counted by: identifier, else code, else seal, else type and number."""
        named = f"{self.payload.get('type')}/{self.payload.get('number')}"
        return self.identifier or self.code or self.seal or named

    @property
    def compare(self) -> list[str]:
        return list(self.payload["compare"])

    @property
    def at(self) -> datetime | None:
        at = self.payload.get("at")
        return None if at is None else datetime.fromtimestamp(at, UTC)


async def read_inquiry(
    token: bytes,
    *,
    audience: frozenset[str],
    nodes: Nodes,
    now: datetime,
    lax: Laxness = NOTHING,
) -> Inquiry:
    """Check signature, parties, times and members. Raises Refusal."""
    if len(token) > MAX_INQUIRY and "oversized" not in lax:
        raise Refusal(413, "inquiry_too_long")
    try:
        parts = jws.split(token)
    except ValueError as exc:
        raise Refusal(400, "inquiry_malformed") from exc
    typed = "other_token" in lax or parts.header.get("typ") == TYP
    if parts.header.keys() != {"typ", "alg", "kid"} or not typed:
        raise Refusal(400, "header_malformed")
    _check_members(parts.payload, lax)
    if not nodes.anyone:
        await _check_signature(parts, nodes, lax)
    if parts.payload["aud"] not in audience and "other_body" not in lax:
        raise Refusal(403, "not_for_this_issuer")
    _check_times(parts.payload, int(now.timestamp()), lax)
    return await _answered(Inquiry(token, parts.payload), nodes, int(now.timestamp()), lax)


async def _check_signature(parts: jws.Parts, nodes: Nodes, lax: Laxness) -> None:
    if "alg_none" in lax and parts.header["alg"] == "none":
        return
    key = await nodes.find(parts.payload["iss"], str(parts.header["kid"]))
    if key is None:
        if "stranger" in lax:
            return
        raise Refusal(401, "node_unknown")
    if parts.header["alg"] not in ALGORITHMS.get(key.alg, {key.alg}):
        raise Refusal(401, "algorithm_not_of_key")
    if not key.verify(parts.signed, parts.signature) and "signature" not in lax:
        raise Refusal(401, "signature_invalid")


async def _answered(inquiry: Inquiry, nodes: Nodes, now: int, lax: Laxness) -> Inquiry:
    """The question to answer: the asker's own, or the one a relay encloses."""
    payload = inquiry.payload
    if payload.get("asked") is not None:
        return await _first_asker(payload, payload["asked"], nodes, now)
    if payload["via"] != [payload["iss"]] and "false_via" not in lax:
        raise Refusal(400, "via_false")
    return inquiry


async def _first_asker(outer: JsonObject, asked: object, nodes: Nodes, now: int) -> Inquiry:
    """The question that a relay encloses is answered; the relay vouches for its asker."""
    if not isinstance(asked, str) or not asked.isascii():
        raise Refusal(400, "asked_malformed")
    token = asked.encode()
    try:
        parts = jws.split(token)
    except ValueError as exc:
        raise Refusal(400, "asked_malformed") from exc
    inner = parts.payload
    if parts.header.keys() != {"typ", "alg", "kid"} or parts.header["typ"] != TYP:
        raise Refusal(400, "asked_malformed")
    _check_members(inner)
    _check_times(inner, now)
    via = outer["via"]
    if inner["via"] != [inner["iss"]] or (via[0], via[-1]) != (inner["iss"], outer["iss"]):
        raise Refusal(400, "via_false")
    if len(set(via)) != len(via):
        raise Refusal(508, "loop")
    if any(_of_question(outer, name) != _of_question(inner, name) for name in QUESTION):
        raise Refusal(400, "asked_differs")
    known = None if nodes.anyone else await nodes.find(inner["iss"], str(parts.header["kid"]))
    if known is not None and not known.verify(parts.signed, parts.signature):
        raise Refusal(401, "signature_invalid")
    return Inquiry(token, inner)


def _of_question(payload: JsonObject, name: str) -> Any:
    value: Any = payload.get(name)
    return sorted(map(str, value)) if isinstance(value, list) else value


QUESTION = (
    *("identifier", "number", "type", "code", "seal", "certificate"),
    *("documents", "compare", "purpose", "at"),
)
"""What a relay hands on as it was."""


CODE = re.compile(r"[A-Za-z0-9._~-]{1,160}")
MEMBERS = {
    *("iss", "aud", "iat", "exp", "jti", "identifier", "number", "type", "code", "seal"),
    *("certificate", "documents", "facts", "facts_jwe", "compare", "purpose", "at", "via", "asked"),
}
"""All there are in IVP/1."""


def _check_members(payload: JsonObject, lax: Laxness = NOTHING) -> None:
    def is_text(name: str) -> bool:
        value: Any = payload.get(name)
        return isinstance(value, str) and bool(value)

    def is_code() -> bool:
        return is_text("code") and CODE.fullmatch(str(payload["code"])) is not None

    def are_texts(name: str) -> bool:
        value: Any = payload.get(name)
        return isinstance(value, list) and all(isinstance(item, str) for item in value)

    needed = {"iss", "aud", "purpose"} | (set() if "incomplete" in lax else {"jti"})
    named = ("identifier", "number", "code", "seal")
    subjects = sum(payload.get(name) is not None for name in named)
    times = [payload.get("iat"), payload.get("exp"), payload.get("at", 0)]
    sound = (
        all(is_text(name) for name in needed)
        and are_texts("compare")
        and are_texts("via")
        and len(payload["via"]) <= MAX_HOPS
        and all(type(value) is int and 0 <= value <= LAST_SECOND for value in times)
        and (
            is_text("identifier")
            or is_code()
            or is_text("seal")
            or (is_text("number") and is_text("type"))
        )
        and (subjects == 1 or "ambiguous" in lax)
        and isinstance(payload.get("documents", []), list)
        and isinstance(payload.get("facts", {}), dict)
        and ("identifier" not in payload or is_text("identifier"))
        and ("strict_members" not in lax or payload.keys() <= MEMBERS)
        and ("shut_facts" not in lax or "facts_jwe" not in payload)
    )
    if not sound:
        raise Refusal(400, "members_malformed")


def _check_times(payload: JsonObject, now: int, lax: Laxness = NOTHING) -> None:
    issued, ends = payload["iat"], payload["exp"]
    skew = 0 if "strict_clock" in lax else SKEW
    if ends > issued + LIFE and "long_life" not in lax:
        raise Refusal(400, "life_too_long")
    if issued > now + skew and "future" not in lax:
        raise Refusal(401, "out_of_time")
    if ends < now - skew and "expired" not in lax:
        raise Refusal(401, "out_of_time")
    if payload.get("at") is not None and payload["at"] > now + SKEW:
        raise Refusal(400, "at_in_future")
