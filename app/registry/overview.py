"""What the console shows of a node: counts, health, conflicts, what ends soon, and audit rows.

Nothing of any license but its issuer and type, nothing of any person.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.conduct import SLOTS
from app.registry.sessions import Connection, Database

WEEK: Final = timedelta(days=7)
SOON: Final = timedelta(days=90)
SHOWN: Final = 100
"""Rows of a list."""
REASONS: Final = 20
"""Bars of a chart."""

COUNTS_SQL: Final = f"""
SELECT conclusion, coalesce(reason, '') AS reason, count(*) AS n FROM verification
 WHERE at >= $1 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT {REASONS}
"""  # noqa: S608 - a constant
SLOTS_SQL: Final = """
SELECT i AS slot, sum(n)::bigint AS n FROM issuer_health, unnest(slots) WITH ORDINALITY AS u (n, i)
 WHERE minute >= $1 GROUP BY i ORDER BY i
"""
HEALTH_SQL: Final = """
SELECT i.code, i.name, i.name_en, sum(h.asked)::bigint AS asked,
       sum(h.answered)::bigint AS answered, sum(h.rested)::bigint AS rested,
       sum(h.conflicts)::bigint AS conflicts, sum(h.seconds) AS seconds, max(h.minute) AS last
  FROM issuer i JOIN issuer_health h ON h.issuer = i.code AND h.minute >= $1
 GROUP BY 1, 2, 3 ORDER BY (sum(h.asked) - sum(h.answered)) DESC, 1 LIMIT 100
"""
CONFLICTS_SQL: Final = f"""
SELECT v.at, v.conclusion, v.reason, v.policy, v.issuer, i.name, i.name_en, v.type
  FROM verification v LEFT JOIN issuer i ON i.code = v.issuer
 WHERE v.conflict AND v.at >= $1 ORDER BY v.at DESC LIMIT {SHOWN}
"""  # noqa: S608 - a constant
ENDS_SQL: Final = f"""
SELECT kind, name, at FROM (
    SELECT 'key' AS kind, owner || ' ' || key_id AS name, not_after AS at FROM issuer_key
     WHERE revoked_at IS NULL
    UNION ALL SELECT 'anchor', left(sha256, 16), until FROM anchor
    UNION ALL SELECT 'crl', left(sha256, 16), next_update FROM revocation_list
    UNION ALL SELECT 'list', l.publisher || ' #' || l.number, l.expires_at
      FROM trust_list l JOIN trust_source s ON s.publisher = l.publisher AND s.held = l.number
) AS e WHERE at IS NOT NULL AND at > $1 AND at <= $2 ORDER BY at, kind, name LIMIT {SHOWN}
"""  # noqa: S608 - a constant
AUDIT_SQL: Final = f"""
SELECT chain, seq, at, tenant, operation, body FROM audit
 WHERE at >= $1 AND at < $2 AND ($3::text IS NULL OR operation = $3)
   AND ($4::text IS NULL OR tenant = $4)
 ORDER BY at DESC, chain, seq DESC LIMIT {SHOWN}
"""  # noqa: S608 - a constant
PROPOSALS_SQL: Final = f"""
SELECT p.number, p.publisher, p.person, p.recorded_at, p.published_in,
       (SELECT string_agg(d.verdict || ' ' || d.person, ', ' ORDER BY d.recorded_at)
          FROM trust_decision d WHERE d.proposal = p.number) AS decisions
  FROM trust_proposal p ORDER BY p.number DESC LIMIT {SHOWN}
"""  # noqa: S608 - a constant
_AUDITED: Final = ("caller", "address", "result", "conclusion", "reason", "issuer", "type")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PostgresOverview:
    """Reads, in one short statement each; each raises `Unavailable`."""

    database: Database = field(repr=False)

    async def counts(self, now: datetime) -> list[Row]:
        """Verdicts of a week by conclusion and reason, most first."""
        return await self._rows(COUNTS_SQL, now - WEEK)

    async def latency(self, now: datetime) -> list[tuple[str, int]]:
        """Questions of a day by how long their answers took: upper end in seconds → count."""
        rows = {row["slot"]: row["n"] for row in await self._rows(SLOTS_SQL, now - timedelta(1))}
        ends = [*(f"≤ {end:g} s" for end in SLOTS), f"> {SLOTS[-1]:g} s"]
        return [(end, rows.get(i, 0)) for i, end in enumerate(ends, start=1)]

    async def health(self, now: datetime) -> list[Row]:
        """Issuers asked within a day, those with most questions unanswered first."""
        return await self._rows(HEALTH_SQL, now - timedelta(days=1))

    async def conflicts(self, now: datetime) -> list[Row]:
        """Verdicts of a week where sources contradicted each other, newest first."""
        return await self._rows(CONFLICTS_SQL, now - WEEK)

    async def ends(self, now: datetime) -> list[Row]:
        """Keys, anchors, lists that end within three months."""
        return await self._rows(ENDS_SQL, now, now + SOON)

    async def proposals(self) -> list[Row]:
        """Changes of trust that somebody proposed, newest first."""
        return await self._rows(PROPOSALS_SQL)

    async def audit(
        self, since: datetime, until: datetime, operation: str | None, tenant: str | None
    ) -> list[Row]:
        """Rows of the audit log, newest first."""
        rows = await self._rows(AUDIT_SQL, since, until, operation, tenant)
        return [{**row, **_told(row["body"])} for row in rows]

    async def _rows(self, sql: str, *values: object) -> list[Row]:
        async def read(connection: Connection) -> Any:
            return await connection.fetch(sql, *values)

        return [dict(row) for row in await self.database.run(read, repeatable=True)]


def _told(body: bytes) -> Row:
    event = json.loads(body)
    return {name: event.get(name) for name in _AUDITED}
