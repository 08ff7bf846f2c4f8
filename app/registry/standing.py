"""One read of everything that was pushed about a license; partition key: the identifier."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.domain.identifier import Identifier
from app.domain.issuer import State
from app.domain.standing import Held, Record, Standing
from app.registry import rows
from app.registry.sessions import Connection, Database

BELIEVED: Final = """NOT (statement.code = 0 AND EXISTS (
          SELECT FROM issuer_key k
           WHERE k.owner = statement.owner AND k.key_id = statement.key_id
             AND (k.revoked_at <= statement.recorded_at OR EXISTS (
                 SELECT FROM trust_source s
                   JOIN trust_list l ON l.publisher = s.publisher AND l.number = s.held
                  WHERE (l.withdrawals #>> ARRAY['keys', encode(k.sha256, 'hex')])::timestamptz
                        <= statement.recorded_at))))"""
"""Of a `statement`: `in force` signed by a key that was lost when it came here is nobody's word,
found out then or later, and by whomever: the operator, or a list that is followed, under whatever
name (a key is its octets). What ended a license stays said: it can only be too careful."""

STANDING_SQL: Final = f"""
SELECT
    (SELECT row(coalesce(valid_from, issued_on), valid_until, recorded_at) FROM license
      WHERE identifier = $1),
    (SELECT row(state, since, recorded_at) FROM license_status
      WHERE identifier = $1 AND since <= $2 AND (until IS NULL OR until > $2)
        AND replaced_at IS NULL ORDER BY since DESC LIMIT 1),
    (SELECT row(code, as_of, since, scheme) FROM statement
      WHERE identifier = $1 AND {BELIEVED} ORDER BY as_of DESC, code DESC LIMIT 1)
"""  # noqa: S608 - a constant put in place


@dataclass(frozen=True, slots=True)
class PostgresStanding:
    """Fits `services.answering.Records`."""

    database: Database = field(repr=False)

    async def standing(self, identifier: Identifier, at: datetime) -> Standing:
        """At that time, as known now. Raises `Unavailable`."""

        async def read(connection: Connection) -> Any:
            return await connection.fetchrow(STANDING_SQL, str(identifier), at)

        record, held, statement = await self.database.run(read, repeatable=True)
        return Standing(
            record=None
            if record is None
            else Record(valid_from=record[0], valid_until=record[1], recorded_at=record[2]),
            held=None if held is None else Held(State(held[0]), held[1], held[2]),
            statement=None if statement is None else rows.statement(statement),
        )
