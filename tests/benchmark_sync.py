"""How fast a sync of a large local log is, as ratios against a floor and a peer measured in the same run.

`python -m tests.benchmark_sync [ROWS [ROUNDS]]` makes a workbook with that many logged rows (100,000 if left out) and
times whole processes in turn: the floor reads the log with calamine and groups it once, the peer loads and saves the
workbook with openpyxl, and sheetsync syncs it in each situation (not for the first time; import and first sync are
reported apart). Beside the time on the clock stands the processor's, which others at work disturb less.
"""

import csv
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

PEOPLE = [f"Person {number}" for number in range(1, 11)]
READ_IN_FULL = "sync: nothing changed, but read in full (first after a change, or a day)"
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


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds that a process took: on the clock, and of processors."""

    clock: float
    processor: float


def main(rows: int, rounds: int) -> None:
    """Make the workbook, time everything, print the ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sheetsync = [sys.executable, "-m", "sheetsync", "-q", "-c", str(folder / "config.yaml")]
        made(folder, rows, sheetsync)
        print(f"first sync: {timed([*sheetsync, 'sync']).clock:.2f} s (inserts every row into the ledger)")
        workbook = str(folder / "goals.xlsx")
        found: dict[str, list[Timed]] = {}
        for number in range(rounds):
            for what, typed, command in situations(folder, number, sheetsync, workbook):
                if typed:
                    timed([*sheetsync, *typed])
                found.setdefault(what, []).append(timed(command))
        peer = timed([sys.executable, "-c", PEER, workbook])
        floor = middle(found["floor: calamine reads the log, pandas groups it once"])
        print(f"{'median of ' + str(rounds):64}  clock             processor")
        for what, times in found.items():
            took = middle(times)
            clock = f"{took.clock:5.2f} s {took.clock / floor.clock:5.2f} x"
            print(f"{what:64} {clock}   {took.processor:5.2f} s {took.processor / floor.processor:5.2f} x")
        read = middle(found[READ_IN_FULL])
        print(f"peer: openpyxl loads and saves: {peer.clock:.1f} s = {peer.clock / read.clock:.1f} x a sync in full")


def situations(
    folder: Path, number: int, sheetsync: list[str], workbook: str
) -> list[tuple[str, list[str], list[str]]]:
    """What is timed, what somebody types before, and the command."""
    off = folder / f"off{number}.csv"
    day = date.today() + timedelta(days=20 + number)  # noqa: DTZ011
    off.write_text(f"Who,From,Until\n{PEOPLE[number % 10]},{day},{day}\n", encoding="utf-8")
    sync = [*sheetsync, "sync"]
    return [
        ("floor: calamine reads the log, pandas groups it once", [], [sys.executable, "-c", FLOOR, workbook]),
        ("sync: a row more in the log", ["log", ACTIVITIES[0], "--who", PEOPLE[number % 10]], sync),
        (READ_IN_FULL, [], sync),
        ("sync: nothing changed since a sync that found nothing to do", [], sync),
        ("sync: a row more in a small tab", ["import", str(off), "--tab", "Time off"], sync),
    ]


def made(folder: Path, rows: int, sheetsync: list[str]) -> None:
    """Make the workbook."""
    write_log(folder / "log.csv", rows)
    write_activities(folder / "activities.csv")
    timed([*sheetsync, "init", "--timezone", "UTC"])
    team = [part for person in PEOPLE for part in ("--person", person)]
    timed([*sheetsync, "create", "--year", str(date.today().year), *team])  # noqa: DTZ011
    timed([*sheetsync, "import", str(folder / "activities.csv"), "--tab", "Activities"])
    print(f"import of {rows:,} rows: {timed([*sheetsync, 'import', str(folder / 'log.csv')]).clock:.1f} s")


def timed(command: list[str]) -> Timed:
    """Run a command that must succeed."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    clock, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Timed(clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def middle(times: list[Timed]) -> Timed:
    """The medians."""
    return Timed(statistics.median(t.clock for t in times), statistics.median(t.processor for t in times))


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
    given = [int(argument) for argument in sys.argv[1:]]
    main(given[0] if given else 100_000, given[1] if len(given) > 1 else 5)
