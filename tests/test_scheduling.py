"""`schedule cron` and `schedule systemd`: what they print can be installed as it is, whatever paths are called."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetsync.crontab import Job, cron_line, offset, read_every, service, timer
from tests.cli import Desk, new_desk, small_desk

ODD = 'it\'s 100% “Änn” $HOME %n "q"'
JOB = Job(("/opt/x/sheetsync", "-c", "/g/c.yaml", "run"), {}, "", ("/g",), "/g", 60, "/g/goals.xlsx", "ann")


def by_cron(line: str) -> str:
    """The command that cron hands to the shell: after five fields, with an escaped % as itself (crontab(5))."""
    command = line.split(" ", 5)[5]
    assert "%" not in command.replace("\\%", ""), "an unescaped % ends the command"
    return command.replace("\\%", "%")


def like_cron(command: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a command in what cron gives: no HOME, no terminal, LANG=C, the root folder, a mask that hides nothing."""
    return subprocess.run(
        ["/bin/sh", "-c", command], env={"PATH": "/usr/bin:/bin", "LANG": "C"}, cwd="/", umask=0, check=False,
        stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True,
    )  # fmt: skip


def odd_desk(folder: Path) -> Desk:
    """A synced desk in a folder of an odd name, with Ann's partner Zoë."""
    desk = small_desk(folder).copy(folder / ODD)
    with desk.edited() as book:
        book["People"].cell(2, 4).value = "Zoë"
        book["People"].cell(2, 5).value = "zoe@example.com"
    return desk


def test_the_line_works_where_cron_works(tmp_path: Path) -> None:
    """In cron's bare world it syncs in silence, writes UTF-8, and what it says arrives as UTF-8."""
    desk = odd_desk(tmp_path)
    desk.configure("ping_url: null", "ping_url: ${PING_FROM_FILE}")
    line = desk.ok("schedule", "cron", "--every", "15m").out.splitlines()[-1]
    (desk.folder / "config.env").write_text("PING_FROM_FILE='http://127.0.0.1:9/Zoë'\n", encoding="utf-8")
    done = like_cron(by_cron(line))
    assert done.returncode == 0, done
    assert done.stdout == b""
    told = done.stderr.decode("utf-8")
    assert "monitoring did not answer (ConnectionRefusedError)" in told
    assert "zoe@example.com" in told  # its first email is held, for nobody may be written to yet
    again = like_cron(by_cron(line)).stderr.decode("utf-8")
    assert "zoe@example.com" not in again
    mode = desk.workbook.stat().st_mode & 0o777
    assert mode == (tmp_path / "small" / "goals.xlsx").stat().st_mode & 0o777
    shutil.move(desk.workbook, desk.folder / "gone.xlsx")
    lost = like_cron(by_cron(line))
    assert lost.returncode == 3
    assert ODD in lost.stderr.decode("utf-8")


def test_without_secrets_no_file_is_asked_for(tmp_path: Path) -> None:
    """A configuration without variables needs none; the variable of a mail server that is not used counts not."""
    desk = new_desk(tmp_path / "desk")
    assert ".env" not in desk.ok("schedule", "cron").out + desk.ok("schedule", "systemd").out
    desk.configure("transport: file", "transport: smtp")
    said = desk.ok("schedule", "systemd").out
    assert f"EnvironmentFile=-{desk.folder / 'config.env'}" in said
    assert "chmod 600" in said


def test_what_no_crontab_can_hold_is_refused(tmp_path: Path) -> None:
    """A line feed in a path would begin a line of somebody else's choosing."""
    desk = new_desk(tmp_path / "two\nlines")
    desk.run("schedule", "cron").refused(3, "rename it")
    new_desk(tmp_path / "b").run("schedule", "cron", "--every", "7m").refused(2, "15m")


def test_times_are_even_parts_of_an_hour_or_a_day() -> None:
    """Otherwise the last stretch of each hour or day would be shorter."""
    assert [read_every(t) for t in ("5m", "15 min", "1h", "60m", "2H", "1d", "24h")] == [
        5,
        15,
        60,
        60,
        120,
        1440,
        1440,
    ]
    assert [read_every(t) for t in ("7m", "0m", "90m", "5h", "2d", "h", "", "1.5h")] == [None] * 8


@given(st.text(min_size=1), st.sampled_from([5, 15, 30, 60, 120, 720, 1440]))
def test_the_minute_is_the_workbooks_own(name: str, every: int) -> None:
    """Always the same one, within the stretch; both kinds of timetable agree on it."""
    job = replace(JOB, name=name, every=every)
    first = offset(job)
    assert 0 <= first < min(every, 60)
    assert first == offset(job)
    assert cron_line(job).split(" ")[0].split(",")[0] == str(first)
    if every < 60:
        assert len(cron_line(job).split(" ")[0].split(",")) == 60 // every


def test_not_everybody_begins_at_once() -> None:
    """A hundred workbooks begin at half of the minutes at least."""
    assert len({offset(replace(JOB, name=f"/home/{n}/goals.xlsx")) for n in range(100)}) > 30


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("every", [15, 60, 120, 1440])
def test_systemd_takes_both_files(tmp_path: Path, every: int) -> None:
    """`systemd-analyze verify` finds nothing to say, with odd paths too."""
    folder = tmp_path / ODD
    folder.mkdir()
    program = folder / "sheetsync"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    job = replace(
        JOB, command=(str(program), "-c", str(folder / "c.yaml"), "run"), folder=str(folder), writes=(str(folder),),
        environment={"PYTHONPATH": str(folder)}, env_file=str(folder / "c.env"), every=every, user="root",
    )  # fmt: skip
    (tmp_path / "x.service").write_text(service(job), encoding="utf-8")
    (tmp_path / "x.timer").write_text(timer(job), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "x.service"), str(tmp_path / "x.timer")],
        capture_output=True, text=True, check=False, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if "x.service" in line or "x.timer" in line]
    assert ours == []


def test_every_folder_that_is_written_to_may_be(tmp_path: Path) -> None:
    """The workbook's, the ledger's, the emails' and the lock's, each once; the program is this interpreter's."""
    desk = new_desk(tmp_path / "desk")
    desk.configure("ledger: sqlite:///sheetsync.db", f"ledger: sqlite:///{tmp_path}/kept/ledger.db")
    desk.configure("outbox_dir: outbox", f"outbox_dir: {tmp_path}/mails")
    said = desk.ok("schedule", "systemd").out
    writes = next(line for line in said.splitlines() if line.startswith("ReadWritePaths="))
    assert writes == f'ReadWritePaths="{tmp_path}/desk" "{tmp_path}/kept" "{tmp_path}/mails"'
    assert str(Path(sys.executable).parent) in said
