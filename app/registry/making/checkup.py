"""Everything this node goes by, source by source, as the doctor looks at it."""

from dataclasses import dataclass, field

from sqlalchemy import select

from app.domain.errors import Malformed
from app.models import IntermediateRow
from app.registry import catalogue
from app.registry.authorities import AuthoritiesEntry, list_anchors, list_crls
from app.registry.entries import Registration
from app.registry.lists import store
from app.registry.lists.content import Content
from app.registry.lists.signed import SignedList, read_list
from app.registry.lists.store import Source
from app.registry.lists.withdrawals import NONE, Withdrawals
from app.registry.sessions import ReadSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A followed publisher, with its last two lists as they are kept; nothing of them is read."""

    source: Source
    raw: bytes | None = field(default=None, repr=False)
    """What is held; None: no list yet."""
    before: bytes | None = field(default=None, repr=False)
    """The list before it, where that was accepted here."""
    taken: Withdrawals = field(default=NONE, repr=False)

    def read(self) -> tuple[SignedList | None, SignedList | None]:
        """What is held, and what was before. Takes seconds. Raises `Malformed`."""
        networks = self.source.networks
        held, before = (
            None if raw is None else read_list(raw, networks=networks)
            for raw in (self.raw, self.before)
        )
        return held, before


async def followed(session: ReadSession) -> list[Followed]:
    """Publishers in the operator's order. Raises `Malformed` where a held list is missing."""
    return [await _followed(session, source) for source in await store.sources(session)]


async def _followed(session: ReadSession, source: Source) -> Followed:
    if not source.held:
        return Followed(source=source)
    raw = await store.raw_of(session, source.publisher, source.held)
    if raw is None:
        raise Malformed("stored trust list: the held one is missing")
    return Followed(
        source=source,
        raw=raw,
        before=await store.raw_of(session, source.publisher, source.held - 1),
        taken=await store.withdrawals_until(session, source.publisher, source.held),
    )


async def local(session: ReadSession) -> Content:
    """The local tables, in the form of a list."""
    intermediates = await session.scalars(select(IntermediateRow.der))
    return Content(
        registration=Registration(
            license_types=tuple(await catalogue.list_license_types(session)),
            issuers=tuple(await catalogue.list_issuers(session)),
            keys=tuple(await catalogue.list_keys(session)),
            endpoints=tuple(await catalogue.list_endpoints(session)),
            delegations=tuple(await catalogue.list_delegations(session)),
        ),
        authorities=AuthoritiesEntry(
            anchors=tuple(await list_anchors(session)),
            intermediates=tuple(intermediates),
            lists=tuple(await list_crls(session)),
        ),
    )
