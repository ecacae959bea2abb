"""Which version of its template a workbook was made from, or upgraded to."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; every workbook that is known was made from the first version."""
    op.add_column("workbooks", sa.Column("version", sa.Integer, nullable=False, server_default="1"))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("workbooks", "version")
