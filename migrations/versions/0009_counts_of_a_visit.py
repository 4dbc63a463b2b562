"""what the officers of a visit counted; what differed at the roadside; how a trade was paid and handled."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("inspection", sa.Column("note", sa.Text(), nullable=True))
    op.create_table(
        "inspection_count",
        sa.Column("stocktake_id", BIG, autoincrement=False, nullable=False),
        sa.Column("inspection_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("substance_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"], name=op.f("fk_inspection_count_inspection_id")),
        sa.ForeignKeyConstraint(["stocktake_id"], ["stocktake.id"], name=op.f("fk_inspection_count_stocktake_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_inspection_count_site_id")),
        sa.ForeignKeyConstraint(["substance_id"], ["substance.id"], name=op.f("fk_inspection_count_substance_id")),
        sa.PrimaryKeyConstraint("stocktake_id", name=op.f("pk_inspection_count")),
        sa.UniqueConstraint(
            "inspection_id",
            "site_id",
            "substance_id",
            name=op.f("uq_inspection_count_inspection_id_site_id_substance_id"),
        ),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.add_column("movement", sa.Column("particulars", sa.Text(), nullable=True))
    op.add_column("road_check", sa.Column("differences", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("road_check", "differences")
    op.drop_column("movement", "particulars")
    op.drop_table("inspection_count")
    op.drop_column("inspection", "note")
