"""Records as issuers push them: sealed fields, keys to find them by, batches; levels of types.

Revision: 0008, after 0007
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PARTITIONS = 16
_TIME = sa.DateTime(timezone=True)


def _now(name: str) -> sa.Column[sa.DateTime]:
    return sa.Column(name, _TIME, server_default=sa.text("now()"), nullable=False)


def _count(name: str) -> sa.Column[sa.BigInteger]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    for column in (
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("as_of", _TIME, nullable=True),
        _now("known_since"),
    ):
        op.add_column("license", column)
    op.execute("UPDATE license SET known_since = recorded_at")
    op.add_column("license_status", sa.Column("successor", sa.Text(), nullable=True))
    op.add_column(
        "license_type",
        sa.Column("level", sa.Text(), server_default=sa.text("'shared'"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_license_type_level"), "license_type", "level IN ('open', 'shared', 'restricted')"
    )
    op.create_table(
        "license_key",
        sa.Column("hmac", sa.LargeBinary(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("octet_length(hmac) = 32", name=op.f("ck_license_key_hmac")),
        sa.PrimaryKeyConstraint("hmac", "identifier", name="pk_license_key"),
        postgresql_partition_by="HASH (hmac)",
    )
    for part in range(PARTITIONS):
        op.execute(
            f"CREATE TABLE parts.license_key_{part:02} PARTITION OF license_key "
            f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part})"
        )
    _batches()
    op.create_table(
        "tenant_issuer",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("revoked_at", _TIME, nullable=True),
        _now("recorded_at"),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.code"], name="fk_tenant_issuer_issuer"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_tenant_issuer_tenant"),
        sa.PrimaryKeyConstraint("tenant", "issuer", name="pk_tenant_issuer"),
    )


def _batches() -> None:
    op.create_table(
        "import_batch",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=True),
        sa.Column("as_of", _TIME, nullable=False),
        _count("lines"),
        _count("added"),
        _count("changed"),
        _count("unchanged"),
        _count("bad"),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        _now("updated_at"),
        sa.CheckConstraint("kind IN ('licenses', 'statuses')", name=op.f("ck_import_batch_kind")),
        sa.CheckConstraint("batch ~ '^[A-Za-z0-9_-]{1,64}$'", name=op.f("ck_import_batch_batch")),
        sa.CheckConstraint("octet_length(chain) = 32", name=op.f("ck_import_batch_chain")),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.code"], name="fk_import_batch_issuer"),
        sa.PrimaryKeyConstraint("issuer", "batch", name="pk_import_batch"),
    )
    op.create_table(
        "import_fault",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("fix", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "batch", "line", name="pk_import_fault"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    for table in ("tenant_issuer", "import_fault", "import_batch", "license_key"):
        op.drop_table(table)
    op.drop_column("license_type", "level")
    op.drop_column("license_status", "successor")
    for column in ("known_since", "as_of", "content", "sealed", "issued_on"):
        op.drop_column("license", column)
