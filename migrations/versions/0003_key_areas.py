"""key areas."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
DAY = sa.Date().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "key_area",
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("is_key", FLAG, nullable=False),
        sa.Column("since", DAY, nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_key_area_area_id")),
        sa.PrimaryKeyConstraint("area_id", "number", name=op.f("pk_key_area")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("key_area")
