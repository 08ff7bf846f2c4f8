"""Routes: for whom an endpoint answers, and who took over from an issuer.

Revision: 0004, after 0003
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.add_column(
        "issuer_endpoint",
        sa.Column("kind", sa.Text(), server_default=sa.text("'issuer'"), nullable=False),
    )
    op.add_column(
        "issuer_endpoint",
        sa.Column("prefixes", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_issuer_endpoint_kind"),
        "issuer_endpoint",
        "kind IN ('issuer', 'type_owner', 'region', 'upstream')",
    )
    op.create_check_constraint(
        op.f("ck_issuer_endpoint_prefixes"),
        "issuer_endpoint",
        "(kind IN ('issuer', 'upstream')) = (cardinality(prefixes) = 0)",
    )
    op.drop_constraint("pk_issuer_endpoint", "issuer_endpoint", type_="primary")
    op.create_primary_key("pk_issuer_endpoint", "issuer_endpoint", ["issuer", "kind", "adapter"])
    op.create_table(
        "succession",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("issuer <> successor", name=op.f("ck_succession_two_parties")),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.code"], name="fk_succession_issuer"),
        sa.ForeignKeyConstraint(["successor"], ["issuer.code"], name="fk_succession_successor"),
        sa.PrimaryKeyConstraint("issuer", "type", name="pk_succession"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_table("succession")
    op.execute("DELETE FROM issuer_endpoint WHERE kind <> 'issuer'")
    op.drop_constraint("pk_issuer_endpoint", "issuer_endpoint", type_="primary")
    op.create_primary_key("pk_issuer_endpoint", "issuer_endpoint", ["issuer", "adapter"])
    op.drop_constraint(op.f("ck_issuer_endpoint_prefixes"), "issuer_endpoint", type_="check")
    op.drop_constraint(op.f("ck_issuer_endpoint_kind"), "issuer_endpoint", type_="check")
    op.drop_column("issuer_endpoint", "prefixes")
    op.drop_column("issuer_endpoint", "kind")
