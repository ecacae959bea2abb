"""How fast a sync of a large log in Google Sheets is, and how many calls it takes, against a floor and a peer.

`python -m tests.benchmark_google [ROWS]` starts the local Google, fills a workbook there (100,000 logged rows if left
out) and runs whole processes in turn: the floor fetches the same payload, parses it and groups it once; the peer is a
plain gspread script that reads every tab and writes the tool's tabs. The local Google's time is part of all three.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from tests.benchmark_sync import PEOPLE, write_activities, write_log
from tests.google_server import GoogleServer

ROBOT = "robot@benchmark.iam.gserviceaccount.com"
FLOOR = """
import json, sys
import pandas as pd
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.service_account import Credentials
key, endpoint, book, log, *tabs = sys.argv[1:]
robot = Credentials.from_service_account_file(key, scopes=["https://www.googleapis.com/auth/spreadsheets"])
robot._is_regional_access_boundary_lookup_required = lambda: False
answer = AuthorizedSession(robot).post(
    f"{endpoint}/v4/spreadsheets/{book}/values:batchGetByDataFilter",
    json={"dataFilters": [{"gridRange": {"sheetId": int(tab)}} for tab in tabs],
          "valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER"},
)
ranges = json.loads(answer.content)["valueRanges"]
found = {item["dataFilters"][0]["gridRange"]["sheetId"]: item["valueRange"] for item in ranges}
rows = found[int(log)]["values"]
width = len(rows[0])
frame = pd.DataFrame([row + [None] * (width - len(row)) for row in rows[1:]], columns=rows[0])
frame["Count"] = pd.to_numeric(frame["Count"])
frame.groupby(["Who", "Activity", "Date"])["Count"].sum()
"""
PEER = """
import sys
import gspread
from gspread.http_client import HTTPClient
key, endpoint, book, *tool_tabs = sys.argv[1:]
class Local(HTTPClient):
    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://sheets.googleapis.com", endpoint), *args, **kwargs)
client = gspread.service_account(key, http_client=Local)
client.http_client.auth._is_regional_access_boundary_lookup_required = lambda: False
spreadsheet = client.open_by_key(book)
values = {sheet.title: (sheet, sheet.get_all_values()) for sheet in spreadsheet.worksheets()}
for title in tool_tabs:
    sheet, rows = values[title]
    if rows:
        sheet.update(rows)
"""


def main(rows: int) -> None:
    """Make the workbook, measure everything, print the ratios."""
    with tempfile.TemporaryDirectory() as name, GoogleServer() as google:
        folder = Path(name)
        book = google.create_spreadsheet("Goals", owner="ann@example.com", share={ROBOT: "writer"})
        (folder / "robot.json").write_text(json.dumps(google.service_account(ROBOT)))
        sheetsync = [sys.executable, "-m", "sheetsync", "-q", "-c", str(folder / "config.yaml")]
        _run([*sheetsync, "init", "--timezone", "UTC", "--workbook", book, "--credentials", "robot.json"])
        config = folder / "config.yaml"
        config.write_text(config.read_text().replace("api_endpoint: null", f"api_endpoint: {google.endpoint}"))
        team = [part for person in PEOPLE for part in ("--person", person)]
        _run([*sheetsync, "create", "--year", str(date.today().year), *team])  # noqa: DTZ011
        write_activities(folder / "activities.csv")
        write_log(folder / "log.csv", rows)
        _run([*sheetsync, "import", str(folder / "activities.csv"), "--tab", "Activities"])
        print(f"import of {rows:,} rows: {_run([*sheetsync, 'import', str(folder / 'log.csv')])[0]:.1f} s")
        print(f"first sync:  {_run([*sheetsync, 'sync'])[0]:.2f} s (every row into the ledger, every tab written)")
        tabs = {sheet.title: sheet for sheet in google.spreadsheet(book).book.sheets}
        tool_tabs = [title for title, sheet in tabs.items() if sheet.objects["protectedRanges"]]
        where = [str(folder / "robot.json"), google.endpoint, book]
        ids = [str(sheet.id) for sheet in tabs.values()]
        floor_command = [sys.executable, "-c", FLOOR, *where, str(tabs["Log"].id), *ids]
        floors, syncs = [], []
        for _ in range(5):
            floors.append(_run(floor_command))
            google.clear_requests()
            syncs.append(_run([*sheetsync, "sync"]))
        calls = len(google.requests)
        google.clear_requests()
        peer, _ = _run([sys.executable, "-c", PEER, *where, *tool_tabs])
        _report(floors, syncs, peer, calls, len(google.requests))


def _report(
    floors: list[tuple[float, float]], syncs: list[tuple[float, float]], peer: float, calls: int, peer_calls: int
) -> None:
    (floor, sync), (floor_mb, sync_mb) = (
        [statistics.median(run[part] for run in runs) for runs in (floors, syncs)] for part in (0, 1)
    )
    print(f"floor:       {floor:.2f} s, {floor_mb:.0f} MB (fetch + parse + one groupby of the same payload)")
    print(
        f"sync:        {sync:.2f} s, {sync_mb:.0f} MB = {sync / floor:.2f} x and {sync_mb / floor_mb:.2f} x the floor"
    )
    print(f"calls:       {calls} a sync that has nothing to write; the plain gspread script {peer_calls}")
    print(f"peer:        {peer:.2f} s = {peer / sync:.1f} x the sync")


# Between this process, which holds the whole local Google, and what is measured: a fork's memory begins with that of
# the process it comes from.
_MEASURED = """
import os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - started, usage.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def _run(command: list[str]) -> tuple[float, float]:
    """Seconds, and the most memory the process ever held, in MB."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", _MEASURED, *command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{command[:6]} ended with {done.returncode}: {done.stderr}")
    seconds, megabytes = done.stdout.split()
    return float(seconds), float(megabytes)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
