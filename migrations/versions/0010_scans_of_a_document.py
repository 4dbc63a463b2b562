"""the scans of one document are found without reading the whole log of the phones."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_index("ix_device_entry_document", "device_entry", ["document"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_device_entry_document", "device_entry")
