"""The life of logged rows, told from what each sync found and missed: pairing, and what comes and goes."""

import random
import time
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sheetsync.activities import Activity, fingerprint
from sheetsync.history import BACK, CHANGED, GONE, NEW, Chosen, Entry, Life, lives, paired, with_reading

CALL = Activity(46300, "Ann", "Cold call", 2.0, None, None, "Zoë", "")
ROWS = st.builds(
    Activity,
    day=st.integers(46300, 46303),
    who=st.sampled_from(["Ann", "Ben"]),
    activity=st.sampled_from(["Cold call", "Order won"]),
    quantity=st.sampled_from([1.0, 2.0]),
    amount=st.sampled_from([None, 0.0, 99.5]),
    quality=st.sampled_from([None, 4.0]),
    contact=st.sampled_from(["", "Zoë", "ZOË", "Max"]),
    notes=st.sampled_from(["", "a note"]),
)
LOGS = st.lists(ROWS, max_size=8)


def differing(one: Activity, other: Activity) -> list[str]:
    """The fields in which two rows differ, capitals in texts aside."""
    return [
        name
        for name, a, b in zip(Activity._fields, one, other, strict=True)
        if (a.casefold() if isinstance(a, str) and name in {"contact", "notes"} else a)
        != (b.casefold() if isinstance(b, str) and name in {"contact", "notes"} else b)
    ]


def synced(*logs: list[Activity]) -> list[Entry]:
    """The ledger's entries after a sync of each of these logs, numbered from 1."""
    entries: list[Entry] = []
    for run, log in enumerate(logs, 1):
        kept = with_reading(entries, log, run)
        entries = [entry._replace(id=number) for number, entry in enumerate(kept, 1)]
    return entries


def told(found: list[Life]) -> list[list[tuple[int, str]]]:
    """Each life as runs and kinds."""
    return [[(event.run, event.kind) for event in life.events] for life in found]


def marks(rows: list[Activity]) -> Counter[str]:
    """The rows as a multiset."""
    return Counter(map(fingerprint, rows))


# ---- pairing ------------------------------------------------------------------------------------------------------


@given(LOGS, LOGS)
def test_pairs_are_rows_a_person_would_call_the_same(before: list[Activity], after: list[Activity]) -> None:
    """Each row pairs once; at most two fields differ, or only the person does; two telling ones agree."""
    pairs = paired(before, after)
    assert len({old for old, _ in pairs}) == len({new for _, new in pairs}) == len(pairs)
    for old, new in pairs:
        changed = differing(before[old], after[new])
        assert len(changed) <= 2
        if "who" in changed:
            assert changed == ["who"]
        if len(changed) == 2:
            telling = {"day", "activity", "contact", "notes", "amount"} - set(changed)
            assert sum(getattr(before[old], name) not in ("", None) for name in telling) >= 2


@given(LOGS, LOGS)
def test_nothing_that_differs_in_one_field_is_left_unpaired(before: list[Activity], after: list[Activity]) -> None:
    """No two rows stay apart that differ in one field only."""
    pairs = paired(before, after)
    old_left = set(range(len(before))) - {old for old, _ in pairs}
    new_left = set(range(len(after))) - {new for _, new in pairs}
    assert not [1 for old in old_left for new in new_left if len(differing(before[old], after[new])) == 1]


@given(LOGS, LOGS)
def test_pairing_is_the_same_every_time(before: list[Activity], after: list[Activity]) -> None:
    """The same rows in the same order give the same pairs, whatever was looked at before."""
    first = paired(before, after)
    paired(after, before)
    assert paired(list(before), list(after)) == first


def test_the_nearest_row_is_taken() -> None:
    """A row that differs in one field beats one that differs in two, wherever they stand."""
    near, far = CALL._replace(quantity=3.0), CALL._replace(quantity=3.0, notes="x")
    assert paired([CALL], [far, near]) == [(0, 1)]
    assert paired([CALL], [far]) == [(0, 0)]


