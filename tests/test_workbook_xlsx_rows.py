"""Rows of a local workbook: appended below what people have, or replaced where the tool writes."""

import os
import stat
from datetime import date
from pathlib import Path

import openpyxl
import openpyxl.chart
import openpyxl.styles
import pytest

from sheetsync.cells import Cell, serial
from sheetsync.errors import Busy, ConfigError, GuardTripped
from sheetsync.formulas import row_formula
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook.xlsx import XlsxWorkbook, open_workbook
from tests.local_files import (
    Excel,
    LocalFile,
)
from tests.workbook_contract import replaced, same


class TestAppend(LocalFile):
    """Where rows land and what they bring."""

    def test_new_review_rows_have_formulas(self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate) -> None:
        """The formulas are those of the template, for the new row."""
        workbook.append("weekly", [["2027-W01", "Ann"], ["2027-W01", "Ben"]])
        workbook.append("monthly", [["2027-01", "Ann"]])
        book, tab = openpyxl.load_workbook(path), sales.tab("weekly")
        for row in (8, 9):
            assert book["Weekly"].cell(row, 3).value == row_formula(sales, tab, tab.column("score"), row)
            assert book["Weekly"].cell(row, 4).value == row_formula(sales, tab, tab.column("behind_on"), row)
        monthly = sales.tab("monthly")
        assert book["Monthly"]["D4"].value == row_formula(sales, monthly, monthly.column("forecast"), 4)

    def test_formulas_follow_columns_that_moved(self, path: Path, workbook: XlsxWorkbook, person: Excel) -> None:
        """A person moved the columns: new rows do as the rows above do."""
        with person.opened() as book:
            sheet = book["Weekly"]
            for row in range(3, 8):
                sheet.cell(row, 9).value = sheet.cell(row, 3).value and str(sheet.cell(row, 3).value)
                sheet.cell(row, 3).value = None
        workbook.append("weekly", [["2027-W01", "Ann", None, None, "review"]])
        sheet = openpyxl.load_workbook(path)["Weekly"]
        assert sheet["C8"].value is None
        assert sheet["I8"].value == sheet["I7"].value.replace("$A7", "$A8").replace("$B7", "$B8")

    def test_formatted_blank_rows_are_filled(self, path: Path, workbook: XlsxWorkbook, person: Excel) -> None:
        """Rows that hold formats only are used, with the looks they have; none is there twice."""
        with person.opened() as book:
            for row in range(5, 30):
                book["Log"].cell(row, 2).font = openpyxl.styles.Font(bold=True)
            book["Log"].row_dimensions[6].height = 40
        workbook.append("log", [[46_000 + n, "Ann", "Cold call"] for n in range(4)])
        sheet = openpyxl.load_workbook(path)["Log"]
        assert [sheet.cell(row, 1).value is not None for row in range(1, 11)] == [True] * 8 + [False] * 2
        assert sheet["B6"].font.bold
        assert sheet["B20"].font.bold
        assert sheet.row_dimensions[6].height == 40
        assert sheet["A6"].number_format == "yyyy-mm-dd"

    def test_a_persons_formula_is_data(self, workbook: XlsxWorkbook, person: Excel) -> None:
        """A total that somebody put under the log is not written over."""
        person.type("Log", 7, 4, "=SUM(D2:D5)")
        workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert workbook.read()["log"].grid[7] == [46_000, "Ann", "Cold call"]

    def test_into_an_empty_tab(self, workbook: XlsxWorkbook) -> None:
        """The first rows land below the header."""
        workbook.append("events", [[46_000, "Ann", "Training"]])
        assert same(workbook.read()["events"].grid[1:], [[46_000, "Ann", "Training"]])

    def test_many_rows(self, path: Path, workbook: XlsxWorkbook) -> None:
        """100,000 rows are appended and read back, cell for cell."""
        rows: list[list[Cell]] = [
            [
                serial(date(2026, 1, 1)) + n % 365,
                ("Ann", None)[n % 2],
                "Cold call",
                n % 9 or None,
                n / 4,
                None,
                None,
                f"note {n}",
            ]
            for n in range(100_000)
        ]
        told: list[int] = []
        workbook.append("log", rows, told.append)
        assert sum(told) == len(rows)
        assert len(told) > 5
        assert workbook.read()["log"].grid[4:] == rows


