"""initial."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
DAY = sa.Date().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("parent_outside_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"], name=op.f("fk_area_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_area_outside_id")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_area_parent_id"), "area", ["parent_id"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "confirmation",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("movement_id", BIG, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("day", DAY, nullable=True),
        sa.Column("quantity", BIG, nullable=True),
        sa.PrimaryKeyConstraint("enterprise_id", "movement_id", name=op.f("pk_confirmation")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "publication",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("as_of", DAY, nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("n", BIG, nullable=False),
        sa.Column("d", BIG, nullable=False),
        sa.Column("pct", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "sales_report",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("movement_id", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("enterprise_id", "movement_id", name=op.f("pk_sales_report")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "serial",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_serial")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_table(
        "substance",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("category", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substance")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_substance_outside_id")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_table(
        "user_role",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("permissions", sa.UnicodeText(), nullable=True),
        sa.Column("update_datetime", sa.DateTime(), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_role")),
        sa.UniqueConstraint("name", name=op.f("uq_user_role_name")),
    )
    op.create_table(
        "key_site",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", DAY, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_key_site_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_site")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_key_site_outside_id")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_key_site_area_id"), "key_site", ["area_id"], unique=False)
    op.create_table(
        "party",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("is_external", FLAG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area_id", BIG, nullable=True),
        sa.Column("registered_on", DAY, nullable=True),
        sa.Column("recorded_on", DAY, nullable=True),
        sa.Column("seal_card", sa.Text(), nullable=True),
        sa.Column("seal_card_valid_to", DAY, nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_party_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
        sa.UniqueConstraint("outside_id", "is_external", name=op.f("uq_party_outside_id_is_external")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_party_area_id"), "party", ["area_id"], unique=False)
    op.create_table(
        "quarterly_report",
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("year", BIG, nullable=False),
        sa.Column("quarter", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_quarterly_report_area_id")),
        sa.PrimaryKeyConstraint("area_id", "year", "quarter", name=op.f("pk_quarterly_report")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "register",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("city_id", BIG, nullable=False),
        sa.Column("period_start", DAY, nullable=False),
        sa.Column("period_end", DAY, nullable=False),
        sa.Column("as_of", DAY, nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["area.id"], name=op.f("fk_register_city_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_table(
        "road_check",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_road_check_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_road_check")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_road_check_area_id"), "road_check", ["area_id"], unique=False)
    op.create_table(
        "annual_report",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("year", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_annual_report_enterprise_id")),
        sa.PrimaryKeyConstraint("enterprise_id", "year", name=op.f("pk_annual_report")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "equipment_event",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("reported_on", DAY, nullable=False),
        sa.Column("report_recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_equipment_event_enterprise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_event")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_equipment_event_outside_id")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_equipment_event_day"), "equipment_event", ["day"], unique=False)
    op.create_index(op.f("ix_equipment_event_enterprise_id"), "equipment_event", ["enterprise_id"], unique=False)
    op.create_table(
        "grade",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("since", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_grade_enterprise_id")),
        sa.PrimaryKeyConstraint("enterprise_id", "since", "recorded_on", name=op.f("pk_grade")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "information_officer",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("since", DAY, nullable=True),
        sa.Column("recorded_on", DAY, nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_information_officer_enterprise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_information_officer")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(
        op.f("ix_information_officer_enterprise_id"), "information_officer", ["enterprise_id"], unique=False
    )
    op.create_table(
        "inspection",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("inspectors", BIG, nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_inspection_enterprise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_inspection_outside_id")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_inspection_enterprise_id"), "inspection", ["enterprise_id"], unique=False)
    op.create_table(
        "patrol",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("key_site_id", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["key_site_id"], ["key_site.id"], name=op.f("fk_patrol_key_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_patrol_key_site_id"), "patrol", ["key_site_id"], unique=False)
    op.create_table(
        "permit",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("substance_id", BIG, nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("valid_from", DAY, nullable=False),
        sa.Column("valid_to", DAY, nullable=False),
        sa.Column("uses", sa.Text(), nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("seller_id", BIG, nullable=True),
        sa.Column("has_route", FLAG, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_permit_quantity")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_permit_area_id")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_permit_enterprise_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["party.id"], name=op.f("fk_permit_seller_id")),
        sa.ForeignKeyConstraint(["substance_id"], ["substance.id"], name=op.f("fk_permit_substance_id")),
        sa.PrimaryKeyConstraint("enterprise_id", "id", name=op.f("pk_permit")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_permit_outside_id")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_permit_area_id"), "permit", ["area_id"], unique=False)
    op.create_table(
        "shipment",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("substance_id", BIG, nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("customs_day", DAY, nullable=False),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("customs_number", sa.Text(), nullable=True),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_shipment_enterprise_id")),
        sa.ForeignKeyConstraint(["substance_id"], ["substance.id"], name=op.f("fk_shipment_substance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_shipment_outside_id")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_shipment_customs_day"), "shipment", ["customs_day"], unique=False)
    op.create_index(op.f("ix_shipment_enterprise_id"), "shipment", ["enterprise_id"], unique=False)
    op.create_table(
        "site",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("open_on", DAY, nullable=False),
        sa.Column("closed_on", DAY, nullable=True),
        sa.Column("registered", FLAG, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_site_area_id")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_site_enterprise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_site_outside_id")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_site_area_id"), "site", ["area_id"], unique=False)
    op.create_index(op.f("ix_site_enterprise_id"), "site", ["enterprise_id"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("area_id", BIG, nullable=True),
        sa.Column("enterprise_id", BIG, nullable=True),
        sa.Column("is_demo", FLAG, nullable=False),
        sa.Column("totp_counter", BIG, nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.Column("username", sa.String(length=255), nullable=True),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("active", FLAG, nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("last_login_at", sa.DateTime(), nullable=True),
        sa.Column("current_login_at", sa.DateTime(), nullable=True),
        sa.Column("last_login_ip", sa.String(length=64), nullable=True),
        sa.Column("current_login_ip", sa.String(length=64), nullable=True),
        sa.Column("login_count", BIG, nullable=True),
        sa.Column("tf_primary_method", sa.String(length=64), nullable=True),
        sa.Column("tf_totp_secret", sa.String(length=255), nullable=True),
        sa.Column("tf_phone_number", sa.String(length=128), nullable=True),
        sa.Column("us_totp_secrets", sa.Text(), nullable=True),
        sa.Column("us_phone_number", sa.String(length=128), nullable=True),
        sa.Column("fs_webauthn_user_handle", sa.String(length=64), nullable=True),
        sa.Column("mf_recovery_codes", sa.UnicodeText(), nullable=True),
        sa.Column("create_datetime", sa.DateTime(), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False),
        sa.Column("update_datetime", sa.DateTime(), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_user_account_area_id")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_user_account_enterprise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_user_account_fs_uniquifier")),
        sa.UniqueConstraint("fs_webauthn_user_handle", name=op.f("uq_user_account_fs_webauthn_user_handle")),
        sa.UniqueConstraint("us_phone_number", name=op.f("uq_user_account_us_phone_number")),
        sa.UniqueConstraint("username", name=op.f("uq_user_account_username")),
    )
    op.create_table(
        "account",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("party_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=True),
        sa.Column("substance_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_account_site_id")),
        sa.ForeignKeyConstraint(["substance_id"], ["substance.id"], name=op.f("fk_account_substance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("key", name=op.f("uq_account_key")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_account_site_id"), "account", ["site_id"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("permit_holder_id", BIG, nullable=True),
        sa.Column("permit_id", BIG, nullable=True),
        sa.Column("substance_id", BIG, nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("seller_site_id", BIG, nullable=True),
        sa.Column("buyer", sa.Text(), nullable=True),
        sa.Column("payment", sa.Text(), nullable=True),
        sa.Column("carrier_id", BIG, nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["carrier_id"], ["party.id"], name=op.f("fk_attempt_carrier_id")),
        sa.ForeignKeyConstraint(["seller_site_id"], ["site.id"], name=op.f("fk_attempt_seller_site_id")),
        sa.ForeignKeyConstraint(["substance_id"], ["substance.id"], name=op.f("fk_attempt_substance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_attempt_outside_id")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "delegation",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("delegator_id", BIG, nullable=False),
        sa.Column("delegate_id", BIG, nullable=False),
        sa.Column("requested_on", DAY, nullable=False),
        sa.Column("valid_to", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["delegate_id"], ["area.id"], name=op.f("fk_delegation_delegate_id")),
        sa.ForeignKeyConstraint(["delegator_id"], ["area.id"], name=op.f("fk_delegation_delegator_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_delegation_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_delegation_outside_id")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_delegation_site_id"), "delegation", ["site_id"], unique=False)
    op.create_table(
        "draw",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("permit_id", BIG, nullable=False),
        sa.Column("movement_id", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("mover_id", BIG, nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "permit_id"],
            ["permit.enterprise_id", "permit.id"],
            name=op.f("fk_draw_enterprise_id_permit_id"),
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "permit_id", "movement_id", "version", name=op.f("pk_draw")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_draw_mover_id_movement_id_version"), "draw", ["mover_id", "movement_id", "version"], unique=False
    )
    op.create_table(
        "incident",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("substance_id", BIG, nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("discovered_at", INSTANT, nullable=False),
        sa.Column("reported_at", INSTANT, nullable=False),
        sa.Column("discovered_text", sa.Text(), nullable=False),
        sa.Column("reported_text", sa.Text(), nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_incident_enterprise_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_incident_site_id")),
        sa.ForeignKeyConstraint(["substance_id"], ["substance.id"], name=op.f("fk_incident_substance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_incident_outside_id")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_incident_day"), "incident", ["day"], unique=False)
    op.create_index(op.f("ix_incident_enterprise_id"), "incident", ["enterprise_id"], unique=False)
    op.create_table(
        "login",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_login_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_login_user_id"), "login", ["user_id"], unique=False)
    op.create_table(
        "movement",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("version", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("substance_id", BIG, nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("usage_record", sa.Text(), nullable=True),
        sa.Column("incident_id", BIG, nullable=True),
        sa.Column("shipment_id", BIG, nullable=True),
        sa.Column("other_enterprise_id", BIG, nullable=True),
        sa.Column("other_id", BIG, nullable=True),
        sa.Column("external_id", BIG, nullable=True),
        sa.Column("permit_holder_id", BIG, nullable=True),
        sa.Column("permit_id", BIG, nullable=True),
        sa.Column("external_permit", sa.Text(), nullable=True),
        sa.Column("transport_holder_id", BIG, nullable=True),
        sa.Column("transport_permit_id", BIG, nullable=True),
        sa.Column("drawn_on", DAY, nullable=True),
        sa.Column("exempt", sa.Text(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_movement_quantity")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_movement_enterprise_id")),
        sa.ForeignKeyConstraint(["external_id"], ["party.id"], name=op.f("fk_movement_external_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_movement_site_id")),
        sa.ForeignKeyConstraint(["substance_id"], ["substance.id"], name=op.f("fk_movement_substance_id")),
        sa.PrimaryKeyConstraint("enterprise_id", "id", "version", name=op.f("pk_movement")),
        sa.UniqueConstraint("outside_id", "version", name=op.f("uq_movement_outside_id_version")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_movement_batch"), "movement", ["batch"], unique=False)
    op.create_index(op.f("ix_movement_day_type"), "movement", ["day", "type"], unique=False)
    op.create_index(
        op.f("ix_movement_other_enterprise_id_other_id"),
        "movement",
        ["other_enterprise_id", "other_id"],
        unique=False,
    )
    op.create_index(op.f("ix_movement_shipment_id"), "movement", ["shipment_id"], unique=False)
    op.create_index(op.f("ix_movement_site_id_day"), "movement", ["site_id", "day"], unique=False)
    op.create_table(
        "permit_balance",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("permit_id", BIG, nullable=False),
        sa.Column("approved", BIG, nullable=False),
        sa.Column("allowed_draws", BIG, nullable=False),
        sa.Column("drawn", BIG, nullable=False),
        sa.Column("draws", BIG, nullable=False),
        sa.Column("revoked_on", DAY, nullable=True),
        sa.CheckConstraint("drawn >= 0 AND drawn <= approved", name=op.f("ck_permit_balance_never_over")),
        sa.CheckConstraint("draws >= 0 AND draws <= allowed_draws", name=op.f("ck_permit_balance_uses")),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "permit_id"],
            ["permit.enterprise_id", "permit.id"],
            name=op.f("fk_permit_balance_enterprise_id_permit_id"),
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "permit_id", name=op.f("pk_permit_balance")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_table(
        "revocation",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("permit_id", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "permit_id"],
            ["permit.enterprise_id", "permit.id"],
            name=op.f("fk_revocation_enterprise_id_permit_id"),
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "permit_id", name=op.f("pk_revocation")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "roles_users",
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("role_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["user_role.id"], name=op.f("fk_roles_users_role_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_roles_users_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_roles_users")),
    )
    op.create_table(
        "route_stop",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("permit_id", BIG, nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_route_stop_area_id")),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "permit_id"],
            ["permit.enterprise_id", "permit.id"],
            name=op.f("fk_route_stop_enterprise_id_permit_id"),
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "permit_id", "position", name=op.f("pk_route_stop")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shipment_leg",
        sa.Column("shipment_id", BIG, nullable=False),
        sa.Column("leg", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("day", DAY, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_on", DAY, nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_shipment_leg_shipment_id")),
        sa.PrimaryKeyConstraint("shipment_id", "leg", "state", name=op.f("pk_shipment_leg")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stocktake",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("substance_id", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("counted", BIG, nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_stocktake_enterprise_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_stocktake_site_id")),
        sa.ForeignKeyConstraint(["substance_id"], ["substance.id"], name=op.f("fk_stocktake_substance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktake")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_stocktake_day"), "stocktake", ["day"], unique=False)
    op.create_table(
        "verification",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("permit_id", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "permit_id"],
            ["permit.enterprise_id", "permit.id"],
            name=op.f("fk_verification_enterprise_id_permit_id"),
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "permit_id", name=op.f("pk_verification")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "webauthn",
        sa.Column("id", BIG, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1024), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", BIG, nullable=True),
        sa.Column("transports", sa.UnicodeText(), nullable=True),
        sa.Column("backup_state", FLAG, nullable=False),
        sa.Column("device_type", sa.String(length=64), nullable=False),
        sa.Column("extensions", sa.String(length=255), nullable=True),
        sa.Column("create_datetime", sa.DateTime(), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False),
        sa.Column("lastuse_datetime", sa.DateTime(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("usage", sa.String(length=64), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_webauthn_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webauthn")),
    )
    op.create_index(op.f("ix_webauthn_credential_id"), "webauthn", ["credential_id"], unique=True)
    op.create_table(
        "delegation_answer",
        sa.Column("delegation_id", BIG, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["delegation_id"], ["delegation.id"], name=op.f("fk_delegation_answer_delegation_id")
        ),
        sa.PrimaryKeyConstraint("delegation_id", "answer", name=op.f("pk_delegation_answer")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "draw_return",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("permit_id", BIG, nullable=False),
        sa.Column("movement_id", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "permit_id", "movement_id", "version"],
            ["draw.enterprise_id", "draw.permit_id", "draw.movement_id", "draw.version"],
            name=op.f("fk_draw_return_enterprise_id_permit_id_movement_id_version"),
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "permit_id", "movement_id", "version", name=op.f("pk_draw_return")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "posting",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("leg", BIG, nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("amount", BIG, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_posting_account_id")),
        sa.PrimaryKeyConstraint("enterprise_id", "entry_id", "leg", name=op.f("pk_posting")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_posting_account_id_day_recorded_on_amount"),
        "posting",
        ["account_id", "day", "recorded_on", "amount"],
        unique=False,
    )
    op.create_table(
        "reversal",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("movement_id", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "movement_id", "version"],
            ["movement.enterprise_id", "movement.id", "movement.version"],
            name=op.f("fk_reversal_enterprise_id_movement_id_version"),
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "movement_id", "version", name=op.f("pk_reversal")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stock",
        sa.Column("account_id", BIG, autoincrement=False, nullable=False),
        sa.Column("amount", BIG, nullable=False),
        sa.Column("last_day", DAY, nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_stock_never_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_stock_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_stock")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("record_id")))
    else:
        op.execute("INSERT INTO serial (name, last) VALUES ('record_id', 0)")


def downgrade() -> None:
    op.drop_table("stock")
    op.drop_table("reversal")
    op.drop_index(op.f("ix_posting_account_id_day_recorded_on_amount"), table_name="posting")
    op.drop_table("posting")
    op.drop_table("draw_return")
    op.drop_table("delegation_answer")
    op.drop_index(op.f("ix_webauthn_credential_id"), table_name="webauthn")
    op.drop_table("webauthn")
    op.drop_table("verification")
    op.drop_index(op.f("ix_stocktake_day"), table_name="stocktake")
    op.drop_table("stocktake")
    op.drop_table("shipment_leg")
    op.drop_table("route_stop")
    op.drop_table("roles_users")
    op.drop_table("revocation")
    op.drop_table("permit_balance")
    op.drop_index(op.f("ix_movement_site_id_day"), table_name="movement")
    op.drop_index(op.f("ix_movement_shipment_id"), table_name="movement")
    op.drop_index(op.f("ix_movement_other_enterprise_id_other_id"), table_name="movement")
    op.drop_index(op.f("ix_movement_day_type"), table_name="movement")
    op.drop_index(op.f("ix_movement_batch"), table_name="movement")
    op.drop_table("movement")
    op.drop_index(op.f("ix_login_user_id"), table_name="login")
    op.drop_table("login")
    op.drop_index(op.f("ix_incident_enterprise_id"), table_name="incident")
    op.drop_index(op.f("ix_incident_day"), table_name="incident")
    op.drop_table("incident")
    op.drop_index(op.f("ix_draw_mover_id_movement_id_version"), table_name="draw")
    op.drop_table("draw")
    op.drop_index(op.f("ix_delegation_site_id"), table_name="delegation")
    op.drop_table("delegation")
    op.drop_table("attempt")
    op.drop_index(op.f("ix_account_site_id"), table_name="account")
    op.drop_table("account")
    op.drop_table("user_account")
    op.drop_index(op.f("ix_site_enterprise_id"), table_name="site")
    op.drop_index(op.f("ix_site_area_id"), table_name="site")
    op.drop_table("site")
    op.drop_index(op.f("ix_shipment_enterprise_id"), table_name="shipment")
    op.drop_index(op.f("ix_shipment_customs_day"), table_name="shipment")
    op.drop_table("shipment")
    op.drop_index(op.f("ix_permit_area_id"), table_name="permit")
    op.drop_table("permit")
    op.drop_index(op.f("ix_patrol_key_site_id"), table_name="patrol")
    op.drop_table("patrol")
    op.drop_index(op.f("ix_inspection_enterprise_id"), table_name="inspection")
    op.drop_table("inspection")
    op.drop_index(op.f("ix_information_officer_enterprise_id"), table_name="information_officer")
    op.drop_table("information_officer")
    op.drop_table("grade")
    op.drop_index(op.f("ix_equipment_event_enterprise_id"), table_name="equipment_event")
    op.drop_index(op.f("ix_equipment_event_day"), table_name="equipment_event")
    op.drop_table("equipment_event")
    op.drop_table("annual_report")
    op.drop_index(op.f("ix_road_check_area_id"), table_name="road_check")
    op.drop_table("road_check")
    op.drop_table("register")
    op.drop_table("quarterly_report")
    op.drop_index(op.f("ix_party_area_id"), table_name="party")
    op.drop_table("party")
    op.drop_index(op.f("ix_key_site_area_id"), table_name="key_site")
    op.drop_table("key_site")
    op.drop_table("user_role")
    op.drop_table("substance")
    op.drop_table("serial")
    op.drop_table("sales_report")
    op.drop_table("publication")
    op.drop_table("confirmation")
    op.drop_table("audit_entry")
    op.drop_index(op.f("ix_area_parent_id"), table_name="area")
    op.drop_table("area")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.DropSequence(sa.Sequence("record_id")))