def test_other_things_are_not_the_same_row() -> None:
    """Another person's row with another count, or an order instead of a call on another day, is a row of its own."""
    others = [
        CALL._replace(who="Ben", quantity=3.0),
        CALL._replace(day=46301, activity="Order won", contact=""),
        CALL._replace(day=46301, contact="Max", quantity=5.0),
    ]
    assert paired([CALL], others) == []
    bare = CALL._replace(contact="")
    assert paired([bare], [bare._replace(day=46301, activity="Order won")]) == []


# ---- lives --------------------------------------------------------------------------------------------------------


def test_a_life() -> None:
    """New, changed, gone and back is one life, with what changed."""
    fixed = CALL._replace(quantity=3.0)
    (life,) = lives(synced([CALL], [fixed], [], [fixed]))
    assert told([life]) == [[(1, NEW), (2, CHANGED), (3, GONE), (4, BACK)]]
    assert (life.events[1].before, life.events[1].after) == (CALL, fixed)
    assert not life.is_gone


def test_undoing_a_change_is_a_change() -> None:
    """There and back again is one row that changed twice, and nothing was ever gone."""
    assert told(lives(synced([CALL], [CALL._replace(quantity=3.0)], [CALL]))) == [
        [(1, NEW), (2, CHANGED), (3, CHANGED)]
    ]


def test_equal_rows_are_counted() -> None:
    """Of three equal rows two go and one comes back: one is missing."""
    found = lives(synced([CALL, CALL, CALL], [CALL], [CALL, CALL]))
    assert [life.is_gone for life in found].count(True) == 1
    assert sorted(map(len, told(found))) == [1, 2, 3]


@given(st.lists(LOGS, min_size=1, max_size=5))
def test_lives_add_up(logs: list[list[Activity]]) -> None:
    """Those who live now are the last log, and each kind of event follows what it must follow."""
    entries = synced(*logs)
    found = lives(entries)
    assert marks([life.row for life in found if not life.is_gone]) == marks(logs[-1])
    assert len({life.entry for life in found}) == len(found)
    for life in found:
        kinds = [event.kind for event in life.events]
        assert kinds[0] in {NEW, BACK}
        assert NEW not in kinds[1:]
        assert all((kind == BACK) == (before == GONE) for before, kind in pairwise(kinds))
        assert [event.run for event in life.events] == sorted({event.run for event in life.events})


@given(LOGS, st.randoms(use_true_random=False))
def test_sorting_and_typing_again_changes_nothing(log: list[Activity], chance: random.Random) -> None:
    """The same rows in another order, in other capitals where nobody cares, are the same rows: no event."""
    again = [row._replace(contact=row.contact.upper(), notes=row.notes.title()) for row in log]
    chance.shuffle(again)
    assert {event.run for life in lives(synced(log, again, log)) for event in life.events} <= {1}


def test_what_is_asked_for() -> None:
    """Names in any capitals; both days are in."""
    assert Chosen("ANN", "cold  CALL", 46300, 46300).takes(CALL)
    assert not Chosen("Ben").takes(CALL)
    assert not Chosen(first=46301).takes(CALL)
    assert not Chosen(last=46299).takes(CALL)


def test_many_rows_take_seconds() -> None:
    """A log that was replaced by another one, the worst case, for each kind of slip is looked for.

    Of 100,000 rows it takes 3 seconds.
    """
    chance = random.Random(7)

    def row() -> Activity:
        contact = f"C{chance.randrange(500)}" if chance.random() < 0.5 else ""
        amount = float(chance.randrange(1000)) if chance.random() < 0.3 else None
        count = float(chance.randrange(1, 5))
        return Activity(
            46000 + chance.randrange(365), f"P{chance.randrange(8)}", "Call", count, amount, None, contact, ""
        )

    entries = synced([row() for _ in range(10_000)], [row() for _ in range(10_000)])
    began = time.process_time()
    found = lives(entries)
    assert time.process_time() - began < 5
    assert len(entries) - sum(event.kind == CHANGED for life in found for event in life.events) == len(found)
