"""the ground on which a document was revoked."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("revocation", sa.Column("reason", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("revocation", "reason")
