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
        await self.append(self._row(asked, best, asker, purpose=purpose, matter=matter))
        return best

    def _row(
        self, asked: Asked, told: Told | None, asker: Asker, *, purpose: str, matter: str | None
    ) -> AuditEvent:
        named = asked.identifier
        return event(
            asker,
            self.keys,
            Operation.LOOK_UP,
            Result.ANSWERED,
            at=self.clock(),
            version=self.version,
            reason=None if told else "nothing_told",
            object=keyed(self.keys, "license", asked.named),
            purpose=purpose,
            matter=matter,
            type=asked.type or (named.type if named else None),
            issuer=asked.issuer or (named.issuer if named else None),
            fields_asked=(asked.show.value, *sorted(_stated(asked))),
            fields_answered=() if told is None else _answered(told),
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
