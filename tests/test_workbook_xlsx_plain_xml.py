"""Parts as few programs write them: no cell is passed over, and none stops the reading."""

import re
from pathlib import Path

import pytest

from sheetsync.cells import Cell
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook.xlsx import XlsxWorkbook
from sheetsync.workbook.xlsx.plain_xml import plain
from tests.local_files import LocalFile, edited, part_of


def row_of(xml: bytes, cells: str) -> bytes:
    """The part with these cells in its second row."""
    return re.sub(rb'<row r="2"[^>]*>.*?</row>', f'<row r="2">{cells}</row>'.encode(), xml, count=1, flags=re.DOTALL)


def test_a_plain_part_is_left_alone() -> None:
    """No copy is made of what Excel, LibreOffice and openpyxl write."""
    xml = b'<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>'
    assert plain(xml) is xml
    cells = b"".join(b'<c r="A%d" s="3"><v>46029</v></c>' % row for row in range(200_000))
    assert plain(cells) is cells


@pytest.mark.parametrize("xml", [b"<c><", b'<a><sheetData><row r="x"><c/></row></sheetData></a>', b"<c>"])
def test_what_is_no_part_is_left_to_others(xml: bytes) -> None:
    """Nothing is raised here."""
    assert plain(xml) == xml


class TestOddParts(LocalFile):
    """What is in the row is read as if a usual program had written it."""

    @pytest.mark.parametrize(
        ("cells", "read"),
        [
            ("<c><v>46029</v></c><c/><c/><c><f>2+3</f></c>", [46029, None, None, "=2+3"]),
            ("<c><f>TODAY()-8</f><v>46029</v></c>", ["=TODAY()-8"]),
            ('<c><v>46029</v></c><c t="e"><v>#N/A</v></c>', [46029, "#N/A"]),
            ('<c r="A2"><v>46029</v></c><c r="B2" t ="e"><v>#REF!</v></c>', [46029, "#REF!"]),
            ('<c r="a2"><v>46029</v></c><c r="d2"><v>5</v></c>', [46029, None, None, 5]),
            ('<c r="A2"><v>46029</v></c><c r="D2"><v><![CDATA[5]]></v></c>', [46029, None, None, 5]),
            ('<c r="A2"><v>46029</v></c><c r="D2"><v>1<!--x-->2</v></c>', [46029, None, None, 12]),
            ('<c r="A2"><v>46029</v></c><!-- <c r="A2" t="e"> --><c r="D2"><v>8</v></c>', [46029, None, None, 8]),
            ('<c r="A2"><v>-1000000000000</v></c>', ["-1000000000000"]),
            (
                '<c r="A2" t="n"><f>1+1</f><v>4915112345678</v></c><c r="B2"><v>5E-11</v></c>',
                ["4915112345678", 5e-11],
            ),
            ('<c r="A2" t="str"><f>"7"</f><v>4915112345678</v></c><c r="B2"><v>1E5</v></c>', ["4915112345678", 1e5]),
            ('<c r="A2"><v>1.5E+300</v></c><c r="B2"><v>-INF</v></c>', ["1.5e+300", "-inf"]),
        ],
    )
    def test_every_cell_is_read(
        self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate, cells: str, read: list[Cell]
    ) -> None:
        """Cells without names, comments and CDATA between, and numbers that no day has."""
        part = part_of(path, sales, "log")
        edited(path, lambda name, content: row_of(content, cells) if name == part else content)
        assert workbook.read()["log"].grid[1] == read

    def test_a_number_beyond_all_days_in_a_days_cell(
        self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate
    ) -> None:
        """Where it would stop the library that reads, people's tabs are read all the same."""
        part = part_of(path, sales, "log")

        def edit(name: str, content: bytes) -> bytes:
            return (
                re.sub(rb'(<c r="A2"[^>]*>)<v>\d+</v>', rb"\1<v>-1000000000000</v>", content)
                if name == part
                else content
            )

        edited(path, edit)
        assert workbook.read()["log"].grid[1][0] == "-1000000000000"
