"""How many workers began an item of a job and did not come to its end.

Revision: 0028, after 0027
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0028"
down_revision: str | Sequence[str] | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    tries = sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False)
    op.add_column("job_item", tries)
    op.add_column("job_item", sa.Column("tried_by", sa.Text(), nullable=True))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.drop_column("job_item", "tried_by")
    op.drop_column("job_item", "tries")
