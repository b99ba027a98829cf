"""A gallery has one kind; older galleries hold copies."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("gallery") as batch:
        batch.add_column(sa.Column("kind", sa.Text(), nullable=False, server_default="copy"))
