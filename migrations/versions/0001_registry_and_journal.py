"""The registry (issuers, keys, delegations, endpoints, types, licenses) and the journal.

Revision: 0001, the first
Created: 2026-11-24

Tables that grow with licenses or verifications are hash-partitioned by the key they are asked by.
Their partitions stand in a schema of their own: no query names them, and neither does the
comparison of models and tables (`alembic check`).
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PARTITIONS = 16
PARTITIONED = ("license", "license_status", "statement", "verification", "first_seen")


def upgrade() -> None:
    # Waiting for a lock makes everybody behind us wait too: give up early and try again.
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.create_table(
        "issuer",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("types", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("code ~ '^([0-9A-Z]{18}|[0-9]{6})$'", name=op.f("ck_issuer_code")),
        sa.PrimaryKeyConstraint("code", name="pk_issuer"),
    )

    op.create_table(
        "issuer_organisation",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("organisation_code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.code"], name="fk_issuer_organisation_issuer"),
        sa.PrimaryKeyConstraint(
            "issuer", "type", "organisation_code", name="pk_issuer_organisation"
        ),
    )

    op.create_table(
        "issuer_key",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("spki", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("types", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revocation_reason", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "scheme IN ('sm2-sm3', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', 'ecdsa-p521-sha512', 'ed25519', 'rsa-pss-sha256', 'rsa-pss-sha384', 'rsa-pss-sha512', 'rsa-pkcs1-sha256', 'rsa-pkcs1-sha384', 'rsa-pkcs1-sha512')",
            name=op.f("ck_issuer_key_scheme"),
        ),
        sa.CheckConstraint(
            "uses <@ ARRAY['license', 'copy', 'answer'] AND cardinality(uses) > 0",
            name=op.f("ck_issuer_key_uses"),
        ),
        sa.CheckConstraint(
            "not_before < not_after", name=op.f("ck_issuer_key_not_before_not_after")
        ),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_issuer_key_sha256")),
        sa.ForeignKeyConstraint(["owner"], ["issuer.code"], name="fk_issuer_key_owner"),
        sa.PrimaryKeyConstraint("owner", "key_id", name="pk_issuer_key"),
    )
    op.create_index("uq_issuer_key_sha256", "issuer_key", ["sha256"], unique=True)

    op.create_table(
        "delegation",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("delegate", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind IN ('original', 'copy', 'answer', 'countersign')", name=op.f("ck_delegation_kind")
        ),
        sa.CheckConstraint("issuer <> delegate", name=op.f("ck_delegation_two_parties")),
        sa.CheckConstraint(
            "not_before < not_after", name=op.f("ck_delegation_not_before_not_after")
        ),
        sa.ForeignKeyConstraint(["delegate"], ["issuer.code"], name="fk_delegation_delegate"),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.code"], name="fk_delegation_issuer"),
        sa.PrimaryKeyConstraint("issuer", "type", "delegate", "kind", name="pk_delegation"),
    )

    op.create_table(
        "issuer_endpoint",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("adapter", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("networks", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("deadline", sa.Interval(), nullable=False),
        sa.Column("max_answer", sa.Integer(), nullable=False),
        sa.Column("max_in_flight", sa.Integer(), nullable=False),
        sa.Column("encryption_jwk", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("adapter IN ('ivp')", name=op.f("ck_issuer_endpoint_adapter")),
        sa.CheckConstraint("deadline > interval '0'", name=op.f("ck_issuer_endpoint_deadline")),
        sa.CheckConstraint("max_answer > 0", name=op.f("ck_issuer_endpoint_max_answer")),
        sa.CheckConstraint("max_in_flight > 0", name=op.f("ck_issuer_endpoint_max_in_flight")),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.code"], name="fk_issuer_endpoint_issuer"),
        sa.PrimaryKeyConstraint("issuer", "adapter", name="pk_issuer_endpoint"),
    )

    op.create_table(
        "license_type",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("must_be_sealed", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("max_status_age", sa.Interval(), nullable=False),
        sa.Column("signed_answers", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("code ~ '^[0-9A-Z]{18}[0-9]{3}$'", name=op.f("ck_license_type_code")),
        sa.CheckConstraint(
            "max_status_age >= interval '0'", name=op.f("ck_license_type_max_status_age")
        ),
        sa.CheckConstraint(
            "roles <@ ARRAY['issuer', 'copier', 'countersigner'] AND cardinality(roles) > 0",
            name=op.f("ck_license_type_roles"),
        ),
        sa.PrimaryKeyConstraint("code", name="pk_license_type"),
    )

    op.create_table(
        "license",
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("long_term", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "valid_from <= valid_until", name=op.f("ck_license_valid_from_valid_until")
        ),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.code"], name="fk_license_issuer"),
        sa.ForeignKeyConstraint(["type"], ["license_type.code"], name="fk_license_type"),
        sa.PrimaryKeyConstraint("identifier", name="pk_license"),
        postgresql_partition_by="HASH (identifier)",
    )

    op.create_table(
        "license_status",
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('issued', 'suspended', 'expired', 'annulled', 'withdrawn', 'revoked', 'cancelled', 'superseded', 'void')",
            name=op.f("ck_license_status_state"),
        ),
        sa.CheckConstraint(
            "recorded_at < replaced_at", name=op.f("ck_license_status_recorded_at_replaced_at")
        ),
        sa.CheckConstraint("since < until", name=op.f("ck_license_status_since_until")),
        sa.PrimaryKeyConstraint("identifier", "since", "recorded_at", name="pk_license_status"),
        postgresql_partition_by="HASH (identifier)",
    )

    op.create_table(
        "statement",
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("code BETWEEN 0 AND 3", name=op.f("ck_statement_code")),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_statement_sha256")),
        sa.ForeignKeyConstraint(["owner"], ["issuer.code"], name="fk_statement_owner"),
        sa.PrimaryKeyConstraint("identifier", "as_of", "sha256", name="pk_statement"),
        postgresql_partition_by="HASH (identifier)",
    )

    op.create_table(
        "verification",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("sm3", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conflict", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "facts", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(basis = 'facts') = (sha256 IS NULL) AND (sha256 IS NULL) = (sm3 IS NULL)",
            name=op.f("ck_verification_digests"),
        ),
        sa.CheckConstraint(
            "(conclusion = 'valid') = (reason IS NULL)",
            name=op.f("ck_verification_conclusion_reason"),
        ),
        sa.CheckConstraint("basis IN ('document', 'facts')", name=op.f("ck_verification_basis")),
        sa.CheckConstraint(
            "conclusion IN ('valid', 'invalid', 'indeterminate')",
            name=op.f("ck_verification_conclusion"),
        ),
        sa.CheckConstraint("reason ~ '^[a-z0-9_]{1,64}$'", name=op.f("ck_verification_reason")),
        sa.CheckConstraint(
            "subject IN ('document', 'record', 'seal')", name=op.f("ck_verification_subject")
        ),
        sa.CheckConstraint(
            "octet_length(sha256) = 32 AND octet_length(sm3) = 32",
            name=op.f("ck_verification_lengths"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_verification"),
        postgresql_partition_by="HASH (id)",
    )
    op.create_index("ix_verification_at", "verification", ["at"], unique=False)

    op.create_table(
        "first_seen",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_first_seen_sha256")),
        sa.PrimaryKeyConstraint("sha256", name="pk_first_seen"),
        postgresql_partition_by="HASH (sha256)",
    )

    op.execute("CREATE SCHEMA parts")
    for table in PARTITIONED:
        for part in range(PARTITIONS):
            op.execute(
                f"CREATE TABLE parts.{table}_{part:02} PARTITION OF {table} "
                f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part})"
            )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    for table in (
        "first_seen",
        "verification",
        "statement",
        "license_status",
        "license",
        "license_type",
        "issuer_endpoint",
        "delegation",
        "issuer_key",
        "issuer_organisation",
        "issuer",
    ):
        op.drop_table(table)  # with its indexes and partitions
    op.execute("DROP SCHEMA parts")
