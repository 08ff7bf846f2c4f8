"""The folder of an issuer kit (颁发机构接入包).

kit.json            who issues what, and where the register is
licenses.csv        the register, unless it is a database
askers.json         nodes that may ask, with their public keys
keys/, facts.pem    the kit's own keys, mode 0600
used.db             questions answered, so that none is answered twice
registration.json   what to send to whoever verifies
"""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from app.crypto.jose import JsonLimits, read_json_object
from app.crypto.keys import read_public_key
from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import InvalidKey, Malformed, Refused, Unavailable
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import AnswerKey, PeerScope
from app.registry.books.lines import COLUMNS
from app.registry.books.sql import open_postgres, open_sqlite
from app.registry.books.table import Book, CsvBook
from app.registry.peers import Peer
from app.registry.reader import Reader, refuse
from app.registry.registration import issuer_code, key_id, type_code

SETTINGS: Final = "kit.json"
ASKERS: Final = "askers.json"
REGISTER: Final = "licenses.csv"
REGISTRATION: Final = "registration.json"
KEYS: Final = "keys"
FACTS: Final = "facts.pem"
USED: Final = "used.db"
LIMITS: Final = JsonLimits(size=1024 * 1024)
MAX_ASKERS: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What kit.json says."""

    folder: Path
    code: IssuerCode
    name: tuple[str, str]
    """In Chinese and English."""
    types: Mapping[TypeCode, tuple[str, str] | None]
    """With a name where the type is to be registered along."""
    url: str | None
    """Where the endpoint will be, for the registration document."""
    table: str
    """Of a database; or the name of the CSV file."""
    database: str | None
    """`sqlite:FILE` or `postgresql://…`; None: a CSV file."""
    columns: Mapping[str, str]
    """Our name → the register's, where it is neither ours nor the Chinese one."""
    exported: bool
    every_file: bool
    sample: str | None
    """证照标识 of the license that endpoints are tried with."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises `Refused`: it names the member."""
        top = Reader.of(read_json(folder / SETTINGS), SETTINGS)
        top.close(
            required={"code", "name", "types"},
            optional={"url", "table", "database", "columns", "exported", "every_file", "sample"},
        )
        columns = top.inner("columns") if top.given("columns") else Reader({}, "columns")
        columns.close(required=(), optional=COLUMNS)
        return cls(
            folder=folder,
            code=issuer_code(top.at("code"), top.text("code")),
            name=top.names("name"),
            types=dict(map(_type, top.objects("types", 1000))),
            url=top.text("url") if top.given("url") else None,
            table=top.text("table") if top.given("table") else REGISTER,
            database=_database(top) if top.given("database") else None,
            columns={name: columns.text(name) for name in columns.members},
            exported=top.boolean("exported") if top.given("exported") else False,
            every_file=top.boolean("every_file") if top.given("every_file") else False,
            sample=top.text("sample") if top.given("sample") else None,
        )

    async def book(self) -> Book:
        """The register. Raises `Refused` where a database has no such table."""
        if self.database is None:
            return CsvBook(self.folder / self.table, self.columns, self.exported)
        if self.database.startswith("sqlite:"):
            file = self.folder / self.database.removeprefix("sqlite:")
            return await open_sqlite(file, self.table, self.columns)
        return await open_postgres(self.database, self.table, self.columns)


def read_json(path: Path) -> dict[str, object]:
    """Raises `Refused` naming the file."""
    try:
        with path.open("rb") as file:
            return read_json_object(file.read(LIMITS.size + 1), LIMITS)
    except OSError as exc:
        refuse(path.name, f"cannot be read: {exc.strerror}")
    except Malformed as exc:
        refuse(path.name, f"is refused: {exc}")


def _type(each: Reader) -> tuple[TypeCode, tuple[str, str] | None]:
    each.close(required={"code"}, optional={"name"})
    named = each.names("name") if each.given("name") else None
    return type_code(each.at("code"), each.text("code")), named


def _database(top: Reader) -> str:
    text, place = top.text("database"), top.at("database")
    if text.startswith("sqlite:"):
        return text
    parts = urlsplit(text)
    if parts.scheme not in {"postgresql", "postgres"}:
        refuse(place, "is neither sqlite:FILE nor postgresql://user@host/name")
    if parts.password is not None or "password" in parts.query:
        refuse(place, "holds a password: keep it in a file named by PGPASSFILE instead")
    return text


