"""Pictures of every tab of the templates, as LibreOffice shows them: `python -m tests.pictures` renews docs/pictures.

Each template is filled with a year that ends today, synced, and printed; the page of a tab that is about today is its
picture. What is typed is made up from the template's own examples, so that a new template needs nothing here.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np

from sheetsync.cells import Cell, serial
from sheetsync.config import load_config, write_config
from sheetsync.periods import Cadence, Calendar
from sheetsync.runs.creating import Wanted, create, starting_rows
from sheetsync.runs.demonstrating import demonstrate
from sheetsync.runs.opening import opened
from sheetsync.runs.syncing import carry_out, plan_sync
from sheetsync.template import WorkbookTemplate

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
_RESOLUTION, _TALLEST = 110, 900
_PAUSE = {"day": 1, "working day": 1, "week": 5, "month": 21, "quarter": 62, "year": 250}


def main(names: list[str]) -> None:
    """Draw the templates named, or all."""
    for name in names or ["sales", "solo", "job-search"]:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "desk" / "goals.xlsx"
            if name == "sales":
                demonstrate(path.parent, datetime.now(UTC))
            else:
                fill(path, name, datetime.now(UTC))
            for title, picture in printed(path, Path(folder)):
                target = PICTURES / name / f"{re.sub(r'[^a-z0-9]+', '-', title.lower()).strip('-')}.png"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(picture)
                print(f"{target.relative_to(PICTURES.parent)}: {len(picture) // 1000} kB")


def fill(path: Path, name: str, now: datetime) -> None:
    """A synced workbook of a template with a year of made-up rows."""
    path.parent.mkdir(parents=True)
    config_path = path.parent / "config.yaml"
    write_config(config_path, workbook=path.name, template=name, timezone="Europe/London", holidays="", recipients=[])
    config = load_config(config_path)
    with opened(config, now) as run:
        rows = {key: list(given) for key, given in starting_rows(run.template, (), examples=True).items()}
        log = next(run.template.with_role("log"))
        rows[log.key] = list(_logged(run.template, rows[next(run.template.with_role("activities")).key], run.today))
        create(run, Wanted(int(Calendar().year(run.today.year).label), rows))
        carry_out(run, plan_sync(run, run.as_of(None)))


def _logged(
    template: WorkbookTemplate, activities: Sequence[Mapping[str, Cell]], today: date
) -> Iterator[dict[str, Cell]]:
    """A little less than what is planned of each activity, on working days; what is only measured now and then."""
    random = Random(template.name)
    goals = next(template.with_role("goals"))
    measured = {str(example[goals.position("measured_by")]) for example in goals.examples}
    for ago in range(320, -1, -1):
        day = today - timedelta(days=ago)
        if day.year != today.year or day.weekday() > 4:
            continue
        for row in activities:
            name, target = str(row["activity"]), row.get("target")
            often = (
                float(target) / _PAUSE[str(row.get("every") or "week")] if isinstance(target, int | float) else 0.03
            )
            if random.random() < often * random.choice((0.4, 0.8, 1.1)):
                amount: Cell = random.randrange(900, 6000, 100) if name in measured and not target else None
                yield {"date": serial(day), "activity": name, "count": 1, "amount": amount}


def printed(workbook: Path, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each tab's title, and a picture of its first page, or of the page with the period under way."""
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/office", "--convert-to", "pdf",
         "--outdir", str(folder), str(workbook)],
        check=True, capture_output=True,
    )  # fmt: skip
    pdf = folder / "goals.pdf"
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True).stdout
    chosen: dict[str, int] = {}
    shown_today: set[str] = set()
    today = datetime.now(UTC).date()
    under_way = tuple(f"{Calendar().containing(cadence, today).label} " for cadence in Cadence)
    for number, page in enumerate(text.split("\f")[:-1], start=1):
        lines = [line.strip() for line in page.strip().splitlines()]
        # The footer names the tab and the file.
        title = next((line.split("  ")[0].strip() for line in reversed(lines) if "goals.xlsx" in line), str(number))
        if title not in chosen or (title not in shown_today and any(line.startswith(under_way) for line in lines)):
            chosen[title] = number
        if any(line.startswith(under_way) for line in lines):
            shown_today.add(title)
    for title, number in chosen.items():
        yield title, _drawn(pdf, number)


def _drawn(pdf: Path, page: int) -> bytes:
    """One page from its first to its last ink above the footer, no taller than a screen."""
    command = ["pdftoppm", "-r", str(_RESOLUTION), "-f", str(page), "-l", str(page)]
    gray = subprocess.run([*command, "-gray", str(pdf)], check=True, capture_output=True).stdout
    header = re.match(rb"P5\s+(\d+)\s+(\d+)\s+\d+\s", gray)
    assert header is not None
    width, height = int(header[1]), int(header[2])
    ink = np.frombuffer(gray[header.end() :], np.uint8).reshape(height, width)[: int(height * 0.94)] < 250
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    left, top = max(0, columns[0] - 8), max(0, rows[0] - 8)
    size = [columns[-1] + 9 - left, min(rows[-1] + 9 - top, _TALLEST)]
    crop = ["-x", str(left), "-y", str(top), "-W", str(size[0]), "-H", str(size[1])]
    return subprocess.run([*command, *crop, "-png", str(pdf)], check=True, capture_output=True).stdout


if __name__ == "__main__":
    main(sys.argv[1:])
