"""By which algorithm an issuer's statement was signed (密评); of those kept before it is not known.

Revision: 0034, after 0033
Created: 2026-11-25
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0034"
down_revision: str | Sequence[str] | None = "0033"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SCHEMES = (
    "sm2-sm3",
    "ecdsa-p256-sha256",
    "ecdsa-p384-sha384",
    "ecdsa-p521-sha512",
    "ed25519",
    "rsa-pss-sha256",
    "rsa-pss-sha384",
    "rsa-pss-sha512",
    "rsa-pkcs1-sha256",
    "rsa-pkcs1-sha384",
    "rsa-pkcs1-sha512",
)


def upgrade() -> None:
    listed = ", ".join(f"'{word}'" for word in _SCHEMES)
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.execute("ALTER TABLE statement ADD COLUMN scheme text")
    op.execute(
        f"ALTER TABLE statement ADD CONSTRAINT ck_statement_scheme "
        f"CHECK (scheme IN ({listed})) NOT VALID"
    )
    op.execute("ALTER TABLE statement VALIDATE CONSTRAINT ck_statement_scheme")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.execute("ALTER TABLE statement DROP COLUMN scheme")
