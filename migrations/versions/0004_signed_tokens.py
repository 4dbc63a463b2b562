"""signed tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
DAY = sa.Date().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "published",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sequence", BIG, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("signed_at", INSTANT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_published")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("x", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("signs_until", INSTANT, nullable=False),
        sa.Column("active_since", INSTANT, nullable=True),
        sa.Column("state", BIG, nullable=False),
        sa.Column("compromised_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_key")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_signing_key_scope"), "signing_key", ["scope"], unique=False)
    op.create_table(
        "status_number",
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("taken", BIG, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_status_number")),
        info={"append_only": False},
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_status_number_scope"), "status_number", ["scope"], unique=False)
    op.create_table(
        "token",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("enterprise_id", BIG, nullable=False),
        sa.Column("permit_id", BIG, nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("list_number", BIG, nullable=False),
        sa.Column("list_index", BIG, nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("cose", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "permit_id"],
            ["permit.enterprise_id", "permit.id"],
            name=op.f("fk_token_enterprise_id_permit_id"),
        ),
        sa.ForeignKeyConstraint(["kid"], ["signing_key.kid"], name=op.f("fk_token_kid")),
        sa.ForeignKeyConstraint(["list_number"], ["status_number.number"], name=op.f("fk_token_list_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("list_number", "list_index", name=op.f("uq_token_list_number_list_index")),
        info={"append_only": True},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_token_enterprise_id"), "token", ["enterprise_id"], unique=False)
    op.create_index(op.f("ix_token_permit_id"), "token", ["permit_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_token_permit_id"), table_name="token")
    op.drop_index(op.f("ix_token_enterprise_id"), table_name="token")
    op.drop_table("token")
    op.drop_index(op.f("ix_status_number_scope"), table_name="status_number")
    op.drop_table("status_number")
    op.drop_index(op.f("ix_signing_key_scope"), table_name="signing_key")
    op.drop_table("signing_key")
    op.drop_table("published")
