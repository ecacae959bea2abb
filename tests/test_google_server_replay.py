"""Traffic recorded from the real Google against the local one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.google_server import GoogleServer
from tests.google_server.replay import main, replay

# Google measures the text of a column it sizes by itself (google_server/README.md).
KNOWN_GAPS = {"WorksheetTest.test_auto_resize_columns"}


@pytest.mark.realdata
def test_recorded_traffic_replays_equal(google: GoogleServer, data: Path) -> None:
    """Every recorded call of the real Google is answered alike, but for measured column widths."""
    outcome = replay(google, data / "google-recordings")
    assert outcome.left_out == 0
    assert outcome.played > 1100
    assert {each.file for each in outcome.differences} <= KNOWN_GAPS, outcome.differences
    assert outcome.percent > 99.5


def test_the_command_says_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It counts the pairs, leaves out other services, shows both answers, and ends with 1."""
    found = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": '{"files": []}'}}
    uris = ("https://www.googleapis.com/drive/v3/files?fields=files", "https://www.googleapis.com/drive/v3/files")
    calls = [
        {"request": {"method": "GET", "uri": uri, "body": None, "headers": {}}, "response": found}
        for uri in (*uris, "https://example.com/")
    ]
    (tmp_path / "Some.test.json").write_text(json.dumps({"interactions": calls}), encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "3 pairs, 1 equal (50.00 %), 1 left out"
    assert lines[1] == "Some.test: GET /drive/v3/files"
    assert [line.split()[0] for line in lines[2:]] == ["recorded", "answered"]
    assert main([]) == 2
