"""Making trust lists: persons and their keys, proposals, decisions, the list under way.

Revision: 0006, after 0005
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _ended_at() -> sa.Column[sa.DateTime]:
    return sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True)


def _recorded_at() -> sa.Column[sa.DateTime]:
    return sa.Column(
        "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _belongs(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    _persons()
    _proposals()
    op.create_table(
        "trust_draft",
        _text("publisher"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("proposals", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("signatures", postgresql.JSONB(), nullable=False),
        _recorded_at(),
        sa.CheckConstraint("number > 0", name=op.f("ck_trust_draft_number")),
        _belongs("trust_draft", "publisher", "trust_source.publisher"),
        sa.PrimaryKeyConstraint("publisher", name="pk_trust_draft"),
    )
    _stays()


def _persons() -> None:
    op.create_table(
        "person",
        _text("name"),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        _ended_at(),
        _recorded_at(),
        sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name=op.f("ck_person_name")),
        sa.CheckConstraint(
            "scopes <@ ARRAY['trust:propose', 'trust:approve'] AND cardinality(scopes) > 0",
            name=op.f("ck_person_scopes"),
        ),
        sa.PrimaryKeyConstraint("name", name="pk_person"),
    )
    op.create_table(
        "person_key",
        _text("key_id"),
        _text("person"),
        _text("scheme"),
        sa.Column("spki", sa.LargeBinary(), nullable=False),
        _ended_at(),
        _recorded_at(),
        sa.CheckConstraint(
            "scheme IN ('sm2-sm3', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', "
            "'ecdsa-p521-sha512', 'ed25519', 'rsa-pss-sha256', 'rsa-pss-sha384', "
            "'rsa-pss-sha512', 'rsa-pkcs1-sha256', 'rsa-pkcs1-sha384', 'rsa-pkcs1-sha512')",
            name=op.f("ck_person_key_scheme"),
        ),
        _belongs("person_key", "person", "person.name"),
        sa.PrimaryKeyConstraint("key_id", name="pk_person_key"),
    )
    op.create_index(
        "uq_person_key_person",
        "person_key",
        ["person"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _proposals() -> None:
    op.create_table(
        "trust_proposal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        _text("publisher"),
        _text("person"),
        _text("key_id"),
        _text("jws"),
        sa.Column("published_in", sa.Integer(), nullable=True),
        _recorded_at(),
        sa.CheckConstraint("number > 0", name=op.f("ck_trust_proposal_number")),
        _belongs("trust_proposal", "person", "person.name"),
        _belongs("trust_proposal", "key_id", "person_key.key_id"),
        sa.PrimaryKeyConstraint("number", name="pk_trust_proposal"),
    )
    op.create_index(
        "uq_trust_proposal_number", "trust_proposal", ["number", "person", "key_id"], unique=True
    )
    op.create_index("ix_trust_proposal_publisher", "trust_proposal", ["publisher"])
    op.create_table(
        "trust_decision",
        sa.Column("proposal", sa.Integer(), autoincrement=False, nullable=False),
        _text("verdict"),
        _text("person"),
        _text("key_id"),
        _text("proposer"),
        _text("proposer_key"),
        _text("jws"),
        _recorded_at(),
        sa.CheckConstraint(
            "verdict IN ('approved', 'rejected')", name=op.f("ck_trust_decision_verdict")
        ),
        sa.CheckConstraint(
            "person <> proposer AND key_id <> proposer_key",
            name=op.f("ck_trust_decision_two_people"),
        ),
        _belongs("trust_decision", "person", "person.name"),
        _belongs("trust_decision", "key_id", "person_key.key_id"),
        sa.ForeignKeyConstraint(
            ["proposal", "proposer", "proposer_key"],
            ["trust_proposal.number", "trust_proposal.person", "trust_proposal.key_id"],
            name="fk_trust_decision_proposal",
        ),
        sa.PrimaryKeyConstraint("proposal", "verdict", name="pk_trust_decision"),
    )


def _stays() -> None:
    """What people signed explains what was published: it is not even an administrator's."""
    op.execute(
        """
        CREATE FUNCTION trust_making_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'trust_proposal' THEN
                IF OLD.published_in IS NULL AND NEW.published_in IS NOT NULL
                   AND to_jsonb(OLD) - 'published_in' = to_jsonb(NEW) - 'published_in' THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION 'proposals and decisions are neither changed nor deleted';
        END $$
        """
    )
    for table in ("trust_proposal", "trust_decision"):
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION trust_making_stays()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table in ("trust_draft", "trust_decision", "trust_proposal", "person_key", "person"):
        op.drop_table(table)
    op.execute("DROP FUNCTION trust_making_stays()")
