"""Whoever only reads is shown no passwords, codes or sessions of operators.

It takes away what 0022 took away already: two changes for one fault, made at the same time, of
which this came second. It is repeatable and harmless, and what has landed is not taken back.

Revision: 0023, after 0022
Created: 2026-11-25
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0023"
down_revision: str | Sequence[str] | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.execute("REVOKE ALL ON operator, operator_session FROM zhengyan_reader")


def downgrade() -> None:
    """Nothing: the migration before says the same, and stays."""
