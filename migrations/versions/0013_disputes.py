"""Disputes about records 数据质量异议.

Revision: 0013, after 0012
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | Sequence[str] | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TIME = sa.DateTime(timezone=True)
_STATES = "'open', 'with_issuer', 'accepted', 'corrected', 'rejected', 'withdrawn'"
_ELEMENTS = (
    "'number', 'name', 'holder', 'holder_code', 'issued_on', 'valid_from', 'valid_until', "
    "'state', 'missing', 'other'"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.create_table(
        "dispute",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("named", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=True),
        sa.Column("filed_at", _TIME, nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("flagged_at", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(f"element IN ({_ELEMENTS})", name=op.f("ck_dispute_element")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_dispute_state")),
        sa.CheckConstraint("reference ~ '^[0-9A-Z]{20}$'", name=op.f("ck_dispute_reference")),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (state IN ('corrected', 'rejected', 'withdrawn'))",
            name=op.f("ck_dispute_ended"),
        ),
        sa.CheckConstraint(
            "flagged_at IS NULL OR record IS NOT NULL", name=op.f("ck_dispute_flagged")
        ),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.code"], name="fk_dispute_issuer"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_dispute_tenant"),
        sa.PrimaryKeyConstraint("reference", name="pk_dispute"),
    )
    op.create_index(
        "ix_dispute_flagged",
        "dispute",
        ["record"],
        postgresql_where=sa.text("flagged_at IS NOT NULL AND ended_at IS NULL"),
    )
    op.create_index("ix_dispute_issuer", "dispute", ["issuer", "filed_at"])
    op.create_table(
        "dispute_step",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_dispute_step_state")),
        sa.CheckConstraint(
            "by IN ('filer', 'issuer', 'operator')", name=op.f("ck_dispute_step_by")
        ),
        sa.CheckConstraint("seq > 0", name=op.f("ck_dispute_step_seq")),
        sa.ForeignKeyConstraint(
            ["reference"], ["dispute.reference"], name="fk_dispute_step_reference"
        ),
        sa.PrimaryKeyConstraint("reference", "seq", name="pk_dispute_step"),
    )
    op.execute(
        "CREATE FUNCTION dispute_step_stays() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'the trace of a dispute is appended to, and never changed'; END $$"
    )
    op.execute(
        "CREATE TRIGGER dispute_step_stays BEFORE UPDATE OR DELETE ON dispute_step "
        "FOR EACH ROW EXECUTE FUNCTION dispute_step_stays()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.drop_table("dispute_step")
    op.drop_table("dispute")
    op.execute("DROP FUNCTION dispute_step_stays()")
