"""数据质量异议: filed by anybody, routed to the issuer, followed by a code.

find the record → keep the dispute with its row in the audit log → the issuer answers → ended

Whoever files learns nothing: the answer is the same whether there is such a record or not, and
whether its holder was named rightly. A record is flagged from the beginning only for those who
named its holder, as a look-up would demand; else from when its issuer takes the matter up.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.dispute import (
    ANSWERS,
    By,
    Complaint,
    Dispute,
    DisputeState,
    Element,
    Filing,
    Step,
    follow,
    new_code,
    reference_of,
)
from app.domain.errors import Refused
from app.domain.identifier import Identifier
from app.domain.lookup import Asked, Found, Shown, told_of
from app.domain.verification import Asker
from app.registry.auditing import event
from app.services.lookup import Records


class Store(Protocol):
    """Disputes as they are kept."""

    async def file(self, filing: Filing, by: By, event: AuditEvent) -> None: ...

    async def followed(self, reference: str) -> Dispute | None: ...

    async def listed(
        self, tenant: str | None, now: datetime, *, ended: bool, after: str | None
    ) -> list[Dispute]: ...

    async def one(self, reference: str, tenant: str | None, now: datetime) -> Dispute | None: ...

    async def change(
        self, before: Dispute, step: Step, event: AuditEvent, *, record: str | None, flag: bool
    ) -> bool: ...

    async def touched(self, record: str) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Filed:
    """What whoever files is given. The code stands nowhere else."""

    code: str = field(repr=False)
    reference: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputes:
    """Takes disputes, and what issuers answer to them."""

    records: Records
    store: Store
    append: Callable[[AuditEvent], Awaitable[None]]
    keys: KeyProvider = field(repr=False)
    clock: Callable[[], datetime]
    version: str

    async def file(self, asked: Asked, element: Element, text: str, asker: Asker) -> Filed:
        """Keep a dispute about the license that is named.

        Raises `Unavailable`: then nothing was kept.
        """
        code, now = new_code(), self.clock()
        record, knows = meant(asked, await self.records.find(asked))
        id = asked.identifier
        filing = Filing(
            reference=reference_of(code),
            record=str(record.identifier) if record else None,
            named=id,
            type=id.type if id else asked.type,  # type: ignore[arg-type]  # one of the two is named
            issuer=record.issuer if record else id.issuer if id else asked.issuer,
            element=element,
            tenant=asker.tenant,
            at=now,
            flagged=knows,
            complaint=Complaint(
                text=text,
                number=asked.number,
                holder=asked.holder,
                holder_code=asked.holder_code,
            ),
        )
        row = self._row(asker, Operation.FILE_DISPUTE, filing.reference)
        by = By.OPERATOR if asker.caller == OPERATOR else By.FILER
        row = replace(row, type=filing.type, issuer=filing.issuer, fields_asked=(element.value,))
        await self.store.file(filing, by, row)
        return Filed(code, filing.reference, now)

    async def follow(self, code: str, asker: Asker) -> Dispute | None:
        """How far it is; None: nobody filed a dispute under this code.

        Raises `Malformed` for a mistyped one, `Unavailable`.
        """
        found = await self.store.followed(reference_of(code))
        if found is not None:
            await self.append(self._row(asker, Operation.FOLLOW_DISPUTE, found.reference))
        return found

    async def withdraw(self, code: str, asker: Asker) -> Dispute | None:
        """Take it back; what was said in it is forgotten. None: as of `follow`.

        Raises `Malformed`, `Unavailable`, and `Refused` where it has ended.
        """
        found = await self.store.followed(reference_of(code))
        if found is None:
            return None
        step = self._step(found, DisputeState.WITHDRAWN, By.FILER, None)
        row = self._row(asker, Operation.WITHDRAW_DISPUTE, found.reference)
        await self._changed(found, step, row, record=None, flag=False)
        return _after(found, step)

    async def listed(
        self, tenant: str | None, asker: Asker, *, ended: bool = False, after: str | None = None
    ) -> list[Dispute]:
        """What is said against the records of a tenant's issuers; None: of all. `Unavailable`."""
        found = await self.store.listed(tenant, self.clock(), ended=ended, after=after)
        row = self._row(asker, Operation.READ_DISPUTES, f"{len(found)} disputes")
        await self.append(row)
        return found

    async def shown(self, reference: str, tenant: str | None, asker: Asker) -> Dispute | None:
        """One of `listed`, with its trace; None: none of theirs. Raises `Unavailable`."""
        found = await self.store.one(reference, tenant, self.clock())
        if found is not None:
            await self.append(self._row(asker, Operation.READ_DISPUTES, reference))
        return found

    async def answer(
        self,
        reference: str,
        state: DisputeState,
        note: str | None,
        *,
        tenant: str | None,
        asker: Asker,
    ) -> Dispute | None:
        """The issuer's answer, or the operator's (tenant None). None: no dispute of theirs.

        Raises `Refused` for what cannot follow, and for a correction that was not made here.
        """
        if state not in ANSWERS:
            raise Refused("state", "one of: " + ", ".join(sorted(ANSWERS)))
        found = await self.store.one(reference, tenant, self.clock())
        if found is None:
            return None
        step = self._step(found, state, By.OPERATOR if tenant is None else By.ISSUER, note)
        record = found.record or await self._record_of(found)
        if state is DisputeState.CORRECTED:
            await self._require_correction(found, record)
        row = self._row(asker, Operation.ANSWER_DISPUTE, reference)
        row = replace(row, type=found.type, issuer=found.issuer, fields_asked=(state.value,))
        flag = record is not None and not state.ended
        await self._changed(found, step, row, record=record, flag=flag)
        return _after(found, step)

    def _step(self, found: Dispute, state: DisputeState, by: By, note: str | None) -> Step:
        return Step(at=self.clock(), state=follow(found.state, state), by=by, note=note)

    async def _changed(
        self, found: Dispute, step: Step, row: AuditEvent, *, record: str | None, flag: bool
    ) -> None:
        if not await self.store.change(found, step, row, record=record, flag=flag):
            raise Refused("state", "somebody else has just answered it: look again")

    async def _require_correction(self, found: Dispute, record: str | None) -> None:
        at = None if record is None else await self.store.touched(record)
        if at is None or at <= found.filed_at:
            raise Refused("state", "nothing of the record has changed since: push its correction")

    async def _record_of(self, found: Dispute) -> str | None:
        """A record that came in after the dispute, or whose holder was named otherwise."""
        said = found.complaint
        if said is None or (found.named is None and said.number is None):
            return None
        now = self.clock()
        asked = Asked(
            identifier=Identifier.read(found.named) if found.named else None,
            type=found.type,
            number=said.number,
            issuer=found.issuer,
            holder=said.holder,
            holder_code=said.holder_code,
            valid_from=None,
            valid_until=None,
            long_term=False,
            at=now,
            known_at=now,
            show=Shown.COMPARED,
            detail=False,
        )
        record, _ = meant(asked, await self.records.find(asked))
        return str(record.identifier) if record else None

    def _row(self, asker: Asker, operation: Operation, object: str) -> AuditEvent:
        return event(
            asker,
            self.keys,
            operation,
            Result.ANSWERED,
            at=self.clock(),
            version=self.version,
            object=object,
        )


OPERATOR = "command-line"
"""Who acts at the node itself, in the audit log."""


def meant(asked: Asked, found: list[Found]) -> tuple[Found | None, bool]:
    """The record a dispute is about, and whether whoever filed it knew whose it is."""
    known = [each for each in found if told_of(asked, each) is not None]
    if known:
        return known[0], True
    return (found[0] if len(found) == 1 else None), False


def _after(found: Dispute, step: Step) -> Dispute:
    return replace(
        found, state=step.state, changed_at=step.at, steps=(*found.steps, step), complaint=None
    )
