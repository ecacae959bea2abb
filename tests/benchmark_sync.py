"""How fast a sync of a large local log is, as ratios against a floor and a peer measured in the same run.

`python -m tests.benchmark_sync [ROWS]` makes a workbook with that many logged rows (100,000 if left out) and times
whole processes in turn: the floor reads the log with calamine and groups it once, the peer loads and saves the
workbook with openpyxl, and sheetsync syncs it (not for the first time; import and first sync are reported apart).
"""

import csv
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from random import Random

PEOPLE = [f"Person {number}" for number in range(1, 11)]
ACTIVITIES = ["Cold call", "Invitation", "Meeting", "Order won"]

FLOOR = """
import pandas as pd, python_calamine, sys
book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
rows = book.get_sheet_by_name("Log").to_python(skip_empty_area=False)
frame = pd.DataFrame(rows[1:], columns=rows[0])
frame["Count"] = pd.to_numeric(frame["Count"])
frame.groupby(["Who", "Activity", "Date"])["Count"].sum()
"""
PEER = """
import openpyxl, sys
openpyxl.load_workbook(sys.argv[1]).save(sys.argv[1] + ".copy.xlsx")
"""


def main(rows: int) -> None:
    """Make the workbook, time everything, print the ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_log(folder / "log.csv", rows)
        write_activities(folder / "activities.csv")
        sheetsync = [sys.executable, "-m", "sheetsync", "-q", "-c", str(folder / "config.yaml")]
        _timed([*sheetsync, "init", "--timezone", "UTC"])
        team = [part for person in PEOPLE for part in ("--person", person)]
        _timed([*sheetsync, "create", "--year", str(date.today().year), *team])  # noqa: DTZ011
        _timed([*sheetsync, "import", str(folder / "activities.csv"), "--tab", "Activities"])
        print(f"import of {rows:,} rows: {_timed([*sheetsync, 'import', str(folder / 'log.csv')]):.1f} s")
        print(f"first sync:  {_timed([*sheetsync, 'sync']):.2f} s (inserts every row into the ledger)")
        workbook = str(folder / "goals.xlsx")
        floors, syncs = [], []
        for _ in range(5):
            floors.append(_timed([sys.executable, "-c", FLOOR, workbook]))
            syncs.append(_timed([*sheetsync, "sync"]))
        peer = _timed([sys.executable, "-c", PEER, workbook])
        floor, sync = statistics.median(floors), statistics.median(syncs)
        print(f"floor:       {floor:.2f} s (calamine read + one groupby)")
        print(f"sync:        {sync:.2f} s = {sync / floor:.2f} x the floor")
        print(f"peer:        {peer:.2f} s (openpyxl load + save) = {peer / sync:.1f} x the sync")


def _timed(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def write_log(path: Path, rows: int) -> None:
    """A CSV file of so many logged rows over the last two years."""
    random = Random(1)
    today = date.today()  # noqa: DTZ011
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Date", "Who", "Activity", "Count", "Amount", "Quality", "Contact", "Notes"])
        for _ in range(rows):
            activity = random.choice(ACTIVITIES)
            writer.writerow(
                [
                    today - timedelta(days=random.randrange(690)),
                    random.choice(PEOPLE),
                    activity,
                    random.randrange(1, 5),
                    round(random.random() * 9000, 2) if activity == "Order won" else "",
                    random.choice(["", 3, 4, 5]),
                    f"Company {random.randrange(3000)}",
                    random.choice(["", "", "spoke to the buyer", "call back in May"]),
                ]
            )


def write_activities(path: Path) -> None:
    """A CSV file of what is logged there, with targets."""
    path.write_text(
        "Activity,Target,Every\nCold call,10,week\nInvitation,5,week\nMeeting,3,week\nOrder won,,\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
