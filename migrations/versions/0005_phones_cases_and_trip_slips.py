"""phones, cases and trip slips."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
DAY = sa.Date().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "device",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enrolled_on", DAY, nullable=False),
        sa.Column("enrolled_at", INSTANT, nullable=False),
        sa.Column("locked_on", DAY, nullable=True),
        sa.Column("next_seq", BIG, nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_device_area_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_device_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_device_outside_id")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_device_area_id"), "device", ["area_id"], unique=False)
    op.create_index(op.f("ix_device_user_id"), "device", ["user_id"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_enrolment_user_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_enrolment")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_table(
        "trip_slip",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("permit_id", BIG, nullable=False),
        sa.Column("trip", BIG, nullable=False),
        sa.Column("plates", sa.Text(), nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("valid_from", DAY, nullable=False),
        sa.Column("valid_to", DAY, nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("list_number", BIG, nullable=False),
        sa.Column("list_index", BIG, nullable=False),
        sa.Column("cose", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "permit_id"],
            ["permit.enterprise_id", "permit.id"],
            name=op.f("fk_trip_slip_enterprise_id_permit_id"),
        ),
        sa.ForeignKeyConstraint(["kid"], ["signing_key.kid"], name=op.f("fk_trip_slip_kid")),
        sa.ForeignKeyConstraint(["list_number"], ["status_number.number"], name=op.f("fk_trip_slip_list_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trip_slip")),
        sa.UniqueConstraint(
            "enterprise_id", "permit_id", "trip", name=op.f("uq_trip_slip_enterprise_id_permit_id_trip")
        ),
        sa.UniqueConstraint("list_number", "list_index", name=op.f("uq_trip_slip_list_number_list_index")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_trip_slip_outside_id")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "device_entry",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("device_id", BIG, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("shown", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("list_number", BIG, nullable=True),
        sa.Column("list_index", BIG, nullable=True),
        sa.Column("plate", sa.Text(), nullable=True),
        sa.Column("latitude", BIG, nullable=True),
        sa.Column("longitude", BIG, nullable=True),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_device_entry_area_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_entry_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_entry")),
        sa.UniqueConstraint("device_id", "seq", name=op.f("uq_device_entry_device_id_seq")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_device_entry_area_id"), "device_entry", ["area_id"], unique=False)
    op.create_index("ix_device_entry_place", "device_entry", ["list_number", "list_index"], unique=False)
    op.create_table(
        "photo",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("device_id", BIG, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_photo_device_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_photo")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_photo_device_id"), "photo", ["device_id"], unique=False)
    op.create_table(
        "trip_end",
        sa.Column("trip_id", BIG, autoincrement=False, nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["trip_id"], ["trip_slip.id"], name=op.f("fk_trip_end_trip_id")),
        sa.PrimaryKeyConstraint("trip_id", name=op.f("pk_trip_end")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "road_case",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("first_id", BIG, nullable=False),
        sa.Column("second_id", BIG, nullable=True),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("opened_on", DAY, nullable=False),
        sa.Column("due_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_road_case_area_id")),
        sa.ForeignKeyConstraint(["first_id"], ["device_entry.id"], name=op.f("fk_road_case_first_id")),
        sa.ForeignKeyConstraint(["second_id"], ["device_entry.id"], name=op.f("fk_road_case_second_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_road_case")),
        sa.UniqueConstraint("key", name=op.f("uq_road_case_key")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_road_case_outside_id")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_road_case_area_id"), "road_case", ["area_id"], unique=False)
    op.create_table(
        "case_end",
        sa.Column("case_id", BIG, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["road_case.id"], name=op.f("fk_case_end_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_end")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.add_column("road_check", sa.Column("document", sa.Text(), nullable=True))
    op.add_column("road_check", sa.Column("verdict", sa.Text(), nullable=True))
    op.add_column("road_check", sa.Column("findings", sa.Text(), nullable=True))
    op.add_column("road_check", sa.Column("measured", sa.Text(), nullable=True))
    op.add_column("road_check", sa.Column("note", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("road_check", "note")
    op.drop_column("road_check", "measured")
    op.drop_column("road_check", "findings")
    op.drop_column("road_check", "verdict")
    op.drop_column("road_check", "document")
    op.drop_table("case_end")
    op.drop_index(op.f("ix_road_case_area_id"), table_name="road_case")
    op.drop_table("road_case")
    op.drop_table("trip_end")
    op.drop_index(op.f("ix_photo_device_id"), table_name="photo")
    op.drop_table("photo")
    op.drop_index("ix_device_entry_place", table_name="device_entry")
    op.drop_index(op.f("ix_device_entry_area_id"), table_name="device_entry")
    op.drop_table("device_entry")
    op.drop_table("trip_slip")
    op.drop_table("enrolment")
    op.drop_index(op.f("ix_device_user_id"), table_name="device")
    op.drop_index(op.f("ix_device_area_id"), table_name="device")
    op.drop_table("device")
