"""What a conclusion may be about: no verdict was ever about a seal alone.

Revision: 0011, after 0010
Created: 2026-11-25
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0011"
down_revision: str | Sequence[str] | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _only(words: str) -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.execute("ALTER TABLE verification DROP CONSTRAINT ck_verification_subject")
    op.execute(
        "ALTER TABLE verification ADD CONSTRAINT ck_verification_subject "
        f"CHECK (subject IN ({words})) NOT VALID"
    )


def upgrade() -> None:
    _only("'document', 'record'")
    op.execute("ALTER TABLE verification VALIDATE CONSTRAINT ck_verification_subject")


def downgrade() -> None:
    _only("'document', 'record', 'seal'")
    op.execute("ALTER TABLE verification VALIDATE CONSTRAINT ck_verification_subject")
