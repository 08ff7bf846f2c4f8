"""Roles of the database, apart: whoever serves can neither change a table nor unsay an event.

The roles cannot log in; accounts are made members of them (docs/adr/0029). Whoever migrates owns the
tables, and needs CREATEROLE where the roles are not there yet.

Revision: 0019, after 0018
Created: 2026-11-25
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0019"
down_revision: str | Sequence[str] | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SERVICE, IMPORT, AUDIT, READER = (
    "zhengyan_service",
    "zhengyan_import",
    "zhengyan_audit",
    "zhengyan_reader",
)
ROLES = (SERVICE, IMPORT, AUDIT, READER)
ADDED_TO = ("audit", "audit_head", "dispute_step", "trust_decision", "trust_list")
"""What is in them stays as it is."""
KEPT = ("first_seen", "license", "license_status", "statement", "trust_proposal", "verification")
"""What is in them may be brought up to date, and is never deleted."""
READ_BY_IMPORT = (
    *("alembic_version", "delegation", "issuer", "issuer_key", "key_version", "license_type"),
    *("tenant", "tenant_issuer"),
)
WRITTEN_BY_IMPORT = (
    *("import_batch", "import_fault", "license", "license_key", "license_status", "statement"),
)
SECRETS = ("api_key", "bucket", "caller_key", "used_assertion", "used_inquiry")
"""Of no use to whoever only reads."""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    for role in ROLES:
        op.execute(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    op.execute(f"GRANT {AUDIT} TO {SERVICE}, {IMPORT}")
    op.execute(f"GRANT SELECT, UPDATE ON audit_chain TO {AUDIT}")
    op.execute(f"GRANT INSERT ON audit TO {AUDIT}")

    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {SERVICE}")
    op.execute(f"REVOKE UPDATE, DELETE ON {', '.join(ADDED_TO)} FROM {SERVICE}")
    op.execute(f"REVOKE DELETE ON {', '.join(KEPT)} FROM {SERVICE}")
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {SERVICE}")
    op.execute(f"REVOKE INSERT, DELETE ON audit_chain FROM {SERVICE}")

    op.execute(f"GRANT SELECT ON {', '.join(READ_BY_IMPORT)} TO {IMPORT}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {', '.join(WRITTEN_BY_IMPORT)} TO {IMPORT}")
    op.execute(f"GRANT UPDATE ON key_version TO {IMPORT}")

    op.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")
    op.execute(f"REVOKE SELECT ON {', '.join(SECRETS)} FROM {READER}")
    for role, rights in ((SERVICE, "SELECT, INSERT, UPDATE, DELETE"), (READER, "SELECT")):
        op.execute(
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} ON TABLES TO {role}"
        )


def downgrade() -> None:
    """The rights go; a role goes where no other database and no account needs it."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    for role in ROLES:
        op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {role}")
        op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
        op.execute(f"REVOKE ALL ON SCHEMA public FROM {role}")
    for role in ROLES:
        op.execute(
            f"DO $$ BEGIN DROP ROLE {role}; "
            "EXCEPTION WHEN dependent_objects_still_exist OR object_in_use OR undefined_object "
            "THEN NULL; END $$"
        )
