"""Followed trust lists: sources, accepted lists, refusals.

Revision: 0005, after 0004
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ADDRESS = "address ~ '^[0-9a-f]{64}$'"
_REFUSALS = (
    "wrong_publisher",
    "demonstration",
    "unsigned_by_held",
    "unsigned_by_own",
    "equivocation",
    "older",
    "gap",
    "wrong_previous",
    "from_future",
    "issued_earlier",
    "expired",
    "unreadable",
    "oversized",
    "unreachable",
    "forbidden_address",
    "too_far",
)


def _time(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.create_table(
        "trust_source",
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("networks", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("pinned", postgresql.JSONB(), nullable=False),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("own", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("held", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        _time("checked_at", nullable=True),
        _time("good_at", nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "publisher ~ '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$'",
            name=op.f("ck_trust_source_publisher"),
        ),
        sa.CheckConstraint("(held = 0) = (address IS NULL)", name=op.f("ck_trust_source_held")),
        sa.CheckConstraint(_ADDRESS, name=op.f("ck_trust_source_address")),
        sa.PrimaryKeyConstraint("publisher", name="pk_trust_source"),
    )
    op.create_index("uq_trust_source_ordinal", "trust_source", ["ordinal"], unique=True)
    op.create_table(
        "trust_list",
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        _time("issued_at"),
        _time("expires_at"),
        _time("accepted_at"),
        sa.Column("withdrawals", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_trust_list_number")),
        sa.CheckConstraint(_ADDRESS, name=op.f("ck_trust_list_address")),
        sa.CheckConstraint(
            "issued_at < expires_at", name=op.f("ck_trust_list_issued_at_expires_at")
        ),
        sa.ForeignKeyConstraint(
            ["publisher"], ["trust_source.publisher"], name="fk_trust_list_publisher"
        ),
        sa.PrimaryKeyConstraint("publisher", "number", name="pk_trust_list"),
    )
    op.create_index("ix_trust_list_address", "trust_list", ["address"])
    op.create_table(
        "trust_refusal",
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        _time("first_at"),
        _time("last_at"),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            f"refusal IN ({', '.join(repr(word) for word in _REFUSALS)})",
            name=op.f("ck_trust_refusal_refusal"),
        ),
        sa.CheckConstraint("times > 0", name=op.f("ck_trust_refusal_times")),
        sa.ForeignKeyConstraint(
            ["publisher"], ["trust_source.publisher"], name="fk_trust_refusal_publisher"
        ),
        sa.PrimaryKeyConstraint(
            "publisher", "refusal", "address", name="pk_trust_refusal"
        ),
    )
    # What was accepted explains past verdicts: it is not even an administrator's to change.
    op.execute(
        """
        CREATE FUNCTION trust_list_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'accepted trust lists are neither changed nor deleted';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER trust_list_stays BEFORE UPDATE OR DELETE ON trust_list "
        "FOR EACH ROW EXECUTE FUNCTION trust_list_stays()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table in ("trust_refusal", "trust_list", "trust_source"):
        op.drop_table(table)
    op.execute("DROP FUNCTION trust_list_stays()")
