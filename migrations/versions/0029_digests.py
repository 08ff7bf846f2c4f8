"""Verifications of files that stay with the caller: one digest of the file, and not two.

Revision: 0029, after 0028
Created: 2026-11-25
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0029"
down_revision: str | Sequence[str] | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _checked(basis: str, digests: str) -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    for name, rule in (("basis", basis), ("digests", digests)):
        op.execute(f"ALTER TABLE verification DROP CONSTRAINT ck_verification_{name}")
        op.execute(
            f"ALTER TABLE verification ADD CONSTRAINT ck_verification_{name} "
            f"CHECK ({rule}) NOT VALID"
        )


def upgrade() -> None:
    _checked(
        "basis IN ('document', 'facts', 'digests')",
        "CASE basis WHEN 'facts' THEN 0 WHEN 'digests' THEN 1 ELSE 2 END"
        " = num_nonnulls(sha256, sm3)",
    )
    for name in ("basis", "digests"):
        op.execute(f"ALTER TABLE verification VALIDATE CONSTRAINT ck_verification_{name}")


def downgrade() -> None:
    """Rows of such verifications stay: a journal loses none. They are not validated again."""
    _checked(
        "basis IN ('document', 'facts')",
        "(basis = 'facts') = (sha256 IS NULL) AND (sha256 IS NULL) = (sm3 IS NULL)",
    )
