"""OCSP responses (在线证书状态) that are held: a few of each certificate, of few certificates.

They come from operators and from sources operators name, never from a document. Bounded by rows:
the youngest of each certificate that say good, and the youngest that say revoked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Select, delete, func, select

from app.domain.errors import Refused
from app.models import OcspResponseRow
from app.registry.merge import alone, merge
from app.registry.sessions import ReadSession, WriteSession

MAX_CERTIFICATES: Final = 256
"""As many as there may be sources."""
KEPT: Final = 4
"""Of one certificate that say good, and as many that say revoked, as of an authority's lists: an
older one says nothing a younger one does not, but for the day it was fresh on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspEntry:
    """One response, read and found to be an authority's."""

    sha256: str
    authority: str
    """SHA-256 of its certificate, hexadecimal."""
    serial: str
    """Hexadecimal."""
    revoked: bool
    der: bytes = field(repr=False)
    this_update: datetime
    next_update: datetime | None


_COLUMNS: Final = (
    "sha256", "authority", "serial", "revoked", "der", "this_update", "next_update",
)  # fmt: skip


async def keep(session: WriteSession, entry: OcspEntry) -> datetime | bool:
    """True: new; False: held; a time: that of a younger one that says good and is held instead.

    Raises `Refused` for one certificate too many, `Unavailable`.
    """
    await alone(session)
    r = OcspResponseRow
    held = await _of(session, entry)
    if not held and await session.scalar(_certificates()) == MAX_CERTIFICATES:
        raise Refused("response", f"over {MAX_CERTIFICATES} certificates: see `zhengyan ocsp list`")
    if any(sha256 == entry.sha256 for sha256, _, _ in held):
        return False
    youngest = max((at for _, revoked, at in held if not revoked), default=None)
    if not entry.revoked and youngest is not None and youngest > entry.this_update:
        return youngest
    await merge(session, r, [{name: getattr(entry, name) for name in _COLUMNS}])
    same = [s for s, revoked, _ in await _of(session, entry) if revoked is entry.revoked]
    if same[KEPT:]:
        await session.execute(delete(r).where(r.sha256.in_(same[KEPT:])))
    return True


def _certificates() -> Select[int]:
    r = OcspResponseRow
    each = select(r.authority, r.serial).distinct().subquery()
    return select(func.count()).select_from(each)


async def _of(session: WriteSession, entry: OcspEntry) -> Sequence[tuple[str, bool, datetime]]:
    """(SHA-256, revoked, thisUpdate) of what is held of one certificate, the youngest first."""
    r = OcspResponseRow
    query = (
        select(r.sha256, r.revoked, r.this_update)
        .where(r.authority == entry.authority, r.serial == entry.serial)
        .order_by(r.this_update.desc(), r.sha256)
    )
    return [(sha256, revoked, at) for sha256, revoked, at in await session.execute(query)]


async def remove(session: WriteSession, sha256: str) -> None:
    """Hold it no longer. Raises `Refused` where it is not held, `Unavailable`."""
    r = OcspResponseRow
    found = await session.execute(delete(r).where(r.sha256 == sha256).returning(r.sha256))
    if found.first() is None:
        raise Refused("sha256", "no response has it: see `zhengyan ocsp list`")


async def list_responses(session: ReadSession) -> list[OcspEntry]:
    """By certificate, the youngest first."""
    r = OcspResponseRow
    query = select(*(getattr(r, name) for name in _COLUMNS))
    found = await session.execute(query.order_by(r.authority, r.serial, r.this_update.desc()))
    return [OcspEntry(**dict(zip(_COLUMNS, row, strict=True))) for row in found]
