"""Everything this node goes by, source by source, as the doctor looks at it."""

from sqlalchemy import select

from app.domain.errors import Malformed
from app.models import IntermediateRow
from app.registry import catalogue
from app.registry.authorities import AuthoritiesEntry, list_anchors, list_crls
from app.registry.entries import Registration
from app.registry.lists import store
from app.registry.lists.content import Content
from app.registry.lists.signed import SignedList, read_list
from app.registry.sessions import ReadSession


async def followed(session: ReadSession) -> list[tuple[str, SignedList | None]]:
    """Publishers in the operator's order, with the list that is held. Raises `Malformed`."""
    found: list[tuple[str, SignedList | None]] = []
    for source in await store.sources(session):
        held = None
        if source.held:
            raw = await store.raw_of(session, source.publisher, source.held)
            if raw is None:
                raise Malformed("stored trust list: the held one is missing")
            held = read_list(raw, networks=source.networks)
        found.append((source.publisher, held))
    return found


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
