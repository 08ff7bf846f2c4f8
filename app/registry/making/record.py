"""The audit row of a step, in the very transaction of the step: both are there, or neither."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from app.crypto.signing import KeyProvider
from app.domain.audit import Operation, Result
from app.domain.verification import Asker
from app.registry.audit import append_within
from app.registry.auditing import event
from app.registry.sessions import WriteSession

COMMAND_LINE: Final = Asker(caller="command-line")


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes audit rows of administration (Operation.ADMINISTER)."""

    keys: KeyProvider = field(repr=False)
    version: str
    way: Asker = COMMAND_LINE
    """By which it came in."""

    async def __call__(
        self, session: WriteSession, person: str | None, what: str, at: datetime
    ) -> None:
        """One row. The person stands in it as a keyed hash; who it was, the statement says.

        Raises `Unavailable`.
        """
        asker = replace(self.way, operator=person)
        row = event(
            asker,
            self.keys,
            Operation.ADMINISTER,
            Result.ANSWERED,
            at=at,
            version=self.version,
            object=what,
        )
        await append_within(session, row)
