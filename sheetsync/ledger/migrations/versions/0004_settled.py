"""What the last sync that found nothing to do had seen, and said."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "settled",
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("seen", sa.LargeBinary, nullable=False),
        sa.Column("said", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("workbook", name="pk_settled"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("settled")
