"""labels of containers."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DAY = sa.Date().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "label",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("substance_id", BIG, nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("count", BIG, nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_label_enterprise_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_label_site_id")),
        sa.ForeignKeyConstraint(["substance_id"], ["substance.id"], name=op.f("fk_label_substance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint("mark", name=op.f("uq_label_mark")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_label_outside_id")),
        info={"append_only": True},
        sqlite_strict=True,
    )
    op.create_index("ix_label_batch", "label", ["enterprise_id", "substance_id", "batch"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_label_batch", "label")
    op.drop_table("label")
