"""Adapter `share-gateway`: a share service (证照信息验证) behind an exchange platform.

Its answers are nobody's signed word (ADR 0008): the signature of a call proves us to the platform
and nothing to us, so they count only where the server proved its name. Everything about sending is
`app.federation.lines`; the platform's secrets are `app.federation.appsecrets`
(docs/share-gateway.md).
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.crypto.appsecret import call_signature
from app.domain.errors import Malformed
from app.domain.issuer import Answered, Endpoint, Inquiry, Match, Silence, Unreachable
from app.domain.license import Fact
from app.federation.egress import Destination
from app.federation.lines import UNSIGNED, Incoming, Outgoing
from app.federation.mapped import Secrets
from app.federation.wire import FactsNotPrivate, NothingToAsk
from app.formats.share.answers import Another, NotPassedOn, Trouble, read_shared
from app.formats.share.description import Platform, cause_of

APPKEY: Final = "appkey"
"""File in the secrets folder: what the platform gave the operator once."""
ACCESS_TOKEN: Final = "access-token"  # noqa: S105 - the name of a file
"""File in the secrets folder: of the share service itself, where it wants one."""


class SecretExpired:
    """The platform calls the secret over: no answer, and nothing wrong with the connection."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question but for the headers that sign it."""

    content: bytes = field(repr=False)
    sent: dict[Fact, str] = field(repr=False)
    """Facts as they stand in it."""


def prepare(
    inquiry: Inquiry, platform: Platform, where: Destination, *, secrets: Secrets
) -> Prepared:
    """The envelope.

    Raises:
        NothingToAsk: no license named, no holder (a number alone is a guess, and is not answered),
            or a past day, of which nothing in the interface can speak.
        FactsNotPrivate: facts of the holder would go in clear over an open line.
        Unavailable: a secret cannot be had.
    """
    if inquiry.at is not None:
        raise NothingToAsk("a time of its own: what would be answered is about today")
    sent = _subject(inquiry) | _holder(inquiry)
    if not {Fact.HOLDER, Fact.HOLDER_CODE} & sent.keys():
        raise NothingToAsk("no holder: a share service is not asked by a number alone")
    if not (where.secure or where.loopback):
        raise FactsNotPrivate("the line is open: facts of the holder go over TLS only")
    head: dict[str, str] = {}
    if platform.access_id is not None:
        token = secrets.secret(inquiry.endpoint.issuer, ACCESS_TOKEN)
        head = {"accessId": platform.access_id, "accessToken": token}
    data = {_MEMBERS[fact]: value for fact, value in sent.items()}
    body = {"head": head, "data": {**data, "useCause": cause_of(platform)}}
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Prepared(content, sent)


_MEMBERS: Final = {
    Fact.IDENTIFIER: "certIdentifier",
    Fact.NUMBER: "certNo",
    Fact.TYPE: "certTypeCode",
    Fact.HOLDER: "holder",
    Fact.HOLDER_CODE: "holderCode",
}


def _subject(inquiry: Inquiry) -> dict[Fact, str]:
    """What names the license. Raises `NothingToAsk`."""
    identifier, number = inquiry.identifier, inquiry.claims.number
    type = identifier.type if identifier else inquiry.type
    if identifier is None and (number is None or type is None):
        raise NothingToAsk("neither an identifier, nor a number with its type")
    named = {
        Fact.IDENTIFIER: str(identifier) if identifier else None,
        Fact.NUMBER: number,
        Fact.TYPE: type,
    }
    return {fact: value for fact, value in named.items() if value}


def _holder(inquiry: Inquiry) -> dict[Fact, str]:
    """None of a relay's: they are sealed for somebody else."""
    if inquiry.relaying is not None:
        return {}
    claims, compare = inquiry.claims, inquiry.compare
    stated = {Fact.HOLDER: claims.holder, Fact.HOLDER_CODE: claims.holder_code}
    return {fact: value for fact, value in stated.items() if value and fact in compare}


def signed_call(
    url: str, content: bytes, platform: Platform, secret: str, now: datetime
) -> Outgoing:
    """With the four headers; `rtime` in milliseconds of this node's clock."""
    time_ms = str(int(now.timestamp() * 1000))
    prefix = platform.prefix.value
    signature = call_signature(
        secret, service=platform.service, requester=platform.requester, time_ms=time_ms
    )
    headers = {
        f"{prefix}_rid": platform.requester,
        f"{prefix}_sid": platform.service,
        f"{prefix}_rtime": time_ms,
        f"{prefix}_sign": signature,
        "Content-Type": UNSIGNED,
        "Accept": UNSIGNED,
    }
    return Outgoing(url, content, headers, accepts=(UNSIGNED,))


def read_share(
    incoming: Incoming,
    platform: Platform,
    prepared: Prepared,
    inquiry: Inquiry,
    *,
    now: datetime,
    authenticated: bool,
) -> Answered | Unreachable | SecretExpired:
    """What the answer says, by the tables."""
    endpoint: Endpoint = inquiry.endpoint
    try:
        said = read_shared(incoming.content, platform, most=endpoint.max_answer, sent=prepared.sent)
    except NotPassedOn as told:
        match told.trouble:
            case Trouble.SECRET_EXPIRED:
                return SecretExpired()
            case Trouble.CLOCK:
                return Unreachable(Silence.CLOCK, f"{told.where}: the platform's clock and ours")
            case Trouble.REFUSED:
                return Unreachable(Silence.STATUS, told.where)
    except Another as other:
        return Unreachable(Silence.WRONG_QUESTION, str(other))
    except Malformed as broken:
        return Unreachable(Silence.MALFORMED, str(broken))
    return Answered(
        code=said.code,
        document=Match.UNKNOWN,
        facts={fact: said.facts.get(fact, Match.UNKNOWN) for fact in inquiry.compare},
        speaker=endpoint.speaker,
        signed=False,
        authenticated=authenticated,
        as_of=now,
        state=said.state,
    )
