"""SIGTERM and Ctrl-C: the step at hand is finished, the rest is left to the next run, and nothing is left behind."""

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli import PROJECT, TODAY, Desk, small_desk
from tests.switch import switch

_FIRST = """
import os, signal, time
from sheetsync.runs.stopping import Stopped, ending, listen, unit
listen()
def ask(number=signal.SIGTERM):
    os.kill(os.getpid(), number)
"""


def python(script: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", _FIRST + script], check=True, capture_output=True, text=True, cwd=PROJECT
    )
    return done.stdout


def test_a_signal_waits_for_the_end_of_the_unit() -> None:
    """Inside, also inside of inner ones, everything is done first; the last line says after what it stopped."""
    said = python(
        "try:\n"
        "    with unit('the sync'):\n"
        "        with unit('a part'):\n"
        "            ask()\n"
        "        print('written')\n"
        "    print('never')\n"
        "except Stopped as end:\n"
        "    print(end, end.exit_code)\n"
    )
    assert said == "written\nstopped by SIGTERM after the sync; the next run goes on from here 143\n"


def test_outside_of_units_it_ends_the_run_at_once() -> None:
    """What is open is closed on the way out, and Ctrl-C is 130."""
    script = (
        "try:\n"
        "    try:\n"
        "        ask(signal.{})\n"
        "        print('never')\n"
        "    finally:\n"
        "        print('unlocked')\n"
        "except {} as end:\n"
        "    print(end, end.exit_code)\n"
    )
    assert python(script.format("SIGTERM", "Stopped")) == (
        "unlocked\nstopped by SIGTERM; the next run goes on from here 143\n"
    )
    assert python(script.format("SIGINT", "KeyboardInterrupt")) == (
        "unlocked\nstopped by SIGINT; the next run goes on from here 130\n"
    )


def test_the_second_signal_does_not_wait() -> None:
    """Whoever asks twice means it."""
    said = python(
        "try:\n"
        "    with unit('the sync'):\n"
        "        ask()\n"
        "        print('still at it')\n"
        "        time.sleep(0.6)\n"
        "        ask()\n"
        "        print('never')\n"
        "except Stopped as end:\n"
        "    print(end.exit_code)\n"
    )
    assert said == "still at it\n143\n"


