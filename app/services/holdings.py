"""一照关联: a body's other licenses, from its business license.

find the license it is asked from → is it one, and of that holder? → its others → the row → told
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.crypto.jose import base64url, to_base64url
from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent, Operation
from app.domain.errors import Malformed, Refused
from app.domain.holdings import Holdings, Others, Page, other_of, source_of
from app.domain.identifier import TypeCode
from app.domain.lookup import Asked, Found, Shown
from app.domain.verification import Asker
from app.services.lookup import Reading, weight


class Records(Protocol):
    """Records as they are kept."""

    async def find(self, asked: Asked) -> list[Found]: ...

    async def held(self, wanted: Others) -> Page: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Relating:
    """Tells a body's other licenses."""

    records: Records
    append: Callable[[AuditEvent], Awaitable[None]]
    keys: KeyProvider = field(repr=False)
    clock: Callable[[], datetime]
    version: str

    def sealed(self, asked: Asked, last: str | None) -> str | None:
        """The place to go on at, which tells nobody anything. Raises `Unavailable`."""
        if last is None:
            return None
        return to_base64url(self.keys.encrypt(last.encode(), _place(asked)))

    def opened(self, asked: Asked, next: str | None) -> str:
        """The place `sealed` made for the same license; empty: the beginning.

        Raises `Refused`, `Unavailable`.
        """
        if next is None:
            return ""
        try:
            return self.keys.decrypt(base64url(next, "after"), _place(asked)).decode()
        except Malformed:
            raise Refused("after", "not the `next` of this question; leave it out") from None

    async def holdings(
        self,
        asked: Asked,
        asker: Asker,
        *,
        types: frozenset[TypeCode] | None,
        after: str,
        purpose: str,
        matter: str | None,
    ) -> Holdings | None:
        """What may be told; None: the license it is asked from is not there, no such license, or
        not this caller's to know.

        Args:
            asked: the business license, with the code of its holder.
            asker: for the audit log.
            types: of which the others may be; None: any.
            after: name of the last one of the page before.
            purpose: 用证事由.
            matter: 事项编码.

        Raises `Unavailable`: without its row in the audit log nothing is told.
        """
        sources = [t for found in await self.records.find(asked) if (t := source_of(asked, found))]
        told = None
        if source := max(sources, key=weight, default=None):
            page = await self.records.held(
                Others(
                    code=asked.holder_code or "",
                    types=types,
                    after=after,
                    at=asked.at,
                    known_at=asked.known_at,
                )
            )
            others = (other_of(asked, source.found, found) for found in page.found)
            told = Holdings(source, tuple(other for other in others if other), page.last)
        reading = Reading(
            operation=Operation.RELATE,
            purpose=purpose,
            matter=matter,
            asked=(asked.show.value, "holder_code", "licenses"),
        )
        answered = () if told is None else _answered(told)
        row = reading.row(
            *(asked, asker, answered), keys=self.keys, at=self.clock(), version=self.version
        )
        await self.append(row)
        return told


def _place(asked: Asked) -> bytes:
    return f"holdings\0{asked.named}".encode()


def _answered(told: Holdings) -> tuple[str, ...]:
    """What was told, and of how many licenses."""
    shown = {other.shown for other in (told.source, *told.others)} - {Shown.COMPARED}
    fields = sorted(f"{each}_fields" for each in shown)
    return ("holder_code", "state", f"licenses:{len(told.others)}", *fields)
