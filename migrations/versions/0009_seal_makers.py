"""Seal makers have anchors of their own; an authority says whether it verifies O.

What was registered for purposes that nothing ever asked for (sealed-document, issuer-answer) loses
them; an anchor for nothing else vouched for nobody, and goes.

Revision: 0009, after 0008
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | Sequence[str] | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NAME = "ck_anchor_purposes"


def _purposes(*words: str) -> str:
    listed = ", ".join(f"'{word}'" for word in words)
    return f"purposes <@ ARRAY[{listed}] AND cardinality(purposes) > 0"


def _narrow(*kept: str) -> None:
    listed = ", ".join(f"'{word}'" for word in kept)
    op.execute(f"DELETE FROM anchor WHERE NOT purposes && ARRAY[{listed}]")  # noqa: S608 - words above
    op.execute(
        "UPDATE anchor SET purposes = ARRAY(SELECT p FROM unnest(purposes) AS p "  # noqa: S608 - words above
        f"WHERE p = ANY (ARRAY[{listed}]) ORDER BY p) WHERE NOT purposes <@ ARRAY[{listed}]"
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.drop_constraint(op.f(_NAME), "anchor", type_="check")
    _narrow("license-seal", "tsa")
    op.create_check_constraint(
        op.f(_NAME), "anchor", _purposes("license-seal", "seal-maker", "tsa")
    )
    op.add_column(
        "anchor",
        sa.Column(
            "organisation_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.drop_column("anchor", "organisation_verified")
    op.drop_constraint(op.f(_NAME), "anchor", type_="check")
    _narrow("license-seal", "tsa")
    op.create_check_constraint(
        op.f(_NAME),
        "anchor",
        _purposes("license-seal", "sealed-document", "tsa", "issuer-answer"),
    )
