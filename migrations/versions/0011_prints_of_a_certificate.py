"""prints of a certificate: which time it is stands on each sheet."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "printing",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("permit_id", BIG, nullable=False),
        sa.Column("nth", BIG, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "permit_id"],
            ["permit.enterprise_id", "permit.id"],
            name=op.f("fk_printing_enterprise_id_permit_id"),
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "permit_id", "nth", name=op.f("pk_printing")),
        info={"append_only": True},
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("printing")
