"""Random people, runs, crashes, faults and clocks at one workbook, and what must hold when it has settled.

python -m tests.beside_people --steps 1000000             # by hand; prints what was done, and the verdict
python -m tests.beside_people --seed 7 --backend xlsx     # one walk again, the one that a failure names
"""

import argparse
import sys
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any

from tests.beside_runs import Runs
from tests.beside_sheets import sums, told
from tests.beside_studio import BACKENDS, Studio

WALK = 1000


class Walk(Runs):
    """One walk of random steps at a desk of its own; every choice follows from the seed."""

    def go(self, steps: int) -> Counter[str]:
        """That many steps, then everything works again and is looked at."""
        try:
            for _ in range(steps):
                self._step()
            self._settle()
        finally:
            self.close()
        return self.done

    def _step(self) -> None:
        self.done["steps"] += 1
        chance = self.random.random()
        if chance < 0.957:
            did = self.typist.act(self.today)
            self.done["typing"] += 1
            self.done[f"typing: {did}"] += 1
            self.note(did)
        elif chance < 0.977:
            self._time_passes()
        elif chance < 0.98:
            self._scribble()
        elif chance < 0.9825:
            self._clock_jumps()
        else:
            if self.random.random() < 0.7:
                self.typist.mend()
            self.some_run()

    def _time_passes(self) -> None:
        self.done["time passes"] += 1
        self.pass_time(self.random.choice((0.1, 1, 3, 8, 24)))

    def _clock_jumps(self) -> None:
        self.done["clock jumps"] += 1
        self.wrong = 0.0 if self.wrong else self.random.choice((-1, 1, -24, -24 * 365, 24, 72, 24 * 40))
        self.note(f"clock off by {self.wrong} h")

    def _scribble(self) -> None:
        if not self.pending:
            self.done["scribbles"] += 1
            self.save()
            title, words = self.random.choice(("Weekly summary", "Problems")), f"scribble {self.done['scribbles']}"
            if self.world.scribble(title, words, self.random):
                self.pending = words
            self.note(f"{words} in {title}")

    def _settle(self) -> None:
        """Everything works again, the clock is right, a person has looked: then all of it must add up."""
        self.note("settling")
        self.done["settled"] += 1
        self.wrong = 0.0
        self.typist.mend()
        self.save()
        first = self.command("sync")
        if first.code == 5:
            self.typist.mend()
            self.require(self.guard_is_due(), f"the guard tripped for nothing: {first.err}")
            first = self.command("sync", "--accept-removals")
        self.require(first.code == 0, f"the sync after everything settled: {first}")
        self.saw()
        self._second_sync_changes_nothing()
        exported = self._exported()
        self._rollups_are_right(exported)
        self._a_fresh_ledger_says_the_same(exported)
        self._mail_is_settled()
        missing = self.seen - self.entered()
        self.require(not missing, f"the ledger forgot {missing}")
        self.tabs_are_as_typed()

    def _second_sync_changes_nothing(self) -> None:
        book, dump = self.world.state(), self.dump()
        again = self.command("sync", "--json")
        self.require(again.code == 0, str(again))
        report, naive = again.json, told(self.sheets, self.today)
        self.require(not report["written"], f"a second sync writes {report['written']}")
        counts = (report["rows"], report["accepted"], report["refused"], report["added"], report["removed"])
        wanted = (naive.rows, naive.facts.total(), naive.refused.total(), 0, 0)
        self.require(counts == wanted, f"rows, accepted, refused, added, removed {counts}, not {wanted}")
        titles = {self.sheets.tabs[key].title for key in ("log", "tally")}
        places = {(p["tab"], p["row"]) for p in report["problems"] if p["tab"] in titles and p["row"] > 1}
        self.require(places == set(naive.refused), f"problem rows {places ^ set(naive.refused)} on one side only")
        self.require(self.same_book(book), "a second sync wrote to the workbook")
        self.require(self.dump() == dump, "a second sync changed the ledger")

    def _exported(self, *options: str) -> Any:
        result = self.command(*options, "export", "rollups", "--format", "json")
        self.require(result.code == 0, str(result))
        return result.json

    def _rollups_are_right(self, exported: Any) -> None:
        wanted = sums(told(self.sheets, self.today).facts)
        found = {
            (r["cadence"], r["period"], r["person"], r["name"]): r["actual"]
            for r in exported
            if r["kind"] == "activity"
        }
        wrong = {key: (found.get(key), value) for key, value in wanted.items() if found.get(key) != value}
        wrong |= {key: (value, 0) for key, value in found.items() if value and key not in wanted}
        self.require(not wrong, f"rollups that are not what the rows come to: {dict(list(wrong.items())[:5])}")

    def _a_fresh_ledger_says_the_same(self, ours: Any) -> None:
        """What was remembered changes nothing but what is remembered."""
        book = self.world.state()
        with self.fresh_ledger():
            self.require((result := self.command("sync")).code == 0, str(result))
            theirs = self._exported()
        self.world.restore(book)
        for objects in (ours, theirs):
            for each in objects:
                del each["reported"]

        def order(each: Any) -> list[str]:
            return [each[key] for key in ("cadence", "period", "person", "kind", "name")]

        different = [
            (a, b) for a, b in zip(sorted(ours, key=order), sorted(theirs, key=order), strict=True) if a != b
        ]
        self.require(not different, f"a fresh ledger says otherwise: {different[:1]}")

    def _mail_is_settled(self) -> None:
        while (result := self.command("run")).code == 4 and self.done["waits"] < 60:
            self.done["waits"] += 1  # an email that a fault delayed has its next try later
            self.pass_time(1)
        self.require(result.code in (0, 1), str(result))
        before = len(self.studio.mail.messages)
        self.require((result := self.command("run")).code in (0, 1), str(result))
        self.require(len(self.studio.mail.messages) == before, "a second run mails something")
        copies = Counter(message.content for message in self.studio.mail.messages)
        doubled = copies.total() - len(copies)
        self.require(
            doubled <= self.ambiguous, f"{doubled} emails came twice, with {self.ambiguous} ambiguous faults"
        )
        self.require(max(copies.values(), default=1) <= 2, "an email came more than twice")
        queued = self.queued()
        unknown = [content[:300] for content in copies if content.replace(b"\r\n", b"\n") not in queued]
        self.require(not unknown, f"an email that the outbox does not have: {unknown[:1]}")
        self.done["emails"] += len(copies)
        self.done["emails twice, byte for byte, after an ambiguous fault"] += doubled


