"""Operators of the console who log in with a key of their own, and the answers they gave.

Revision: 0026, after 0025
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0026"
down_revision: str | Sequence[str] | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_KEY = ("key_id", "key_scheme", "key_spki")
_SCHEMES = (
    "'sm2-sm3', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', 'ecdsa-p521-sha512', 'ed25519', "
    "'rsa-pss-sha256', 'rsa-pss-sha384', 'rsa-pss-sha512', "
    "'rsa-pkcs1-sha256', 'rsa-pkcs1-sha384', 'rsa-pkcs1-sha512'"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.alter_column("operator", "password", nullable=True)
    op.alter_column("operator", "totp", nullable=True)
    op.add_column("operator", sa.Column("key_id", sa.Text(), nullable=True))
    op.add_column("operator", sa.Column("key_scheme", sa.Text(), nullable=True))
    op.add_column("operator", sa.Column("key_spki", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint("uq_operator_key_id", "operator", ["key_id"])
    op.create_check_constraint(
        op.f("ck_operator_key_scheme"), "operator", f"key_scheme IN ({_SCHEMES})"
    )
    op.create_check_constraint(
        op.f("ck_operator_password_totp"), "operator", "(password IS NULL) = (totp IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_operator_key"), "operator", f"num_nulls({', '.join(_KEY)}) IN (0, 3)"
    )
    op.create_check_constraint(
        op.f("ck_operator_way_in"), "operator", "password IS NOT NULL OR key_id IS NOT NULL"
    )
    op.create_table(
        "operator_answer",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_operator_answer_digest")),
        sa.PrimaryKeyConstraint("digest", name="pk_operator_answer"),
    )
    op.create_index("ix_operator_answer_ends_at", "operator_answer", ["ends_at"])
    op.execute("REVOKE ALL ON operator_answer FROM zhengyan_reader")


def downgrade() -> None:
    """Whoever has no password can be let in by no other way any more, and ends."""
    op.drop_table("operator_answer")
    op.execute(
        "UPDATE operator SET password = '', totp = '', ended_at = coalesce(ended_at, now()) "
        "WHERE password IS NULL"
    )
    for name in ("way_in", "key", "password_totp", "key_scheme"):
        op.drop_constraint(op.f(f"ck_operator_{name}"), "operator")
    op.drop_constraint("uq_operator_key_id", "operator")
    for column in _KEY:
        op.drop_column("operator", column)
    op.alter_column("operator", "totp", nullable=False)
    op.alter_column("operator", "password", nullable=False)
