"""Bodies that give their documents (调阅), and the scope of who may ask for them.

Revision: 0017, after 0016
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0017"
down_revision: str | Sequence[str] | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NEW = "'license:retrieve'"
_BEFORE = (
    "'verify:file', 'verify:token', 'verify:number', 'verify:batch', 'report:read', "
    "'status:detail', 'license:ingest', 'license:revoke', 'license:present'"
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
        "retrieval_offer",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("origins", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("networks", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
        ),
        sa.CheckConstraint("cardinality(origins) > 0", name=op.f("ck_retrieval_offer_origins")),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.code"], name="fk_retrieval_offer_issuer"),
        sa.PrimaryKeyConstraint("issuer", name="pk_retrieval_offer"),
    )
    _scopes(f"{_BEFORE}, {_NEW}, {_AFTER}")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.execute(f"DELETE FROM caller WHERE scopes <@ ARRAY[{_NEW}]")
    op.execute(f"UPDATE caller SET scopes = array_remove(scopes, {_NEW})")
    _scopes(f"{_BEFORE}, {_AFTER}")
    op.drop_table("retrieval_offer")
