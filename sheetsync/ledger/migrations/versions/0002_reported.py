"""What was reported of each period at the first sync after its end."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "reported",
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("cadence", sa.String(10), nullable=False),
        sa.Column("period", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actuals", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("workbook", "cadence", "period", name="pk_reported"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("reported")
