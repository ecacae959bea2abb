"""Which run of a workbook is the latest, where a lock can be lost with its connection."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "fences",
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("workbook", name="pk_fences"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("fences")
