"""Nodes that may ask this one: registered with their keys, found for a question, used up once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from app.crypto.keys import read_public_key
from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import InvalidKey, Refused
from app.domain.issuer import AnswerKey, PeerScope
from app.domain.license import KeyId
from app.domain.scheme import Scheme
from app.domain.trust import Window
from app.models import PeerKeyRow, PeerNodeRow
from app.registry.merge import Change, Values, alone, merge
from app.registry.registration import key_id
from app.registry.sessions import Connection, Database, ReadSession, WriteSession

MAX_KEYS: Final = 16
"""Of one node."""

FIND_SQL: Final = """
SELECT n.scopes, n.revoked_at, k.scheme, k.spki, k.not_before, k.not_after, k.revoked_at
  FROM peer_node n JOIN peer_key k ON k.node = n.id WHERE n.id = $1 AND k.key_id = $2
"""
KNOWN_SQL: Final = "SELECT EXISTS (SELECT FROM peer_node WHERE id = $1)"
USE_SQL: Final = """
WITH over AS (DELETE FROM used_inquiry WHERE node = $1 AND expires_at < $4)
INSERT INTO used_inquiry (node, jti, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
RETURNING 1
"""
"""What is over of that node is dropped in the same statement; of others, by `forget_used`: a relay
brings questions of nodes that never come themselves.
"""
FORGET_SQL: Final = "DELETE FROM used_inquiry WHERE expires_at < $1"


@dataclass(frozen=True, slots=True)
class Peer:
    """A node by one of its keys, as it stands now."""

    key: AnswerKey
    scopes: frozenset[PeerScope]


@dataclass(frozen=True, slots=True)
class PeerEntry:
    """A node as registered."""

    id: str
    scopes: frozenset[PeerScope]
    keys: tuple[str, ...]
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class PostgresPeers:
    """Fits `services.answering.Peers`."""

    database: Database = field(repr=False)

    async def find(self, node: str, kid: str, now: datetime) -> Peer | None:
        """None for a node or key that is unknown, not yet or no longer good. `Unavailable`."""

        async def read(connection: Connection) -> Any:
            return await connection.fetchrow(FIND_SQL, node, kid)

        row = await self.database.run(read, repeatable=True)
        if row is None:
            return None
        scopes, node_revoked, scheme, spki, since, until, revoked = row
        gone = any(at is not None and at <= now for at in (node_revoked, revoked))
        if gone or not Window(since, until).contains(now):
            return None
        key = AnswerKey(KeyId(kid), Scheme(scheme), spki)
        return Peer(key, frozenset(map(PeerScope, scopes)))

    async def known(self, node: str) -> bool:
        """Whether it was ever registered, revoked or not. Raises `Unavailable`."""

        async def read(connection: Connection) -> bool:
            return bool(await connection.fetchval(KNOWN_SQL, node))

        return await self.database.run(read, repeatable=True)

    async def once(self, node: str, jti: str, *, expires: datetime, now: datetime) -> bool:
        """Whether this is the first time. Raises `Unavailable`: then nothing is known."""

        async def write(connection: Connection) -> bool:
            used = await connection.fetchval(USE_SQL, node, jti, expires + CLOCK_SKEW, now)
            return used is not None

        return await self.database.run(write)

    async def forget_used(self, now: datetime) -> None:
        """Drop what is over anyway. Raises `Unavailable`."""

        async def write(connection: Connection) -> None:
            await connection.execute(FORGET_SQL, now)

        await self.database.run(write, repeatable=True)


async def add_peer(
    session: WriteSession,
    id: str,
    keys: Sequence[Mapping[str, object]],
    *,
    scopes: frozenset[PeerScope],
    since: datetime,
    until: datetime | None = None,
) -> Change:
    """Register a node with its public keys (JWK with `kid`), or add keys to it.

    Raises `Refused`: for a key the ingest gate does not let in, and for a name already taken.
    """
    if not scopes or not 0 < len(keys) <= MAX_KEYS:
        raise Refused("keys", f"a node has a scope, and one to {MAX_KEYS} keys")
    wanted = []
    for index, jwk in enumerate(keys):
        place = f"keys[{index}]"
        try:
            public = read_public_key({n: v for n, v in jwk.items() if n not in {"kid", "use"}})
        except InvalidKey as refused:
            raise Refused(place, f"the key is refused: {refused}") from None
        name = key_id(f"{place}.kid", str(jwk.get("kid", "")))
        wanted.append(
            {
                "node": id,
                "key_id": name,
                "scheme": public.scheme.value,
                "spki": public.spki,
                "not_before": since,
                "not_after": until,
            }
        )
    await alone(session)
    node = {"id": id, "scopes": sorted(scopes), "revoked_at": None}
    changes = await merge(session, PeerNodeRow, [node], _guard_node)
    changes += await merge(session, PeerKeyRow, wanted, _guard_key)
    return max(changes, key=[Change.UNCHANGED, Change.CHANGED, Change.ADDED].index)


async def revoke_peer(session: WriteSession, id: str, *, at: datetime) -> Change:
    """Answer it no more. Raises `Refused` where there is none."""
    await alone(session)
    known = await session.get(PeerNodeRow, id)
    if known is None:
        raise Refused("node", "there is no such node: see `zhengyan peer list`")
    row = {"id": id, "scopes": known.scopes, "revoked_at": at}
    return (await merge(session, PeerNodeRow, [row]))[0]


async def list_peers(session: ReadSession) -> list[PeerEntry]:
    """By name."""
    k, n = PeerKeyRow, PeerNodeRow
    keys: dict[str, list[str]] = {}
    for node, name in await session.execute(select(k.node, k.key_id).order_by(k.key_id)):
        keys.setdefault(node, []).append(name)
    return [
        PeerEntry(id, frozenset(map(PeerScope, scopes)), tuple(keys.get(id, ())), revoked_at)
        for id, scopes, revoked_at in await session.execute(
            select(n.id, n.scopes, n.revoked_at).order_by(n.id)
        )
    ]


def _guard_node(old: Values, new: Values) -> None:
    if old["revoked_at"] is not None:
        raise Refused("node", f"{old['id']} was revoked: a node that comes back has a new name")
    del new


def _guard_key(old: Values, new: Values) -> None:
    if (old["spki"], old["scheme"]) != (new["spki"], new["scheme"]):
        raise Refused("keys", f"{old['key_id']} is taken by another key: a new key has a new name")
