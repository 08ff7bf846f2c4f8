"""How many workers began to read an upload and did not come to its end.

Revision: 0030, after 0029
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0030"
down_revision: str | Sequence[str] | None = "0029"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.add_column(
        "job", sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("job", sa.Column("tried_by", sa.Text(), nullable=True))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.drop_column("job", "tried_by")
    op.drop_column("job", "tries")