def _plan(seed: int, backend: str | None) -> str:
    """Which backend and database a seed is for: mostly a local file with SQLite."""
    return backend or BACKENDS[0 if seed % 10 < 6 else 1 + seed % 3]


def main(arguments: list[str] | None = None) -> int:
    """Walk; 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.beside_people", description=__doc__)
    parser.add_argument("--steps", type=int, default=WALK, help="how many in all, in walks of 1,000")
    parser.add_argument("--seed", type=int, default=1, help="of the first walk; the others follow")
    parser.add_argument("--backend", choices=BACKENDS, help="else a mix of all")
    given = parser.parse_args(arguments)
    done: Counter[str] = Counter()
    began, walks, failed = time.monotonic(), max(given.steps // WALK, 1), 0
    every = max(walks // 50, 1)
    with ExitStack() as stack:
        studio = stack.enter_context(Studio.opened())
        for seed in range(given.seed, given.seed + walks):
            backend = _plan(seed, given.backend)
            try:
                done += Walk(studio, seed, backend).go(min(given.steps, WALK))
            except AssertionError as error:
                failed += 1
                print(f"FAILED {error}", flush=True)
            done[f"walks, {backend}"] += 1
            if (seed - given.seed) % every == every - 1 or seed == given.seed + walks - 1:
                print(f"seed {seed}: {done['steps']:,} steps, {time.monotonic() - began:,.0f} s, {failed} failed",
                      flush=True)  # fmt: skip
    for name, count in sorted(done.items()):
        print(f"{count:>10,}  {name}")
    print(f"{done['steps']:,} steps, {done['runs']:,} runs, {done['crashes']:,} crashes: "
          f"{failed or 'no'} walk{'s' if failed != 1 else ''} failed")  # fmt: skip
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
