"""What the keeper was told, so that the next email says what is new."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "told",
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("marks", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("workbook", "kind", name="pk_told"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("told")
