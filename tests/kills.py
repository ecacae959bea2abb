"""Commands killed by SIGKILL at each system call that changes something, and what the next run makes of it.

    python -m tests.kills                       # every call of every command, on all backends and databases; hours
    python -m tests.kills --sample 20 --seed 1  # about so many kills a command
    python -m tests.kills --only xlsx,SQLite --only sync   # a part, so that two can run side by side

A case: the desk as saved; the command, killed; the same command an hour later, as cron would, and while emails wait;
and once more, or a sync where the command is none. Then all that counts must be as if nothing had happened: after two
runs, not more. What `doctor` says is part of it. docs/reliability.md has the table.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests import postgres
from tests.cli import NOW
from tests.kills_desks import CREATE, EARLIER, TEMPLATE, Bench, Saved, bench_at, created, write_log
from tests.kills_states import State, differences, message_id
from tests.kills_tracer import TEARABLE, Moment
from tests.kills_worker import Worker
from tests.smtp_server import smtp_server

Command = tuple[str, ...]
# Beyond every wait of an email, and within the day.
LATER = (timedelta(hours=1), timedelta(hours=3), timedelta(hours=7), timedelta(hours=11))
_TIME = re.compile(r"\d\d:\d\d:\d\d")
_SENDS = frozenset({"sendto", "sendmsg", "connect", "shutdown"})


@dataclass(frozen=True, slots=True)
class Scenario:
    """A command at a desk that was prepared; `then` follows the second run, on both courses; else the command again.

    `by_meaning`: a workbook is changed twice on the way, and numbers its parts otherwise.
    `by_hand`: nobody repeats the command, so what was killed may be there wholly, or not at all.
    """

    name: str
    command: Command
    prepare: Callable[[Bench], None]
    later: timedelta = timedelta(0)
    then: tuple[Command, ...] = ()
    by_hand: bool = False
    refused_again: bool = False
    by_meaning: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """How far an email has come, how often it was tried, and how often nobody could know with what outcome."""

    state: str
    attempts: int
    unclear: int


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What a scenario comes to when nothing happens: its calls, and the states it may end in, one or by hand two."""

    saved: Saved
    calls: tuple[str, ...]
    ends: Sequence[State]
    letters: Mapping[str, Letter]
    mails: frozenset[str]