def test_a_signal_that_comes_twice_at_once_is_one() -> None:
    """`timeout` of coreutils sends each of its signals twice, and does not mean that an email is to be cut off."""
    said = python(
        "try:\n"
        "    with unit('the sync'):\n"
        "        ask()\n"
        "        ask()\n"
        "        print('written')\n"
        "except Stopped as end:\n"
        "    ask()\n"
        "    print(end)\n"
    )
    assert said == "written\nstopped by SIGTERM after the sync; the next run goes on from here\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_while_a_run_ends_nothing_is_raised(number: signal.Signals) -> None:
    """What is told at the end is told, the first signal notwithstanding; the second ends the process, in silence."""
    script = (
        f"ending()\nask(signal.{number.name})\nwith unit(): print('told', flush=True)\n"
        f"time.sleep(0.6)\nask(signal.{number.name})\nprint('never')"
    )
    command = [sys.executable, "-c", _FIRST + script]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=PROJECT)
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "told\n", "")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_while_the_program_is_loaded() -> None:
    """It ends the process in silence, as it ends programs that do nothing about it."""
    script = (
        "import os, signal, sys\n"
        "class Early:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Early())\n"
        "from sheetsync.__main__ import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=PROJECT)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_unit_that_fails_stops_before_the_next() -> None:
    """An error in the step at hand is told by whoever handles it; no further step begins."""
    said = python(
        "try:\n"
        "    try:\n"
        "        with unit('an email'):\n"
        "            ask()\n"
        "            raise OSError('refused')\n"
        "    except OSError as error:\n"
        "        print(error)\n"
        "    with unit('the next email'):\n"
        "        print('never')\n"
        "except Stopped as end:\n"
        "    print(end.exit_code)\n"
    )
    assert said == "refused\n143\n"


@pytest.mark.skipif(os.name != "posix", reason="timers of POSIX")
def test_an_import_is_never_cut_off(tmp_path: Path) -> None:
    """Cut off in there, Python may keep a lock that another thread then waits for."""
    (tmp_path / "heavy.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(0.1)\nprint('imported')\n"
    )
    said = python(
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
        "try:\n"
        "    import heavy\n"
        "    time.sleep(5)\n"
        "    print('never')\n"
        "except Stopped as end:\n"
        "    print(end, 'heavy' in sys.modules)\n"
    )
    assert said == "imported\nstopped by SIGTERM; the next run goes on from here True\n"


def test_what_a_library_makes_of_a_signal_is_known() -> None:
    """Some raise an error of their own for whatever comes up in what they call, and do not always say from what."""
    said = python(
        "from sheetsync.cli import cli, run\n"
        "import click\n"
        "@cli.command('convert')\n"
        "def convert():\n"
        "    try:\n"
        "        ask()\n"
        "    except BaseException as error:\n"
        "        raise RuntimeError(f'serializing: {error}') from None\n"
        "import sheetsync.cli\n"
        "sheetsync.cli._Commands.get_command = lambda *_: convert\n"
        "print(run(['convert'], listening=True))\n"
    )
    assert said == "143\n"


def test_who_is_to_ignore_ctrl_c_does() -> None:
    """A run in the background of a script was told to ignore Ctrl-C by its shell."""
    done = subprocess.run(
        [sys.executable, "-c", "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)" + _FIRST + (
            "ask(signal.SIGINT)\nprint('goes on')"
        )],
        check=True, capture_output=True, text=True, cwd=PROJECT,
    )  # fmt: skip
    assert done.stdout == "goes on\n"


# ---- real runs ----------------------------------------------------------------------------------------------------


def terminated(desk: Desk, after: float, number: signal.Signals = signal.SIGTERM) -> tuple[int, list[str]]:
    """A run that gets a signal some seconds after it began; its exit code and what it said for programs."""
    command = [sys.executable, "-m", "sheetsync", "-c", str(desk.config), "--log-format", "json", "run"]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        time.sleep(after)
        process.send_signal(number)
        rest = process.stderr.readlines()
    return process.returncode, [first, *rest]


def log(desk: Desk, number: int) -> None:
    """A row added by hand."""
    with desk.edited() as book:
        book["Log"].append([TODAY, "Ann", "Cold call", 1, None, None, f"Caller {number}"])


def consistent(desk: Desk) -> None:
    """The ledger is whole, and no part of a file is left behind."""
    assert sqlite3.connect(desk.ledger).execute("pragma integrity_check").fetchone() == ("ok",)
    strays = [path.name for path in desk.folder.iterdir() if path.suffix in {".tmp", ".part", ".new"}]
    assert strays == []


def test_terminated_anywhere_a_run_is_made_up_for(tmp_path: Path) -> None:
    """At eight random moments: 143 or 0, a line that says so, and in the end the same as undisturbed."""
    desk, calm = small_desk(tmp_path / "a"), small_desk(tmp_path / "b")
    chance, codes = random.Random(7), list[int]()
    for each in (desk, calm):
        each.spawn("run")  # else what is reported of closed weeks is as it stood when a run first got that far
    for number in range(8):
        log(desk, number)
        log(calm, number)
        code, said = terminated(desk, chance.uniform(0, 0.9))
        codes.append(code)
        assert code in {0, 143}, said
        events = [json.loads(line) for line in said]
        assert [event["event"] for event in events][-1] == "end"
        assert events[-1]["exit_code"] == code
        if code:
            assert events[-2]["message"].startswith("stopped by SIGTERM")
        consistent(desk)
    for each in (desk, calm):
        assert each.spawn("run") == each.spawn("run").__class__(0, "", "")
    assert 143 in codes
    assert desk.cells() == calm.cells()
    exported = [each.ok("export", "activities", "--format", "json").json for each in (desk, calm)]
    assert exported[0] == exported[1]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_run_that_was_stopped_tells_monitoring(tmp_path: Path) -> None:
    """The fail ping goes out; Ctrl-C is 130."""
    desk = small_desk(tmp_path)
    log(desk, 0)
    with switch() as listening:
        desk.configure("ping_url: null", f"ping_url: {listening.url}/alive")
        code, said = terminated(desk, 0, signal.SIGINT)
        assert code == 130, said
        assert listening.asked[-1:] == ["/alive/fail"], said
        assert [json.loads(line)["event"] for line in said][-2:] == ["error", "end"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_two_signals_never_end_in_a_traceback(tmp_path: Path) -> None:
    """At ten random moments, a few milliseconds apart: the code of the signal, and nothing left behind."""
    desk, chance = small_desk(tmp_path), random.Random(11)
    command = [sys.executable, "-m", "sheetsync", "-c", str(desk.config), "--log-format", "json", "run"]
    for turn in range(10):
        log(desk, turn)
        number = chance.choice([signal.SIGTERM, signal.SIGINT])
        with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            first = process.stderr.readline()
            time.sleep(chance.uniform(0, 0.6))
            process.send_signal(number)
            time.sleep(chance.choice([0.0005, 0.005, 0.02, 0.05]))
            process.send_signal(number)
            said = first + process.stderr.read()
        # The system ends what is all but over by the signal itself.
        assert process.returncode in {0, 128 + number, -number}, said
        assert "Traceback" not in said
        consistent(desk)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_signal_while_an_error_is_told_leaves_the_error(tmp_path: Path) -> None:
    """Monitoring takes its time with the /fail ping: the first signal changes nothing, the second does not wait."""
    desk = small_desk(tmp_path)
    desk.workbook.write_text("no workbook")
    command = [sys.executable, "-m", "sheetsync", "-c", str(desk.config), "run"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        desk.configure("ping_url: null", f"ping_url: http://127.0.0.1:{listener.getsockname()[1]}/alive")
        desk.configure("start_url: null", "start_url: off")
        for signals, code, words in ((1, 3, "not an .xlsx file"), (2, 143, "")):
            with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as process:
                connection, _ = listener.accept()
                for _ in range(signals):
                    process.terminate()
                    time.sleep(0.7)
                connection.close()
                _, said = process.communicate()
            assert (process.returncode, bool(said)) == (code, bool(words)), said
            assert words in said
            assert "Traceback" not in said
