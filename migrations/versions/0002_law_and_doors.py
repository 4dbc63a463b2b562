"""law and doors."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
DAY = sa.Date().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def _rebuilt(table: str) -> Any:
    """SQLite changes a column by making the table anew; the check and the kind of table are said again."""
    return op.batch_alter_table(
        table,
        table_args=(sa.CheckConstraint("quantity >= 0", name=op.f("ck_permit_quantity")),),
        table_kwargs={"sqlite_strict": True, "sqlite_with_rowid": False},
    )


def upgrade() -> None:
    op.create_table(
        "kept_answer",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("status", BIG, nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("account", "key", name=op.f("pk_kept_answer")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "supervisor",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_supervisor_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervisor")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_supervisor_outside_id")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_supervisor_area_id"), "supervisor", ["area_id"], unique=False)
    op.create_table(
        "batch",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("substance_id", BIG, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("made_on", DAY, nullable=True),
        sa.Column("expires_on", DAY, nullable=True),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_batch_enterprise_id")),
        sa.ForeignKeyConstraint(["substance_id"], ["substance.id"], name=op.f("fk_batch_substance_id")),
        sa.PrimaryKeyConstraint("enterprise_id", "substance_id", "number", name=op.f("pk_batch")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "enterprise_status",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("since", DAY, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_enterprise_status_enterprise_id")),
        sa.PrimaryKeyConstraint("enterprise_id", "number", name=op.f("pk_enterprise_status")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "supervisor_leave",
        sa.Column("supervisor_id", BIG, nullable=False),
        sa.Column("until", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["supervisor_id"], ["supervisor.id"], name=op.f("fk_supervisor_leave_supervisor_id")),
        sa.PrimaryKeyConstraint("supervisor_id", name=op.f("pk_supervisor_leave")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "api_token",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_api_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"], unique=False)
    op.create_table(
        "cosignature",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("outside_id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("substance_id", BIG, nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["party.id"], name=op.f("fk_cosignature_enterprise_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_cosignature_site_id")),
        sa.ForeignKeyConstraint(["substance_id"], ["substance.id"], name=op.f("fk_cosignature_substance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cosignature")),
        sa.UniqueConstraint("outside_id", name=op.f("uq_cosignature_outside_id")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "officer_leave",
        sa.Column("officer_id", BIG, nullable=False),
        sa.Column("until", DAY, nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["information_officer.id"], name=op.f("fk_officer_leave_officer_id")),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_officer_leave")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "suspension",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("permit_id", BIG, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "permit_id"],
            ["permit.enterprise_id", "permit.id"],
            name=op.f("fk_suspension_enterprise_id_permit_id"),
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "permit_id", "number", name=op.f("pk_suspension")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reversal_request",
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("movement_id", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "movement_id", "version"],
            ["movement.enterprise_id", "movement.id", "movement.version"],
            name=op.f("fk_reversal_request_enterprise_id_movement_id_version"),
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "movement_id", "version", name=op.f("pk_reversal_request")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stocktake_approval",
        sa.Column("stocktake_id", BIG, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("recorded_on", DAY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["stocktake_id"], ["stocktake.id"], name=op.f("fk_stocktake_approval_stocktake_id")),
        sa.PrimaryKeyConstraint("stocktake_id", name=op.f("pk_stocktake_approval")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.add_column("area", sa.Column("code", sa.Text(), nullable=True))
    op.add_column("area", sa.Column("since_year", BIG, nullable=True))
    op.add_column("area", sa.Column("until_year", BIG, nullable=True))
    op.add_column("delegation", sa.Column("requested_by", sa.Text(), nullable=True))
    op.add_column("grade", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("grade", sa.Column("evidence", sa.Text(), nullable=True))
    op.add_column("grade", sa.Column("assessor", sa.Text(), nullable=True))
    op.add_column("information_officer", sa.Column("person", sa.Text(), nullable=True))
    op.add_column("information_officer", sa.Column("name", sa.Text(), nullable=True))
    op.add_column("inspection", sa.Column("officers", sa.Text(), nullable=True))
    op.add_column("inspection", sa.Column("result", sa.Text(), nullable=True))
    op.add_column("inspection", sa.Column("findings", sa.Text(), nullable=True))
    op.add_column("movement", sa.Column("recorded_person", sa.Text(), nullable=True))
    op.add_column("movement", sa.Column("cosignature_id", BIG, nullable=True))
    op.add_column("movement", sa.Column("broken", sa.Text(), nullable=True))
    op.add_column("movement", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("movement", sa.Column("reported_by", sa.Text(), nullable=True))
    op.create_index(op.f("ix_movement_cosignature_id"), "movement", ["cosignature_id"], unique=True)
    op.add_column("party", sa.Column("credit_code", sa.Text(), nullable=True))
    op.add_column("party", sa.Column("credit_code_reason", sa.Text(), nullable=True))
    op.add_column("party", sa.Column("address", sa.Text(), nullable=True))
    op.add_column("party", sa.Column("contact", sa.Text(), nullable=True))
    op.add_column("party", sa.Column("row_version", BIG, server_default=sa.text("1"), nullable=False))
    op.create_index(op.f("ix_party_credit_code"), "party", ["credit_code"], unique=False)
    with _rebuilt("permit") as permit:
        permit.alter_column("substance_id", existing_type=BIG, nullable=True)
        permit.alter_column("quantity", existing_type=BIG, nullable=True)
        permit.add_column(sa.Column("consignee_id", BIG, nullable=True))
        permit.add_column(sa.Column("carrier_id", BIG, nullable=True))
        permit.add_column(sa.Column("covers", sa.Text(), nullable=True))
        permit.add_column(sa.Column("fields", sa.Text(), nullable=True))
        permit.add_column(sa.Column("issuer", sa.Text(), nullable=True))
        permit.add_column(sa.Column("issued_by", sa.Text(), nullable=True))
        permit.add_column(sa.Column("law", sa.Text(), nullable=True))
        permit.create_foreign_key("fk_permit_carrier_id", "party", ["carrier_id"], ["id"])
        permit.create_foreign_key("fk_permit_consignee_id", "party", ["consignee_id"], ["id"])
    op.add_column("permit_balance", sa.Column("is_suspended", FLAG, server_default=sa.false(), nullable=False))
    op.add_column("road_check", sa.Column("place", sa.Text(), nullable=True))
    op.add_column("road_check", sa.Column("plate", sa.Text(), nullable=True))
    op.add_column("road_check", sa.Column("result", sa.Text(), nullable=True))
    op.add_column("road_check", sa.Column("officers", sa.Text(), nullable=True))
    op.add_column("site", sa.Column("name", sa.Text(), nullable=True))
    op.add_column("site", sa.Column("purpose", sa.Text(), nullable=True))
    op.add_column("site", sa.Column("address", sa.Text(), nullable=True))
    op.add_column("stocktake", sa.Column("counted_by", sa.Text(), nullable=True))
    op.add_column("substance", sa.Column("schedule", sa.Text(), nullable=True))
    op.add_column("substance", sa.Column("cas", sa.Text(), nullable=True))
    op.add_column("substance", sa.Column("name_en", sa.Text(), nullable=True))
    op.add_column("substance", sa.Column("dosage_form", sa.Text(), nullable=True))
    op.add_column("substance", sa.Column("catalogue_item", sa.Text(), nullable=True))
    op.add_column("substance", sa.Column("doubt", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("substance", "doubt")
    op.drop_column("substance", "catalogue_item")
    op.drop_column("substance", "dosage_form")
    op.drop_column("substance", "name_en")
    op.drop_column("substance", "cas")
    op.drop_column("substance", "schedule")
    op.drop_column("stocktake", "counted_by")
    op.drop_column("site", "address")
    op.drop_column("site", "purpose")
    op.drop_column("site", "name")
    op.drop_column("road_check", "officers")
    op.drop_column("road_check", "result")
    op.drop_column("road_check", "plate")
    op.drop_column("road_check", "place")
    op.drop_column("permit_balance", "is_suspended")
    with _rebuilt("permit") as permit:
        permit.drop_constraint("fk_permit_consignee_id", type_="foreignkey")
        permit.drop_constraint("fk_permit_carrier_id", type_="foreignkey")
        permit.drop_column("law")
        permit.drop_column("issued_by")
        permit.drop_column("issuer")
        permit.drop_column("fields")
        permit.drop_column("covers")
        permit.drop_column("carrier_id")
        permit.drop_column("consignee_id")
        permit.alter_column("quantity", existing_type=BIG, nullable=False)
        permit.alter_column("substance_id", existing_type=BIG, nullable=False)
    op.drop_index(op.f("ix_party_credit_code"), table_name="party")
    op.drop_column("party", "row_version")
    op.drop_column("party", "contact")
    op.drop_column("party", "address")
    op.drop_column("party", "credit_code_reason")
    op.drop_column("party", "credit_code")
    op.drop_index(op.f("ix_movement_cosignature_id"), table_name="movement")
    op.drop_column("movement", "reported_by")
    op.drop_column("movement", "reason")
    op.drop_column("movement", "broken")
    op.drop_column("movement", "cosignature_id")
    op.drop_column("movement", "recorded_person")
    op.drop_column("inspection", "findings")
    op.drop_column("inspection", "result")
    op.drop_column("inspection", "officers")
    op.drop_column("information_officer", "name")
    op.drop_column("information_officer", "person")
    op.drop_column("grade", "assessor")
    op.drop_column("grade", "evidence")
    op.drop_column("grade", "reason")
    op.drop_column("delegation", "requested_by")
    op.drop_column("area", "until_year")
    op.drop_column("area", "since_year")
    op.drop_column("area", "code")
    op.drop_table("stocktake_approval")
    op.drop_table("reversal_request")
    op.drop_table("suspension")
    op.drop_table("officer_leave")
    op.drop_table("cosignature")
    op.drop_index(op.f("ix_api_token_user_id"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_table("supervisor_leave")
    op.drop_table("enterprise_status")
    op.drop_table("batch")
    op.drop_index(op.f("ix_supervisor_area_id"), table_name="supervisor")
    op.drop_table("supervisor")
    op.drop_table("kept_answer")
