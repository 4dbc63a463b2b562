"""what the officers of a visit counted, and their note."""

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
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"], name=op.f("fk_inspection_count_inspection_id")),
        sa.ForeignKeyConstraint(["stocktake_id"], ["stocktake.id"], name=op.f("fk_inspection_count_stocktake_id")),
        sa.PrimaryKeyConstraint("stocktake_id", name=op.f("pk_inspection_count")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_inspection_count_inspection_id"), "inspection_count", ["inspection_id"])


def downgrade() -> None:
    op.drop_table("inspection_count")
    op.drop_column("inspection", "note")