# ---- askers


@dataclass(slots=True)
class FolderAskers:
    """Fits `services.answering.Peers`: askers.json, and questions used up in used.db."""

    folder: Path
    _read_at: int = -1
    _known: Mapping[str, tuple[frozenset[PeerScope], Mapping[str, AnswerKey]]] = field(
        default_factory=dict
    )
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    async def find(self, node: str, kid: str, now: datetime) -> Peer | None:
        """None for a node or key that is unknown. Raises `Unavailable`."""
        del now
        scopes, keys = (await self._askers()).get(node, (frozenset(), {}))
        return Peer(keys[kid], scopes) if kid in keys else None

    async def known(self, node: str) -> bool:
        """Whether it is registered here, under whatever key."""
        return node in await self._askers()

    async def once(self, node: str, jti: str, *, expires: datetime, now: datetime) -> bool:
        """Whether this is the first time, over restarts too. Raises `Unavailable`."""
        until = int((expires + CLOCK_SKEW).timestamp())
        return await asyncio.to_thread(self._use, (node, jti, until), int(now.timestamp()))

    def _use(self, row: tuple[str, str, int], now: int) -> bool:
        try:
            with self._lock, closing(sqlite3.connect(self.folder / USED, timeout=2.0)) as used:
                used.execute(
                    "CREATE TABLE IF NOT EXISTS used (node TEXT, jti TEXT, until INTEGER, "
                    "PRIMARY KEY (node, jti))"
                )
                used.execute("DELETE FROM used WHERE until < ?", (now,))
                first = used.execute("INSERT OR IGNORE INTO used VALUES (?, ?, ?)", row).rowcount
                used.commit()
        except sqlite3.Error as exc:
            raise Unavailable(f"{USED} cannot be written") from exc
        return first == 1

    async def _askers(
        self,
    ) -> Mapping[str, tuple[frozenset[PeerScope], Mapping[str, AnswerKey]]]:
        """As the file stands now; where there is none, nobody."""
        path = self.folder / ASKERS
        try:
            changed = (await asyncio.to_thread(path.stat)).st_mtime_ns
        except OSError:
            return {}
        if changed != self._read_at:
            try:
                self._known = await asyncio.to_thread(read_askers, path)
            except Refused as exc:
                raise Unavailable(str(exc)) from exc
            self._read_at = changed
        return self._known


def read_askers(
    path: Path,
) -> Mapping[str, tuple[frozenset[PeerScope], Mapping[str, AnswerKey]]]:
    """Node → scopes and keys. Raises `Refused` naming the member."""
    top = Reader.of(read_json(path), ASKERS, optional={"nodes"})
    return {
        each.text("node"): (
            frozenset(each.words("scopes", tuple(PeerScope))),
            dict(_key(key) for key in each.objects("keys", 16)),
        )
        for each in top.objects("nodes", MAX_ASKERS)
    }


def _key(jwk: Reader) -> tuple[str, AnswerKey]:
    name = key_id(jwk.at("kid"), jwk.text("kid"))
    try:
        public = read_public_key({n: v for n, v in jwk.members.items() if n not in {"kid", "use"}})
    except InvalidKey as refused:
        refuse(jwk.place, f"is refused: {refused}")
    return name, AnswerKey(name, public.scheme, public.spki)


def allow(folder: Path, described: dict[str, object], scopes: Sequence[PeerScope]) -> str:
    """Let a node ask, as `zhengyan peer self` describes it; a node of that name is replaced.

    Returns its id. Raises `Refused`; then nothing is written.
    """
    each = Reader.of(described, "node")
    each.close(required={"node", "keys"}, optional=())
    node = each.text("node")
    entry = {"node": node, "scopes": sorted(set(scopes)), "keys": described["keys"]}
    path = folder / ASKERS
    known = read_json(path).get("nodes", []) if path.exists() else []
    others = [n for n in (known if isinstance(known, list) else []) if _node_of(n) != node]
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"nodes": [*others, entry]}, ensure_ascii=False, indent=1))
    read_askers(draft)
    draft.replace(path)
    return node


def _node_of(entry: object) -> object:
    return entry.get("node") if isinstance(entry, dict) else None
