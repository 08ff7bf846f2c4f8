"""Jobs: uploads answered in the background, and the queue they are worked off from.

The queue is procrastinate's: its own SQL, of the version that is pinned, in a schema of its own.
Another version brings another text, and is refused here: a step for it comes first (ADR 0031).

Revision: 0021, after 0020
Created: 2026-11-25
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision: str = "0021"
down_revision: str | Sequence[str] | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TIME = sa.DateTime(timezone=True)
_SERVICE = "zhengyan_service"
_SCHEMA_SHA256 = "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"
"""Of procrastinate's schema.sql, version 3.10.0."""


def _tables() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.CheckConstraint("kind IN ('zip', 'csv', 'ndjson')", name=op.f("ck_job_kind")),
        sa.CheckConstraint(
            "state IN ('stored', 'running', 'done', 'cancelled', 'refused')",
            name=op.f("ck_job_state"),
        ),
        sa.ForeignKeyConstraint(["caller"], ["caller.id"], name="fk_job_caller"),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_index("ix_job_expires_at", "job", ["expires_at"])
    op.create_index(
        "ix_job_open", "job", ["state"], postgresql_where=sa.text("state IN ('stored', 'running')")
    )
    op.create_table(
        "job_piece",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="fk_job_piece_job", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "no", name="pk_job_piece"),
    )
    op.create_table(
        "job_item",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("verification", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("answered_at", _TIME, nullable=True),
        sa.CheckConstraint("form IN ('file', 'facts', 'problem')", name=op.f("ck_job_item_form")),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (verification IS NULL AND problem IS NULL)",
            name=op.f("ck_job_item_answered"),
        ),
        sa.CheckConstraint(
            "verification IS NULL OR problem IS NULL", name=op.f("ck_job_item_one_answer")
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (content IS NOT NULL)", name=op.f("ck_job_item_content")
        ),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="fk_job_item_job", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "no", name="pk_job_item"),
    )
    op.create_index(
        "ix_job_item_open",
        "job_item",
        ["job", "no"],
        postgresql_where=sa.text("answered_at IS NULL"),
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    queue = SchemaManager.get_schema()
    if hashlib.sha256(queue.encode()).hexdigest() != _SCHEMA_SHA256:
        raise RuntimeError("another procrastinate than the pinned one: see docs/adr/0031-jobs.md")
    _tables()
    op.execute("CREATE SCHEMA queue")
    op.execute("SET LOCAL search_path = queue, public")
    # Many statements at once: only the driver itself takes them, in the transaction under way.
    driver: Any = op.get_bind().connection.dbapi_connection
    driver.run_async(lambda connection: connection.execute(queue))
    op.execute("SET LOCAL search_path = public")
    # Workers have the account of the service (ADR 0029); the tables above are granted by default.
    op.execute(f"GRANT USAGE ON SCHEMA queue TO {_SERVICE}")
    rights = "SELECT, INSERT, UPDATE, DELETE"
    op.execute(f"GRANT {rights} ON ALL TABLES IN SCHEMA queue TO {_SERVICE}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA queue TO {_SERVICE}")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.execute("DROP SCHEMA queue CASCADE")
    for table in ("job_item", "job_piece", "job"):
        op.drop_table(table)
