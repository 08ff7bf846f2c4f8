"""查询: what is known here of one license, told as far as the caller may know it.

is it within the limits ∥ find → compare → how much may be shown → its row in the audit log → told

Nothing is concluded: whether a license is valid is said by a verification, which asks the issuer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.issuer import State
from app.domain.lookup import Asked, Found, Shown, Told, told_of
from app.domain.verification import Asker
from app.registry.auditing import event, keyed


class Records(Protocol):
    """Records as they are kept."""

    async def find(self, asked: Asked) -> list[Found]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """Answers look-ups."""

    records: Records
    append: Callable[[AuditEvent], Awaitable[None]]
    keys: KeyProvider = field(repr=False)
    clock: Callable[[], datetime]
    version: str

    async def look_up(
        self,
        asked: Asked,
        asker: Asker,
        *,
        purpose: str,
        matter: str | None,
        allowed: Coroutine[Any, Any, None],
    ) -> Told | None:
        """What may be told; None: there is no such record, or it is not this caller's to know.

        `allowed` is found out while the record is read: what it raises is raised, and then the
        record has been read in vain. Raises `Unavailable`: without its row in the audit log nothing
        is told.
        """
        finding = asyncio.create_task(self.records.find(asked))
        try:
            await allowed
        except BaseException:
            if not finding.cancel():
                finding.exception()  # seen, whatever it is
            raise
        told = [t for found in await finding if (t := told_of(asked, found))]
        best = max(told, key=weight, default=None)
        reading = Reading(
            operation=Operation.LOOK_UP,
            purpose=purpose,
            matter=matter,
            asked=(asked.show.value, *sorted(_stated(asked))),
        )
        answered = () if best is None else _answered(best)
        row = reading.row(
            *(asked, asker, answered), keys=self.keys, at=self.clock(), version=self.version
        )
        await self.append(row)
        return best


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Why records are read, for the audit log."""

    operation: Operation
    purpose: str
    """用证事由."""
    matter: str | None
    """事项编码."""
    asked: tuple[str, ...]
    """Names of what was asked for."""

    def row(
        self,
        asked: Asked,
        asker: Asker,
        answered: tuple[str, ...],
        *,
        keys: KeyProvider,
        at: datetime,
        version: str,
    ) -> AuditEvent:
        """About the license that was named.

        Args:
            asked: names it; it stands in the log as a keyed hash.
            asker: who.
            answered: names of what was told; none: nothing was.
            keys: for the hash.
            at: now.
            version: of this service.
        """
        identifier = asked.identifier
        return event(
            asker,
            keys,
            self.operation,
            Result.ANSWERED,
            at=at,
            version=version,
            reason=None if answered else "nothing_told",
            object=keyed(keys, "license", asked.named),
            purpose=self.purpose,
            matter=self.matter,
            type=asked.type or (identifier.type if identifier else None),
            issuer=asked.issuer or (identifier.issuer if identifier else None),
            fields_asked=self.asked,
            fields_answered=answered,
        )


def weight(told: Told) -> tuple[bool, str, datetime]:
    """Of several versions under one number: that in force, else the newest."""
    held = told.found.held
    alive = held is None or held.state in (State.ISSUED, State.SUSPENDED)
    return alive, told.found.identifier.version, told.found.recorded_at


def _stated(asked: Asked) -> set[str]:
    facts = {
        "number": asked.number,
        "holder": asked.holder,
        "holder_code": asked.holder_code,
        "valid_from": asked.valid_from,
        "valid_until": asked.valid_until or asked.long_term or None,
    }
    return {name for name, value in facts.items() if value is not None}


def _answered(told: Told) -> tuple[str, ...]:
    """Names of what is told: what was compared, and whether fields of the record were shown."""
    shown = () if told.shown is Shown.COMPARED else (f"{told.shown}_fields",)
    return (*sorted(told.compared), "state", *shown)
