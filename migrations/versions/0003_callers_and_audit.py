"""Callers, their keys and limits; the audit log that nobody can change.

Revision: 0003, after 0002
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHAINS = 8
_ID = "id ~ '^[a-z0-9][a-z0-9-]{1,62}$'"


SCOPES = (
    "'verify:file', 'verify:token', 'verify:number', 'verify:batch', 'report:read', "
    "'status:detail', 'license:ingest', 'license:revoke', 'issuer:read', 'trust:propose', "
    "'trust:approve', 'caller:admin', 'audit:read', 'system:ops'"
)
SCHEMES = (
    "'sm2-sm3', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', 'ecdsa-p521-sha512', 'ed25519', "
    "'rsa-pss-sha256', 'rsa-pss-sha384', 'rsa-pss-sha512', 'rsa-pkcs1-sha256', "
    "'rsa-pkcs1-sha384', 'rsa-pkcs1-sha512'"
)


def _recorded_at() -> sa.Column[sa.DateTime]:
    return sa.Column(
        "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    _callers()
    _audit()
    op.add_column("verification", sa.Column("tenant", sa.Text(), nullable=True))


def _callers() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        _recorded_at(),
        sa.CheckConstraint(_ID, name=op.f("ck_tenant_id")),
        sa.PrimaryKeyConstraint("id", name="pk_tenant"),
    )
    op.create_table(
        "caller",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("purposes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        _recorded_at(),
        sa.CheckConstraint(_ID, name=op.f("ck_caller_id")),
        sa.CheckConstraint(
            f"scopes <@ ARRAY[{SCOPES}] AND cardinality(scopes) > 0",
            name=op.f("ck_caller_scopes"),
        ),
        sa.CheckConstraint("cardinality(purposes) > 0", name=op.f("ck_caller_purposes")),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_caller_tenant"),
        sa.PrimaryKeyConstraint("id", name="pk_caller"),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        _recorded_at(),
        sa.ForeignKeyConstraint(["caller"], ["caller.id"], name="fk_api_key_caller"),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
    )
    op.create_table(
        "caller_key",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("spki", sa.LargeBinary(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        _recorded_at(),
        sa.CheckConstraint(f"scheme IN ({SCHEMES})", name=op.f("ck_caller_key_scheme")),
        sa.ForeignKeyConstraint(["caller"], ["caller.id"], name="fk_caller_key_caller"),
        sa.PrimaryKeyConstraint("key_id", name="pk_caller_key"),
    )
    op.create_table(
        "used_assertion",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "jti", name="pk_used_assertion"),
    )
    op.create_index("ix_used_assertion_expires_at", "used_assertion", ["expires_at"])
    op.create_table(
        "bucket",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("tokens", postgresql.DOUBLE_PRECISION(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_bucket"),
        prefixes=["UNLOGGED"],
    )
    # Rows come and go with every request: let them be cleaned up early.
    op.execute("ALTER TABLE bucket SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)")


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("chain", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=True),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("seq > 0", name=op.f("ck_audit_seq")),
        sa.CheckConstraint(
            "octet_length(digest) = 32 AND octet_length(hash) = 32", name=op.f("ck_audit_lengths")
        ),
        sa.PrimaryKeyConstraint("chain", "seq", name="pk_audit"),
    )
    op.create_table(
        "audit_chain",
        sa.Column("chain", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name="pk_audit_chain"),
    )
    op.execute(
        "INSERT INTO audit_chain (chain, seq, hash) "
        f"SELECT n, 0, decode(repeat('00', 32), 'hex') FROM generate_series(0, {CHAINS - 1}) AS n"
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.execute(
        "CREATE FUNCTION audit_is_appended() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'the audit log is appended to, and never changed'; END $$"
    )
    for table in ("audit", "audit_head"):
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION audit_is_appended()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_appended()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_column("verification", "tenant")
    for table in (
        *("audit_head", "audit_chain", "audit", "bucket", "used_assertion"),
        *("caller_key", "api_key", "caller", "tenant"),
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION audit_is_appended()")
