"""Endpoints of share services behind an exchange platform.

Revision: 0015, after 0014
Created: 2026-11-25
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0015"
down_revision: str | Sequence[str] | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _only(words: str) -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.drop_constraint(op.f("ck_issuer_endpoint_adapter"), "issuer_endpoint", type_="check")
    op.create_check_constraint(
        op.f("ck_issuer_endpoint_adapter"), "issuer_endpoint", f"adapter IN ({words})"
    )


def upgrade() -> None:
    _only("'ivp', 'mapped', 'share-gateway'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("DELETE FROM issuer_endpoint WHERE adapter = 'share-gateway'")
    _only("'ivp', 'mapped'")
