"""A workbook generated anew, in a temporary file, to take tabs and columns from."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sheetsync.cells import Cell
from sheetsync.errors import ConfigError
from sheetsync.periods import Calendar
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook.xlsx.archive import Archive
from sheetsync.workbook.xlsx.create import create
from sheetsync.workbook.xlsx.package import Package, read_package

LONGEST_TITLE = 31


@contextmanager
def generated(
    template: WorkbookTemplate,
    year: int,
    rows: Mapping[str, Sequence[Sequence[Cell]]],
    activity_titles: Sequence[str] = (),
    *,
    calendar: Calendar,
) -> Iterator[tuple[Archive, Package]]:
    """A workbook as `create` makes it, in a temporary file. Raises `ConfigError` when a title cannot be one."""
    from xlsxwriter.exceptions import XlsxWriterException

    with TemporaryDirectory(prefix="sheetsync-") as folder:
        path = Path(folder) / "fresh.xlsx"
        try:
            create(path, template, year, template.title, rows, activity_titles, calendar=calendar)
        except XlsxWriterException as error:
            raise ConfigError(f"{error}; give the tab another title, then run again") from None
        with Archive(path) as archive:
            yield archive, read_package(archive)
