"""People's own email templates: none gets out of the sandbox, none eats the machine, and each is told in one line."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from sheetsync.errors import ConfigError
from sheetsync.mail import apart, render, render_index
from tests.cli import small_desk
from tests.conftest import PROJECT
from tests.mail_digests import GOOD_WEEK
from tests.template_payloads import BOMBS, CANARY, ESCAPES

BUILT_IN = PROJECT / "templates" / "emails"
# Payloads get a third of the time that a template has: what ends at the bound would end there as well.
_FILL_ALL = """
import sys
from pathlib import Path
from sheetsync.mail import apart
from tests.template_payloads import main
apart.PROCESSOR_SECONDS = 1
main(Path(sys.argv[1]), Path(sys.argv[2]))
"""
# What stands in an email only when something got out.
_SIGNS = (CANARY, "<class", "&lt;class", "<function", "&lt;function", "root:", "uid=", "__", "mappingproxy")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What became of each payload, by its name; `largest` has the memory of the largest process, in KB."""
    folder = tmp_path_factory.mktemp("payloads") / "own"
    found = subprocess.run(
        [sys.executable, "-c", _FILL_ALL, folder, BUILT_IN],
        cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    return {line.get("name", "largest"): line for line in lines}


def test_there_are_enough_payloads() -> None:
    """A corpus, not a sample."""
    assert len(ESCAPES) >= 60
    assert len(BOMBS) >= 35


@pytest.mark.parametrize("name", ESCAPES)
def test_no_template_gets_out(told: dict[str, dict[str, object]], name: str) -> None:
    """It is refused in one line that names it, or gives what any text would give."""
    found = told[name]
    if found["state"] == "refused":
        assert "\n" not in str(found["said"])
        assert CANARY not in str(found["said"])
    else:
        assert not [sign for sign in _SIGNS if sign in str(found["said"])]


@pytest.mark.parametrize("name", BOMBS)
def test_no_template_eats_the_machine(told: dict[str, dict[str, object]], name: str) -> None:
    """It is refused in one line, or small; within five seconds of a processor."""
    found = told[name]
    assert float(str(found["processor"])) <= 5
    if found["state"] == "refused":
        assert "\n" not in str(found["said"])
        assert "partner-weekly" in str(found["said"])


def test_no_template_takes_much_memory(told: dict[str, dict[str, object]]) -> None:
    """The largest process that filled any of them stayed below 512 MB."""
    assert int(str(told["largest"]["largest"])) < 512 * 1024


def test_the_next_email_is_written_after_one_that_was_stopped(tmp_path: Path) -> None:
    """A template that never ends stops no other, and a thread may fill as well as any."""
    own, good = tmp_path / "bad", tmp_path / "good"
    for folder in (own, good):
        folder.mkdir()
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    (own / "partner-weekly.txt.j2").write_text(loop)
    (good / "partner-weekly.txt.j2").write_text("Hello {{ digest.person }}")
    with pytest.raises(ConfigError, match=r"partner-weekly.txt.j2: takes more than 3 seconds of processor time"):
        render(GOOD_WEEK, [own, BUILT_IN])
    texts: list[str] = []
    threads = [
        Thread(target=lambda who=who: texts.append(render(replace(GOOD_WEEK, person=who), [good, BUILT_IN]).text))
        for who in ("Ann", "Ben", "Cem")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts) == ["Hello Ann\n", "Hello Ben\n", "Hello Cem\n"]


def test_the_process_of_templates_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords stand in the environment of the run, not in that of what fills templates."""
    monkeypatch.setenv("SMTP_PASSWORD", CANARY)
    apart._WORKER.end()
    (tmp_path / "index.html.j2").write_text("{{ emails|length }} emails")
    assert render_index([{}, {}], [tmp_path, BUILT_IN]) == "2 emails"
    process = apart._WORKER._process
    assert process is not None
    environment = Path(f"/proc/{process.pid}/environ")
    if not environment.exists():
        pytest.skip("no /proc")
    assert CANARY.encode() not in environment.read_bytes()


def test_built_in_templates_need_no_process() -> None:
    """They are ours: nobody waits for a second Python."""
    apart._WORKER.end()
    render(GOOD_WEEK, [Path("nowhere"), BUILT_IN])
    assert apart._WORKER._process is None


def test_a_template_is_taken_from_where_it_lies_now(tmp_path: Path) -> None:
    """One that is put into a folder later, or taken out of it, counts from the next email on, in the same process."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    folders = [first, second, BUILT_IN]
    built_in = render(GOOD_WEEK, folders).text
    (second / "partner-weekly.subject.txt.j2").write_text("Own")  # all else is taken from the built-in ones
    assert render(GOOD_WEEK, folders).text == built_in
    (second / "partner-weekly.txt.j2").write_text("Second")
    assert render(GOOD_WEEK, folders).text == "Second\n"
    (first / "partner-weekly.txt.j2").write_text("First!")
    assert render(GOOD_WEEK, folders).text == "First!\n"
    (first / "partner-weekly.txt.j2").unlink()
    assert render(GOOD_WEEK, folders).text == "Second\n"
    (second / "partner-weekly.txt.j2").unlink()
    assert render(GOOD_WEEK, folders).text == built_in


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_no_process_outlives_the_run(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """However the run ends while a template is filled, with the code of the signal, nothing works on."""
    desk = small_desk(tmp_path)
    emails = desk.folder / "emails"
    emails.mkdir()
    (emails / "partner-weekly.html.j2").write_text("{{ 10 ** (10 ** 9) }}")  # hears no signal that Python handles
    command = [sys.executable, "-m", "sheetsync", "-c", str(desk.config), "email", "preview", "--sample"]
    run = subprocess.Popen([*command, "--kind", "partner-weekly"], cwd=PROJECT, stderr=subprocess.DEVNULL)
    child = _when_it_works(run)
    run.send_signal(number)
    assert run.wait(10) == code
    used, until = 0.0, time.monotonic() + 10
    while (fields := _stat(child)) and fields[0] != "Z" and time.monotonic() < until:
        used = int(fields[11]) / os.sysconf("SC_CLK_TCK")
        time.sleep(0.02)
    assert not fields or fields[0] == "Z"  # whose parent is gone, is for the system to bury
    assert used < 2.5  # long before the bound on its processor time


def _when_it_works(run: "subprocess.Popen[bytes]") -> int:
    """The process of templates of a run, as soon as it is at work."""
    while run.poll() is None:
        for path in Path("/proc").glob("[0-9]*/stat"):
            fields = _stat(int(path.parent.name))
            if fields and int(fields[1]) == run.pid and int(fields[11]) > os.sysconf("SC_CLK_TCK") / 3:
                return int(path.parent.name)
        time.sleep(0.02)
    raise AssertionError(f"the run ended by itself, with {run.returncode}")


def _stat(process: int) -> list[str]:
    """What the system says of a process from its state on; nothing when there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return []
