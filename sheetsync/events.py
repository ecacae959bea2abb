"""The Events tab: a training, a new tool, anything of which people will ask whether it is paying off."""

from dataclasses import dataclass
from datetime import date

from sheetsync.errors import Problem
from sheetsync.names import Names
from sheetsync.rows import RowReader
from sheetsync.tables import Table


@dataclass(frozen=True, slots=True)
class Event:
    """One row of Events. `who` None: everyone. The day may lie ahead."""

    day: date
    who: str | None
    name: str
    note: str = ""

    def concerns(self, person: str) -> bool:
        """Whether it is this person's event."""
        return self.who in (None, person)


def parse_events(table: Table, people: Names) -> tuple[list[Event], list[Problem]]:
    """The events in the order of the rows, and what could not be read. A flawed row counts for nothing."""
    events: list[Event] = []
    problems: list[Problem] = []
    for number, cells in table.rows():
        row = RowReader(table, number, cells, problems)
        name, who, day = row.new_name("event"), row.name("who", people), row.day("date")
        if day is None and not row.flawed:
            row.refuse("date", "the date is missing", "type the day it began")
        if day is not None and not row.flawed:
            events.append(Event(day, who, name, row.text("note")))
    return events, problems
