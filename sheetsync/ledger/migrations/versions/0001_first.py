"""The first ledger: workbooks, runs, entries, what was written and typed over, imports, outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "workbooks",
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("template", sa.String(200), nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("marks", sa.Text, nullable=False),
        sa.Column("definitions", sa.LargeBinary),
        sa.Column("log", sa.LargeBinary),
        sa.PrimaryKeyConstraint("workbook", name="pk_workbooks"),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_workbook", "runs", ["workbook"])
    op.create_table(
        "entries",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("activity", sa.Text, nullable=False),
        sa.Column("quantity", sa.Float, nullable=False),
        sa.Column("amount", sa.Float),
        sa.Column("quality", sa.Float),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("added_run", sa.Integer, nullable=False),
        sa.Column("removed_run", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
        sa.ForeignKeyConstraint(["added_run"], ["runs.id"], name="fk_entries_added_run"),
        sa.ForeignKeyConstraint(["removed_run"], ["runs.id"], name="fk_entries_removed_run"),
    )
    op.create_index("ix_entries_workbook_removed_run", "entries", ["workbook", "removed_run"])
    op.create_table(
        "written",
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("tab", sa.String(200), nullable=False),
        sa.Column("grid", sa.LargeBinary),
        sa.Column("intended", sa.LargeBinary),
        sa.PrimaryKeyConstraint("workbook", "tab", name="pk_written"),
    )
    op.create_table(
        "typed_over",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("seen_on", sa.Date, nullable=False),
        sa.Column("tab", sa.Text, nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("column", sa.Text, nullable=False),
        sa.Column("typed", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_typed_over"),
    )
    op.create_index("ix_typed_over_workbook", "typed_over", ["workbook"])
    op.create_table(
        "imports",
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("tab", sa.String(200), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("workbook", "tab", "key", name="pk_imports"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("workbook", sa.String(400), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("period", sa.String(20), nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("message", sa.LargeBinary, nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint(
            "workbook",
            "kind",
            "period",
            "person",
            "recipient",
            name="uq_outbox_workbook_kind_period_person_recipient",
        ),
    )


def downgrade() -> None:
    """Go back to nothing; only tests do."""
    for table in ("outbox", "imports", "typed_over", "written", "entries", "runs", "workbooks"):
        op.drop_table(table)