class TestReplacing(LocalFile):
    """The file is replaced in one step, and never under somebody's hands."""

    @staticmethod
    def libreoffice(path: Path) -> None:
        """LibreOffice has the file open."""
        lock = b",ann,desk,22.11.2026 08:31,file:///home/ann/.config;"
        path.with_name(f".~lock.{path.name}#").write_bytes(lock)

    @staticmethod
    def excel(path: Path) -> None:
        """Excel has the file open."""
        name = "Ann Lee"
        padded = (bytes([len(name)]) + name.encode()).ljust(55, b" ")
        path.with_name(f"~${path.name}").write_bytes(padded + bytes([len(name), 0]) + name.encode("utf-16-le"))

    @pytest.mark.parametrize(
        ("open_in", "said"),
        [
            ("libreoffice", r"goals\.xlsx is open in LibreOffice \(by ann\); close it"),
            ("excel", r"Excel \(by Ann Lee\)"),
        ],
    )
    def test_open_elsewhere(self, path: Path, workbook: XlsxWorkbook, open_in: str, said: str) -> None:
        """A file that is open in another program is read, but not written."""
        getattr(self, open_in)(path)
        before = path.read_bytes()
        write = replaced(workbook, "team", [["Ann"]])
        with pytest.raises(Busy, match=said):
            workbook.write([write])
        with pytest.raises(Busy, match=said):
            workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert path.read_bytes() == before
        assert len(list(path.parent.iterdir())) == 2

    def test_saved_by_somebody_meanwhile(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What a person saved while we were busy is not lost."""
        sync = os.fsync

        def saved_before(descriptor: int) -> None:
            sync(descriptor)
            monkeypatch.setattr(os, "fsync", sync)
            person.type("Log", 9, 8, "typed just now")

        monkeypatch.setattr(os, "fsync", saved_before)
        with pytest.raises(Busy, match="saved by another program"):
            workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert workbook.read()["log"].grid[8][7] == "typed just now"

    def test_killed_before_the_end(self, path: Path, workbook: XlsxWorkbook, monkeypatch: pytest.MonkeyPatch) -> None:
        """Until the last step the old file is whole; afterwards nothing is left lying about."""
        before = path.read_bytes()

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert path.read_bytes() == before
        assert [p.name for p in path.parent.iterdir()] == ["goals.xlsx"]

    def test_a_full_disk(self, path: Path, workbook: XlsxWorkbook, monkeypatch: pytest.MonkeyPatch) -> None:
        """A disk that is full is said in one line, and the old file stays."""
        before = path.read_bytes()

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ConfigError, match="cannot be written: No space left"):
            workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert path.read_bytes() == before

    def test_a_link_stays_a_link(self, path: Path, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """A symbolic link is followed: the file that it names is replaced, and its lock counts."""
        (tmp_path / "links").mkdir()
        link = tmp_path / "links" / "current.xlsx"
        link.symlink_to("../goals.xlsx")
        workbook = open_workbook(link, sales)
        workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert link.is_symlink()
        assert len(open_workbook(path, sales).read()["log"].grid) == 5
        self.libreoffice(path)
        with pytest.raises(Busy):
            workbook.append("log", [[46_000, "Ann", "Cold call"]])

    def test_the_mode_is_kept(self, path: Path, workbook: XlsxWorkbook) -> None:
        """Who may read the file may read it afterwards, and nobody else."""
        path.chmod(0o640)
        workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_a_missing_tab_stops_writing(self, path: Path, workbook: XlsxWorkbook, person: Excel) -> None:
        """A tool tab that is gone is named; nothing is written."""
        write = replaced(workbook, "team", [["Ann"]])
        person.delete_tab("Team")
        before = path.read_bytes()
        with pytest.raises(GuardTripped, match=r'the tab "Team" is gone from goals\.xlsx; restore it'):
            workbook.write([write])
        assert path.read_bytes() == before
