"""Codes that phones show once (亮证), and the scope of who asks for them.

Revision: 0014, after 0013
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | Sequence[str] | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TIME = sa.DateTime(timezone=True)
_NEW = "'license:present'"
_BEFORE = (
    "'verify:file', 'verify:token', 'verify:number', 'verify:batch', 'report:read', "
    "'status:detail', 'license:ingest', 'license:revoke'"
)
_AFTER = (
    "'issuer:read', 'trust:propose', 'trust:approve', 'caller:admin', 'audit:read', 'system:ops'"
)



def _scopes(words: str) -> None:
    op.execute("ALTER TABLE caller DROP CONSTRAINT ck_caller_scopes")
    op.execute(
        "ALTER TABLE caller ADD CONSTRAINT ck_caller_scopes "
        f"CHECK (scopes <@ ARRAY[{words}] AND cardinality(scopes) > 0)"
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.create_table(
        "presentation",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME, nullable=True),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_presentation_hash")),
        sa.CheckConstraint(
            "made_at < expires_at", name=op.f("ck_presentation_made_at_expires_at")
        ),
        sa.ForeignKeyConstraint(["caller"], ["caller.id"], name="fk_presentation_caller"),
        sa.PrimaryKeyConstraint("hash", name="pk_presentation"),
    )
    op.create_index("ix_presentation_expires_at", "presentation", ["expires_at"])
    _scopes(f"{_BEFORE}, {_NEW}, {_AFTER}")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.execute(f"UPDATE caller SET scopes = array_remove(scopes, {_NEW}) WHERE cardinality(scopes) > 1")
    _scopes(f"{_BEFORE}, {_AFTER}")
    op.drop_table("presentation")
