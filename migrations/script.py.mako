"""${message}

Revision: ${up_revision}, after ${down_revision | comma,n}
Created: ${create_date}

Before this is merged (expand, migrate, contract):
- Does the running version of the service still work after it? Only add here; what is no longer
  read is dropped in a later release.
- A new column is nullable or has a constant default; NOT NULL comes later, as a CHECK constraint
  NOT VALID that is validated in a migration of its own.
- An index on a table in use: `with op.get_context().autocommit_block():` and
  `postgresql_concurrently=True`, in a migration of its own, with statement_timeout 0.
- Rows are moved in batches by a job, not here.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision: str = ${repr(up_revision)}
down_revision: str | Sequence[str] | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = ${repr(branch_labels)}
depends_on: str | Sequence[str] | None = ${repr(depends_on)}


def upgrade() -> None:
    # Waiting for a lock makes everybody behind us wait too: give up early and try again.
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    ${downgrades if downgrades else "pass"}
