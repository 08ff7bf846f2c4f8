"""People who make lists: each with one live key of their own, and with what they may do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select, update

from app.crypto.keys import read_public_key
from app.crypto.signing import Signer
from app.domain.caller import Scope
from app.domain.errors import InvalidKey, Refused
from app.domain.scheme import Scheme
from app.models import PersonKeyRow, PersonRow
from app.models.proposal import MAKING
from app.registry.making.statements import VerifyKey
from app.registry.merge import Change, alone, merge
from app.registry.reader import refuse
from app.registry.sessions import ReadSession, WriteSession

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
_SCOPES: Final = {scope.value: scope for scope in MAKING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody, as registered."""

    name: str
    scopes: frozenset[Scope]
    key: VerifyKey | None = field(repr=False)
    """None: no live one."""
    ended_at: datetime | None

    @property
    def live(self) -> VerifyKey:
        """Raises `Refused` for somebody who has left."""
        if self.ended_at is not None or self.key is None:
            raise Refused("as", f"{self.name} has left: see `zhengyan person list`")
        return self.key

    def require(self, scope: Scope) -> None:
        """Raises `Refused` for a person who may not."""
        if scope not in self.scopes:
            raise Refused("as", f"{self.name} may not: the scope {scope} is missing")


@dataclass(frozen=True, slots=True)
class Acting:
    """A person whose private key is at hand, and is the registered one."""

    person: Person
    signer: Signer = field(repr=False)

    @property
    def name(self) -> str:
        return self.person.name

    def require(self, scope: Scope) -> None:
        """Raises `Refused` for a person who may not."""
        self.person.require(scope)


def read_name(text: str) -> str:
    """Raises `Refused`."""
    if not _NAME.fullmatch(text):
        refuse("name", "is not 2 to 63 of a-z 0-9 -")
    return text


async def add_person(
    session: WriteSession,
    name: str,
    key: bytes | Mapping[str, object],
    scopes: frozenset[Scope],
    now: datetime,
    *,
    scheme: Scheme | None = None,
) -> tuple[Change, str]:
    """Register a person, or give one another key and other scopes; the key before it ends.

    Returns what came of it, and the thumbprint of the key.

    Raises:
        Refused: a key that the ingest gate does not let in, or that is or was another's; scopes
            that are none of making lists.
    """
    await alone(session)
    read_name(name)
    if not scopes or not scopes <= set(MAKING):
        refuse("scope", f"is none of {', '.join(_SCOPES)}")
    try:
        public = read_public_key(key, scheme)
    except InvalidKey as exc:
        raise Refused("key", f"the key is refused: {exc}. Give the public half, FILE.pub") from None
    held = await session.get(PersonKeyRow, public.jwk_thumbprint)
    if held is not None and held.person != name:
        refuse("key", f"is that of {held.person}: one key, one person")
    if held is not None and held.ended_at is not None:
        refuse("key", "was ended, which is not taken back: make a new one")
    row = {"name": name, "scopes": sorted(scopes), "ended_at": None}
    changes = await merge(session, PersonRow, [row])
    if held is None:
        k = PersonKeyRow
        live = (k.person == name, k.ended_at.is_(None))
        await session.execute(update(k).where(*live).values(ended_at=now))
        values = {
            "key_id": public.jwk_thumbprint,
            "person": name,
            "scheme": public.scheme,
            "spki": public.spki,
        }
        await merge(session, PersonKeyRow, [values])
        changes = changes if changes[0] is not Change.UNCHANGED else [Change.CHANGED]
    return changes[0], public.jwk_thumbprint


async def end_person(session: WriteSession, name: str, now: datetime) -> Change:
    """Somebody left: nothing more is signed in their name. Raises `Refused` where unknown."""
    await alone(session)
    await person_of(session, name)
    k = PersonKeyRow
    live = (k.person == name, k.ended_at.is_(None))
    await session.execute(update(k).where(*live).values(ended_at=now))
    return (await merge(session, PersonRow, [{"name": name, "ended_at": now}]))[0]


async def acting(session: ReadSession, name: str, signer: Signer) -> Acting:
    """The person, if alive and if this is their key. Raises `Refused`."""
    person = await person_of(session, name)
    if signer.kid != person.live.key_id:
        raise Refused("key", f"this is not the registered key of {name}")
    return Acting(person, signer)


async def person_of(session: ReadSession, name: str) -> Person:
    """Raises `Refused` where there is none."""
    found = [person for person in await list_persons(session) if person.name == name]
    if not found:
        raise Refused("as", "nobody of that name: `zhengyan person add` first")
    return found[0]


async def list_persons(session: ReadSession) -> list[Person]:
    """By name."""
    k = PersonKeyRow
    query = (
        select(PersonRow, k)
        .outerjoin(k, (k.person == PersonRow.name) & k.ended_at.is_(None))
        .order_by(PersonRow.name)
        .execution_options(populate_existing=True)
    )
    return [
        Person(
            name=row.name,
            scopes=frozenset(_SCOPES[scope] for scope in row.scopes),
            key=None if key is None else VerifyKey(key.key_id, Scheme(key.scheme), key.spki),
            ended_at=row.ended_at,
        )
        for row, key in await session.execute(query)
    ]


async def key_of(session: ReadSession, person: str, key_id: str) -> VerifyKey:
    """A key that person has or had. Raises `Refused`."""
    row = await session.get(PersonKeyRow, key_id)
    if row is None or row.person != person:
        raise Refused("key", f"no key of {person} is {key_id}")
    return VerifyKey(row.key_id, Scheme(row.scheme), row.spki)
