"""Anchors for sealed documents that are no licenses, and verdicts that are about a seal.

Revision: 0032, after 0031
Created: 2026-11-25
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0032"
down_revision: str | Sequence[str] | None = "0031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_PURPOSES = "ck_anchor_purposes"
_SUBJECT = "ck_verification_subject"


def _only(purposes: Sequence[str], subjects: str) -> None:
    listed = ", ".join(f"'{word}'" for word in purposes)
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.drop_constraint(op.f(_PURPOSES), "anchor", type_="check")
    op.execute(f"DELETE FROM anchor WHERE NOT purposes && ARRAY[{listed}]")  # noqa: S608 - words below
    op.execute(
        "UPDATE anchor SET purposes = ARRAY(SELECT p FROM unnest(purposes) AS p "  # noqa: S608
        f"WHERE p = ANY (ARRAY[{listed}]) ORDER BY p) WHERE NOT purposes <@ ARRAY[{listed}]"
    )
    op.create_check_constraint(
        op.f(_PURPOSES),
        "anchor",
        f"purposes <@ ARRAY[{listed}] AND cardinality(purposes) > 0",
    )
    op.execute(f"ALTER TABLE verification DROP CONSTRAINT {_SUBJECT}")
    op.execute(
        f"ALTER TABLE verification ADD CONSTRAINT {_SUBJECT} "
        f"CHECK (subject IN ({subjects})) NOT VALID"
    )


def upgrade() -> None:
    _only(
        ("license-seal", "sealed-document", "seal-maker", "tsa"),
        "'document', 'record', 'seal'",
    )
    op.execute(f"ALTER TABLE verification VALIDATE CONSTRAINT {_SUBJECT}")


def downgrade() -> None:
    """Verdicts about seals that were given stay: the constraint is for new rows only."""
    _only(("license-seal", "seal-maker", "tsa"), "'document', 'record'")
