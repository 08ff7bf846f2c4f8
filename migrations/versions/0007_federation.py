"""Nodes that may ask this one, and how issuers fared, minute by minute.

Revision: 0007, after 0006
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TIME = sa.DateTime(timezone=True)
_SCHEMES = (
    "scheme IN ('sm2-sm3', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', 'ecdsa-p521-sha512', "
    "'ed25519', 'rsa-pss-sha256', 'rsa-pss-sha384', 'rsa-pss-sha512', 'rsa-pkcs1-sha256', "
    "'rsa-pkcs1-sha384', 'rsa-pkcs1-sha512')"
)


def _recorded_at() -> sa.Column[sa.DateTime]:
    return sa.Column("recorded_at", _TIME, server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.create_table(
        "peer_node",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("revoked_at", _TIME, nullable=True),
        _recorded_at(),
        sa.CheckConstraint("id ~ '^[a-z0-9][a-z0-9.-]{2,62}$'", name=op.f("ck_peer_node_id")),
        sa.CheckConstraint(
            "scopes <@ ARRAY['ask', 'relay'] AND cardinality(scopes) > 0",
            name=op.f("ck_peer_node_scopes"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_peer_node"),
    )
    op.create_table(
        "peer_key",
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("spki", sa.LargeBinary(), nullable=False),
        sa.Column("not_before", _TIME, nullable=False),
        sa.Column("not_after", _TIME, nullable=True),
        sa.Column("revoked_at", _TIME, nullable=True),
        _recorded_at(),
        sa.CheckConstraint(_SCHEMES, name=op.f("ck_peer_key_scheme")),
        sa.CheckConstraint("not_before < not_after", name=op.f("ck_peer_key_not_before_not_after")),
        sa.ForeignKeyConstraint(["node"], ["peer_node.id"], name="fk_peer_key_node"),
        sa.PrimaryKeyConstraint("node", "key_id", name="pk_peer_key"),
    )
    op.create_table(
        "used_inquiry",
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("node", "jti", name="pk_used_inquiry"),
    )
    op.create_index("ix_used_inquiry_expires_at", "used_inquiry", ["expires_at"])
    op.create_table(
        "issuer_health",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("minute", _TIME, nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=False),
        sa.Column("repeated", sa.BigInteger(), nullable=False),
        sa.Column("rested", sa.BigInteger(), nullable=False),
        sa.Column("retried", sa.BigInteger(), nullable=False),
        sa.Column("probes", sa.BigInteger(), nullable=False),
        sa.Column("conflicts", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("slots", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("silences", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("silent", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "minute", name="pk_issuer_health"),
    )
    op.create_index("ix_issuer_health_minute", "issuer_health", ["minute"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table in ("issuer_health", "used_inquiry", "peer_key", "peer_node"):
        op.drop_table(table)
