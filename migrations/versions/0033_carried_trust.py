"""The scope of callers that carry what people signed about trust.

Revision: 0033, after 0032
Created: 2026-11-25
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0033"
down_revision: str | Sequence[str] | None = "0032"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NEW = "'trust:make'"
_BEFORE = (
    "'verify:file', 'verify:token', 'verify:number', 'verify:batch', 'report:read', "
    "'status:detail', 'license:ingest', 'license:revoke', 'license:present', 'license:retrieve', "
    "'license:relate', 'issuer:read', 'trust:propose', 'trust:approve'"
)
_AFTER = "'caller:admin', 'audit:read', 'system:ops'"


def _scopes(words: str) -> None:
    op.execute("ALTER TABLE caller DROP CONSTRAINT ck_caller_scopes")
    op.execute(
        "ALTER TABLE caller ADD CONSTRAINT ck_caller_scopes "
        f"CHECK (scopes <@ ARRAY[{words}] AND cardinality(scopes) > 0)"
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    _scopes(f"{_BEFORE}, {_NEW}, {_AFTER}")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.execute(f"DELETE FROM caller WHERE scopes <@ ARRAY[{_NEW}]")
    op.execute(f"UPDATE caller SET scopes = array_remove(scopes, {_NEW})")
    _scopes(f"{_BEFORE}, {_AFTER}")
