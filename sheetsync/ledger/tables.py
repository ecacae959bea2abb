"""The ledger's tables. A change here needs a migration in `migrations/versions`, which a test compares with this."""

import zlib
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)

from sheetsync.ledger.packing import expanded

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Squeezed(TypeDecorator[bytes]):
    """Bytes that are kept compressed, and come back as they were; those of earlier versions stand there plainly."""

    impl = LargeBinary
    cache_ok = True
    _MARK = b"\0zlib\0"  # no email begins so, and what else begins so is compressed itself

    def process_bind_param(self, value: bytes | None, dialect: Any) -> bytes | None:  # noqa: ARG002
        """On the way into the database."""
        return value and self._MARK + zlib.compress(value)

    def process_result_value(self, value: bytes | None, dialect: Any) -> bytes | None:  # noqa: ARG002
        """On the way out of it."""
        return expanded(value[len(self._MARK) :]) if value and value.startswith(self._MARK) else value


# A workbook is named by its spreadsheet id, or by its path as the configuration has it.
workbooks = Table(
    "workbooks",
    metadata,
    Column("workbook", String(400), primary_key=True),
    Column("template", String(200), nullable=False),
    Column("year", Integer, nullable=False),
    Column("marks", Text, nullable=False),
    Column("definitions", LargeBinary, nullable=True),  # the grids of the tabs people define things in
    Column("log", LargeBinary, nullable=True),  # marks of the rows that are present in `entries`
    Column("version", Integer, nullable=False, server_default="1"),  # of the template it was made from
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workbook", String(400), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Index(None, "workbook"),
)

# One line a logged row; a row that is gone from the workbook keeps its line, with the run that missed it.
entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workbook", String(400), nullable=False),
    Column("fingerprint", String(32), nullable=False),
    Column("day", Integer, nullable=False),
    Column("who", Text, nullable=False),
    Column("activity", Text, nullable=False),
    Column("quantity", Float, nullable=False),
    Column("amount", Float),
    Column("quality", Float),
    Column("contact", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("added_run", Integer, ForeignKey("runs.id"), nullable=False),
    Column("removed_run", Integer, ForeignKey("runs.id")),
    Index(None, "workbook", "removed_run"),
)

# What the tool last wrote to each of its tabs, and what it was about to write: anything else was typed by a person.
written = Table(
    "written",
    metadata,
    Column("workbook", String(400), primary_key=True),
    Column("tab", String(200), primary_key=True),
    Column("grid", LargeBinary),
    Column("intended", LargeBinary),
)

typed_over = Table(
    "typed_over",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workbook", String(400), nullable=False),
    Column("seen_on", Date, nullable=False),
    Column("tab", Text, nullable=False),
    Column("row", Integer, nullable=False),
    Column("column", Text, nullable=False),
    Column("typed", Text, nullable=False),
    Index(None, "workbook"),
)

# What was reported of a period at the first sync after its end: one line a period, never changed afterwards.
reported = Table(
    "reported",
    metadata,
    Column("workbook", String(400), primary_key=True),
    Column("cadence", String(10), primary_key=True),
    Column("period", String(20), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actuals", LargeBinary, nullable=False),
)

# The last sync that found nothing to do: a digest of all that it depended on, and what it said.
settled = Table(
    "settled",
    metadata,
    Column("workbook", String(400), primary_key=True),
    Column("seen", LargeBinary, nullable=False),
    Column("said", LargeBinary, nullable=False),
)

imports = Table(
    "imports",
    metadata,
    Column("workbook", String(400), primary_key=True),
    Column("tab", String(200), primary_key=True),
    Column("key", String(40), primary_key=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workbook", String(400), nullable=False),
    Column("kind", String(60), nullable=False),
    Column("period", String(20), nullable=False),
    Column("person", Text, nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("state", String(20), nullable=False),
    Column("subject", Text, nullable=False),
    Column("message", Squeezed, nullable=False),
    Column("queued_at", DateTime(timezone=True), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("unclear", Integer, nullable=False, server_default="0"),  # tries whose outcome nobody can know
    Column("approved", Boolean, nullable=False, server_default=false()),
    Column("not_before", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("reply", Text, nullable=False),
    UniqueConstraint("workbook", "kind", "period", "person", "recipient"),
)

# Whose emails a person allowed besides the configuration.
approvals = Table(
    "approvals",
    metadata,
    Column("workbook", String(400), primary_key=True),
    Column("address", String(320), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
)

# A line a workbook whose emails are paused, or whose emails up to a moment are another ledger's business.
mailing = Table(
    "mailing",
    metadata,
    Column("workbook", String(400), primary_key=True),
    Column("history_until", DateTime(timezone=True)),
    Column("paused_until", DateTime(timezone=True)),
    Column("paused_why", Text, nullable=False, server_default=""),
)

# Marks of what the last email of a kind told, so that the next one says what is new.
told = Table(
    "told",
    metadata,
    Column("workbook", String(400), primary_key=True),
    Column("kind", String(60), primary_key=True),
    Column("marks", Text, nullable=False),
)

# A number that grows with each run of a workbook, where the lock that keeps a second run out may get lost.
fences = Table(
    "fences",
    metadata,
    Column("workbook", String(400), primary_key=True),
    Column("fence", Integer, nullable=False),
)