@dataclass(frozen=True, slots=True)
class Case:
    """A kill: at which call, counted from 1, and when."""

    number: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a kill: whether it fired, what was wrong in the end, and how many emails came twice."""

    fired: bool
    wrong: Sequence[str]
    twice: int = 0


# ---- the desks ----------------------------------------------------------------------------------------------------


def _synced(bench: Bench) -> None:
    bench.prepared(created)
    bench.ok(NOW, "sync")


def _changed(bench: Bench) -> None:
    """Rows of the log were changed, deleted and added; somebody typed where only the tool writes."""
    bench.prepared(_synced)
    bench.type("Log", "D3", 9)
    bench.delete_rows("Log", 5, 2)
    bench.type("Log", "A12", "2026-10-13", "Ben", "Cold call", 4)
    bench.type("Weekly summary", "C6", "mine")


def _importing(bench: Bench) -> None:
    bench.prepared(_synced)
    write_log(bench, "more.csv", range(8, 20))


def _by_smtp(bench: Bench) -> None:
    bench.prepared(_synced)
    bench.desk.configure("transport: file", "transport: smtp")


def _by_smtp_unsynced(bench: Bench) -> None:
    bench.prepared(created)
    bench.desk.configure("transport: file", "transport: smtp")


def _earlier(bench: Bench) -> None:
    created(bench, EARLIER)
    bench.ok(NOW, "sync")
    bench.desk.file("mine.yaml", TEMPLATE)


def _damaged(bench: Bench) -> None:
    bench.prepared(_synced)
    bench.delete_tab("Problems")


def _lost_rows(bench: Bench) -> None:
    bench.prepared(_synced)
    bench.delete_rows("Log", 4, 3)
    bench.ok(NOW, "sync")


def _nothing(bench: Bench) -> None:
    bench.new()


SYNC: tuple[Command, ...] = (("sync",),)
SCENARIOS = (
    Scenario("create", CREATE, _nothing, then=SYNC, refused_again=True, by_meaning=True),
    Scenario("sync, the first", ("sync",), created),
    Scenario("sync, rows changed", ("sync",), _changed),
    Scenario("sync, nothing changed", ("sync",), _synced),
    Scenario("sync, a period closed", ("sync",), _synced, later=timedelta(days=20)),
    Scenario("run, smtp", ("run",), _by_smtp_unsynced),
    Scenario("run, files", ("run",), created),
    Scenario("email send, smtp", ("email", "send"), _by_smtp),
    Scenario("email send, files", ("email", "send"), _synced),
    Scenario(
        "log", ("log", "Cold call", "7", "--who", "Ann", "--date", "2026-10-12"), _synced, then=SYNC, by_hand=True
    ),
    Scenario("import", ("import", "more.csv"), _importing, then=SYNC),
    Scenario("restore", ("restore", "--yes"), _lost_rows, then=SYNC),
    Scenario("upgrade", ("upgrade", "--no-copy"), _earlier, then=SYNC, by_meaning=True),
    Scenario("doctor --fix", ("doctor", "--fix"), _damaged, then=SYNC, by_meaning=True),
)

# What continuous integration tries: "run, files" differs from others only in what they try.
BRIEF = tuple(s for s in SCENARIOS if s.name != "run, files")
RARE = ("upgrade", "doctor --fix")  # a person is there when they run, and a kill costs twice the time
_ASKED = 4  # of so many kills the doctor is asked after one, which takes as long as a sync


# ---- one case -----------------------------------------------------------------------------------------------------


def _command(bench: Bench, scenario: Scenario) -> Command:
    return tuple(str(bench.folder / word) if word.endswith(".csv") else word for word in scenario.command)


def undisturbed(bench: Bench, scenario: Scenario) -> Undisturbed:
    """Prepare the desk, run the command while its calls are counted, and all that follows."""
    saved, command = bench.prepared(scenario.prepare), _command(bench, scenario)
    trace = bench.worker.kill(NOW + scenario.later, 0, "before", *bench.arguments(*command))
    assert trace.code == 0, (scenario.name, trace.code, bench.run(NOW + scenario.later, *command))
    ends, letters, mails = [_end(bench, scenario, command)], _letters(bench), frozenset(bench.copies())
    if scenario.by_hand:
        bench.restore(saved)
        ends.append(_end(bench, scenario, command))
    return Undisturbed(saved, trace.calls, ends, letters, mails)


def _end(bench: Bench, scenario: Scenario, command: Command) -> State:
    wrong = _follow(bench, scenario, command)
    assert not wrong, wrong
    return _state(bench, scenario)


def _state(bench: Bench, scenario: Scenario, *, asked: bool = True) -> State:
    """All that counts, and if `asked` what `doctor` says of it."""
    at = NOW + scenario.later + LATER[-1] + timedelta(hours=1)
    state = bench.state(at, by_meaning=scenario.by_meaning)
    if not asked:
        return state
    verdict = bench.run(at, "doctor", "--json")
    return {**state, "doctor": (verdict.code, json.loads(_TIME.sub("", verdict.out)))}


def _follow(bench: Bench, scenario: Scenario, command: Command) -> list[str]:
    """The two runs that follow, the first again and again until no email waits; what went wrong in them."""
    at, wrong = NOW + scenario.later, list[str]()
    for wait in LATER if not scenario.by_hand else ():
        wrong += _again(bench, scenario, command, at + wait)
        if not _waits(bench):
            break
    for n, following in enumerate(scenario.then or (command,)):
        wrong += _again(bench, scenario, following, at + LATER[-1] + timedelta(minutes=30 + n))
    return wrong


def _again(bench: Bench, scenario: Scenario, command: Command, at: datetime) -> list[str]:
    result = bench.run(at, *command)
    if result.code == 0 or (command == scenario.command and scenario.refused_again and "already" in result.err):
        return []
    return [f"{' '.join(command)}, again: exit {result.code}: {result.err.strip()}"]


def _letters(bench: Bench) -> dict[str, Letter]:
    """The emails in the ledger, by the id of the message."""
    from sqlalchemy import NullPool, create_engine, inspect, select

    from sheetsync.ledger.tables import outbox

    engine = create_engine(bench.url, poolclass=NullPool)
    if not bench.postgres and not bench.desk.ledger.exists():
        return {}
    with engine.connect() as connection:
        if not inspect(connection).has_table("outbox"):
            return {}
        rows = connection.execute(select(outbox.c.message, outbox.c.state, outbox.c.attempts, outbox.c.unclear)).all()
    engine.dispose()
    return {message_id(bytes(row.message)): Letter(row.state, row.attempts, row.unclear) for row in rows}


def _waits(bench: Bench) -> bool:
    return any(letter.state in ("queued", "held", "connecting", "committing") for letter in _letters(bench).values())


def play(bench: Bench, scenario: Scenario, wanted: Undisturbed, case: Case, *, started: bool = False) -> Outcome:
    """Kill, run twice, compare."""
    bench.restore(wanted.saved)
    command = _command(bench, scenario)
    words, at = bench.arguments(*command), NOW + scenario.later
    trace = bench.worker.kill(at, case.number, case.moment, *words, started=started)
    if not trace.fired:
        return Outcome(fired=False, wrong=())
    killed, arrived = _letters(bench), bench.copies()
    known = ("committing", "sent")
    wrong = [
        f"an email had arrived that was {letter}"
        for letter in map(killed.get, arrived)
        if letter is None or letter.state not in known
    ]
    wrong += _follow(bench, scenario, command)
    found = _state(bench, scenario, asked=case.number % _ASKED == 0)
    left_out = {"doctor"} - found.keys()
    ends = [{key: end[key] for key in end.keys() - left_out} for end in wanted.ends]
    told = [differences(found, end) for end in ends]
    closest = min(told, key=len)
    wrong += closest
    wrong += _wrong_mails(bench, wanted, killed)
    return Outcome(fired=True, wrong=wrong, twice=sum(len(same) > 1 for same in bench.copies().values()))


def _wrong_mails(bench: Bench, wanted: Undisturbed, killed: Mapping[str, Letter]) -> Iterator[str]:
    """Each email arrived once, was tried once, and once more only if it was in hand when the run was killed."""
    delivered = bench.copies()
    if frozenset(delivered) != wanted.mails:
        yield f"{len(delivered)} of {len(wanted.mails)} emails arrived"
    for name, same in delivered.items():
        was = killed[name].state if name in killed else "not queued"
        if len(same) > 1 + (was == "committing") or len(set(same)) > 1:
            yield f"{len(same)} copies, {len(set(same))} of them unlike, of an email that was {was}"
    for name, letter in _letters(bench).items():
        was = killed[name].state if name in killed else "not queued"
        usual = wanted.letters.get(name, letter)
        more = (letter.attempts - usual.attempts, letter.unclear - usual.unclear)
        if not (0 <= more[0] <= (was in ("connecting", "committing")) and 0 <= more[1] <= (was == "committing")):
            yield f"{letter} instead of {usual}, of an email that was {was}"


def cases(wanted: Undisturbed) -> list[Case]:
    """Every kill there is: before each call; in the middle of those that write; after those that send."""
    found: list[Case] = []
    for number, name in enumerate(wanted.calls, start=1):
        found.append(Case(number, "before"))
        if name in TEARABLE:
            found.append(Case(number, "torn"))
        if name in _SENDS or number == len(wanted.calls):
            found.append(Case(number, "after"))
    return found


def sample(every: Sequence[Case], most: int, random: Random) -> list[Case]:
    """At most so many, evenly spread: one at random of each stretch."""
    if len(every) <= most:
        return list(every)
    bounds = [len(every) * n // most for n in range(most + 1)]
    return [random.choice(every[start:end]) for start, end in pairwise(bounds)]


# ---- all of them --------------------------------------------------------------------------------------------------


@contextmanager
def benches(*, on_google: Sequence[bool] = (False, True)) -> Iterator[list[Bench]]:
    """A desk on each backend with each database; PostgreSQL where it is installed."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(TemporaryDirectory(prefix="sheetsync-kills-")))
        worker = stack.enter_context(Worker())
        smtp = stack.enter_context(smtp_server("none"))
        program = postgres.initdb()
        server = stack.enter_context(postgres.postgres_server(program)) if program else None
        yield [
            stack.enter_context(bench_at(root / "desk", worker, smtp, on_google=google, postgres=url))
            for google in on_google
            for url in ([None, server] if server else [None])
        ]


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of many: the kills there might be, those that fired, what was wrong, the emails that came twice."""

    possible: int
    fired: int
    wrong: Sequence[str]
    twice: int


def play_many(bench: Bench, scenario: Scenario, most: int, seed: int) -> Tally:
    """Kill a command at so many of its calls; 0: all."""
    wanted = undisturbed(bench, scenario)
    every = cases(wanted)
    fired, wrong, twice = 0, list[str](), 0
    for case in sample(every, most or len(every), Random(seed)):
        outcome = play(bench, scenario, wanted, case)
        fired, twice = fired + outcome.fired, twice + outcome.twice
        if outcome.wrong:
            call = wanted.calls[case.number - 1]
            lines = (f"killed {case.moment} call {case.number}, {call}:", *outcome.wrong)
            wrong.append("\n    ".join(lines))
    return Tally(len(every), fired, wrong, twice)


def table(tallies: Mapping[tuple[str, str], Tally]) -> str:
    """A Markdown table: kills that fired, of those possible, by command and desk; and what they come to."""
    commands, desks = (list(dict.fromkeys(key[place] for key in tallies)) for place in (0, 1))
    lines = [f"| command | {' | '.join(desks)} |", "|---" * (len(desks) + 1) + "|"]
    for command in commands:
        found = [tallies.get((command, desk)) for desk in desks]
        shown = [
            f"{tally.fired:,} of {tally.possible:,}" + "!" * bool(tally.wrong) if tally else "" for tally in found
        ]
        lines.append(f"| {command} | {' | '.join(shown)} |")
    fired, wrong, twice = (
        sum(each) for each in zip(*((t.fired, len(t.wrong), t.twice) for t in tallies.values()), strict=True)
    )
    return "\n".join([*lines, "", f"{fired:,} kills, {wrong} of them with another end; {twice} emails came twice."])


def main() -> int:
    """Kill, and print a table; 1 when anything was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=0, help="kills a command, backend and database; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", default=[], help="a part of `Google,SQLite,sync`")
    options = parser.parse_args()
    tallies: dict[tuple[str, str], Tally] = {}
    with benches() as desks:
        for bench, scenario in ((bench, scenario) for bench in desks for scenario in SCENARIOS):
            column = ", ".join(bench.name)
            if not all(part in f"{column},{scenario.name}".replace(", ", ",") for part in options.only):
                continue
            began = time.monotonic()
            tally = tallies[scenario.name, column] = play_many(bench, scenario, options.sample, options.seed)
            for line in tally.wrong:
                print(f"WRONG {column}: {scenario.name}: {line}")
            print(f"{column}: {scenario.name}: {tally.fired} of {tally.possible} kills, {len(tally.wrong)} wrong, "
                  f"{time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
    if not tallies:
        parser.error("nothing is of that name")
    print(f"\n{table(tallies)}")
    return 1 if any(tally.wrong for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
