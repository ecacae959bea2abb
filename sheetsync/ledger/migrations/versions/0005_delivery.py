"""When an email is tried again and given up, what a person approved, and what pauses."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _new() -> list[sa.Column[object]]:
    return [
        sa.Column("unclear", sa.Integer, nullable=False, server_default="0"),
        sa.Column("approved", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("not_before", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
    ]


def upgrade() -> None:
    """Add columns and tables; an email that was being sent when the old version stopped may have arrived."""
    for column in _new():
        op.add_column("outbox", column)
    op.execute("UPDATE outbox SET unclear = 1 WHERE state = 'committing'")
    op.create_table(
        "approvals",
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workbook", "address", name="pk_approvals"),
    )
    op.create_table(
        "mailing",
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("history_until", sa.DateTime(timezone=True)),
        sa.Column("paused_until", sa.DateTime(timezone=True)),
        sa.Column("paused_why", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("workbook", name="pk_mailing"),
    )


def downgrade() -> None:
    """Go back; only tests do."""
    op.drop_table("mailing")
    op.drop_table("approvals")
    for column in _new():
        op.drop_column("outbox", column.name)
