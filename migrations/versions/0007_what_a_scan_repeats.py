"""which scan an entry of a phone repeats, what was signed twice under one number, journeys met on the road."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("device_entry", sa.Column("repeats", BIG, nullable=True))
    op.create_index("ix_device_entry_token", "device_entry", ["token"], unique=False)
    op.create_table(
        "device_fork",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("device_id", BIG, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_fork_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_fork")),
        sa.UniqueConstraint("device_id", "digest", name=op.f("uq_device_fork_device_id_digest")),
        info={"append_only": True},
        sqlite_strict=True,
    )
    op.create_table(
        "trip_seen",
        sa.Column("trip_id", BIG, autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["trip_id"], ["trip_slip.id"], name=op.f("fk_trip_seen_trip_id")),
        sa.PrimaryKeyConstraint("trip_id", name=op.f("pk_trip_seen")),
        info={"append_only": True},
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("trip_seen")
    op.drop_table("device_fork")
    op.drop_index("ix_device_entry_token", "device_entry")
    op.drop_column("device_entry", "repeats")
