"""`trust doctor`, of what is fetched of revocations: OCSP responses, and where they come from."""

from collections.abc import Sequence
from datetime import datetime

from app.registry.ocsp_responses import OcspEntry
from app.registry.revocation_sources import RevocationSource
from app.services.doctor import UNSEEN, Finding, Problem


def fetched(
    responses: Sequence[OcspEntry], sources: Sequence[RevocationSource], now: datetime
) -> list[Finding]:
    """What is wrong with OCSP responses held, and with the places lists and responses come from.

    A certificate of which one response says revoked needs no other.
    """
    ended = {(r.authority, r.serial) for r in responses if r.revoked}
    youngest = dict[tuple[str, str], datetime]()
    for each in responses:
        name, end = (each.authority, each.serial), each.next_update or each.this_update
        youngest[name] = max(end, youngest.get(name, end))
    found = [
        Finding(
            Problem.OCSP_STALE,
            f"local certificate 证书 {serial} of {authority}",
            f"{end:%Y-%m-%d %H:%M}",
        )
        for (authority, serial), end in sorted(youngest.items())
        if end <= now and (authority, serial) not in ended
    ]
    for source in sources:
        if source.good_at is None or source.good_at < now - UNSEEN:
            since = f"{source.good_at:%Y-%m-%d}" if source.good_at else "never"
            why = f"{since}: {source.failure}" if source.failure else since
            found.append(Finding(Problem.REVOCATION_SOURCE_SILENT, source.url, why))
    return found
