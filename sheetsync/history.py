"""What became of each logged row: new, changed, gone, back, told from the rows that each sync found and missed.

An edited row is one that went and one that came in the same run. The two are one row, changed, if only one field
differs, or if two differ of the same person's row while two of day, activity, contact, notes and amount agree. Days,
people and activities come again and again: where one of them differs, a contact, notes or an amount must agree.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from operator import itemgetter
from typing import Any, NamedTuple

from sheetsync.activities import Activity, fingerprint
from sheetsync.cells import fold

NEW, CHANGED, GONE, BACK = "new", "changed", "gone", "back"

_FIELDS = Activity._fields
_WHO = _FIELDS.index("who")
_TEXTS = frozenset(map(_FIELDS.index, ("contact", "notes")))
# By which fields a person knows a row again; the first two are never blank.
_TELLING = frozenset(map(_FIELDS.index, ("day", "activity", "contact", "notes", "amount")))
_MAYBE_BLANK = frozenset(map(_FIELDS.index, ("contact", "notes", "amount")))
_RECURRING = frozenset(map(_FIELDS.index, ("day", "activity", "who")))
# Which fields differ, the likeliest slips first; another person's row differs in nothing else.
_BY_LIKELIHOOD = tuple(
    map(_FIELDS.index, ("quantity", "amount", "quality", "notes", "contact", "activity", "day", "who"))
)
_ONE_DIFFERS = tuple((at,) for at in _BY_LIKELIHOOD)
_TWO_DIFFER = tuple(combinations(_BY_LIKELIHOOD[:-1], 2))

Key = tuple[Any, ...]


class Entry(NamedTuple):
    """A row as the ledger keeps it: the run that found it, and the one that missed it; None while it is there."""

    id: int
    mark: str
    activity: Activity
    added: int
    removed: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """What one run found out about a row: `before` is None where it is new or back, `after` where it is gone."""

    run: int
    kind: str
    before: Activity | None
    after: Activity | None

    @property
    def row(self) -> Activity:
        """The row as it is after the event, or was before it went."""
        row = self.after or self.before
        assert row is not None  # noqa: S101  one of them is there
        return row


@dataclass(slots=True, eq=False)
class Life:
    """A row's life: its events from first to last, and the ledger's entry that holds it now or held it last."""

    entry: int
    events: list[Event] = field(default_factory=list)

    @property
    def row(self) -> Activity:
        """The row as it was seen last."""
        return self.events[-1].row

    @property
    def is_gone(self) -> bool:
        """Whether it is missing now."""
        return self.events[-1].kind == GONE


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows are asked for: a person's, of an activity, on the days from `first` to `last` (serial numbers)."""

    who: str | None = None
    activity: str | None = None
    first: int | None = None
    last: int | None = None

    def takes(self, row: Activity) -> bool:
        """Whether the row is one of them."""
        return (
            (self.who is None or fold(self.who) == fold(row.who))
            and (self.activity is None or fold(self.activity) == fold(row.activity))
            and (self.first is None or self.first <= row.day)
            and (self.last is None or row.day <= self.last)
        )


def lives(entries: Iterable[Entry]) -> list[Life]:
    """The life of each row, in the order in which they were first seen."""
    came, went = _by_run(entries)
    found: list[Life] = []
    holder: dict[int, Life] = {}
    # The lives that ended, and those that went on as another row, by the mark of what is gone: the last one on top.
    ended: dict[str, list[Life]] = defaultdict(list)
    replaced: Counter[str] = Counter()
    for run in sorted({*came, *went}):
        arrived, missed = came.get(run, []), went.get(run, [])
        arrived = [entry for entry in arrived if not _came_back(entry, ended, holder)]
        pairs = paired([entry.activity for entry in missed], [entry.activity for entry in arrived])
        for old, new in pairs:
            life = holder.pop(missed[old].id)
            life.events.append(Event(run, CHANGED, missed[old].activity, arrived[new].activity))
            life.entry = arrived[new].id
            holder[life.entry] = life
            replaced[missed[old].mark] += 1
            replaced[arrived[new].mark] -= replaced[arrived[new].mark] > 0
        gone, fresh = {old for old, _ in pairs}, {new for _, new in pairs}
        for at, entry in enumerate(arrived):
            if at not in fresh:
                life = holder[entry.id] = Life(entry.id)
                kind = BACK if replaced[entry.mark] > 0 else NEW
                replaced[entry.mark] -= kind == BACK
                life.events.append(Event(run, kind, None, entry.activity))
                found.append(life)
        for at, entry in enumerate(missed):
            if at not in gone:
                life = holder.pop(entry.id)
                life.events.append(Event(run, GONE, entry.activity, None))
                ended[entry.mark].append(life)
    return found


def _by_run(entries: Iterable[Entry]) -> tuple[dict[int, list[Entry]], dict[int, list[Entry]]]:
    came: dict[int, list[Entry]] = defaultdict(list)
    went: dict[int, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=itemgetter(0)):
        came[entry.added].append(entry)
        if entry.removed is not None:
            went[entry.removed].append(entry)
    return came, went


def _came_back(entry: Entry, ended: Mapping[str, list[Life]], holder: dict[int, Life]) -> bool:
    """Whether a row like it had gone: then its life goes on."""
    if not ended.get(entry.mark):
        return False
    life = ended[entry.mark].pop()
    life.entry = entry.id
    life.events.append(Event(entry.added, BACK, None, entry.activity))
    holder[entry.id] = life
    return True


def with_reading(entries: Sequence[Entry], standing: Sequence[Activity], run: int) -> list[Entry]:
    """The entries as they would be if `run` had read these rows, in whatever order; new ones have ids below 0."""
    left: dict[str, list[Activity]] = defaultdict(list)
    for activity in standing:
        left[fingerprint(activity)].append(activity)
    after = []
    for entry in entries:
        if entry.removed is None and left.get(entry.mark):
            left[entry.mark].pop()
            after.append(entry)
        else:
            after.append(entry._replace(removed=run) if entry.removed is None else entry)
    more = [(mark, activity) for mark, activities in left.items() for activity in activities]
    return after + [Entry(-number, mark, row, run, None) for number, (mark, row) in enumerate(more, 1)]


def paired(gone: Sequence[Activity], came: Sequence[Activity]) -> list[tuple[int, int]]:
    """Which rows are one row, changed: positions in `gone` and in `came`, each at most once.

    Those that agree most are paired first; of equally good ones the first with the first.
    """
    if not gone or not came:
        return []
    codes: dict[object, int] = {}
    before = [_coded(row, codes) for row in gone]
    after = [_coded(row, codes) for row in came]
    old, new = dict(enumerate(before)), dict(enumerate(after))
    pairs: list[tuple[int, int]] = []
    for differing in (*_ONE_DIFFERS, *_TWO_DIFFER):
        agreeing = tuple(at for at in range(len(_FIELDS)) if at not in differing)
        told = _telling(differing)
        for match in list(_equal_in(itemgetter(*agreeing), old, new, told)):
            del old[match[0]], new[match[1]]
            pairs.append(match)
        if not old or not new:
            break
    return sorted(pairs)


def _coded(row: Activity, codes: dict[object, int]) -> Key:
    """The row's fields as numbers, the same for what a person would call the same; 0 where nothing is."""
    return tuple(
        0
        if value in ("", None)
        else codes.setdefault(value.casefold() if at in _TEXTS and isinstance(value, str) else value, len(codes) + 1)
        for at, value in enumerate(row)
    )


def _telling(differing: tuple[int, ...]) -> Callable[[Key], bool] | None:
    """Whether rows that agree in all other fields agree in enough of those that tell; None: they always do."""
    maybe = tuple(_MAYBE_BLANK.difference(differing))
    needed = 2 - len(_TELLING.difference(differing) - _MAYBE_BLANK) if len(differing) > 1 else 0
    needed = max(needed, not _RECURRING.isdisjoint(differing))
    return None if needed == 0 else lambda key: sum(key[at] != 0 for at in maybe) >= needed


def _equal_in(
    chosen: Callable[[Key], Key], old: dict[int, Key], new: dict[int, Key], told: Callable[[Key], bool] | None
) -> Iterator[tuple[int, int]]:
    """Pairs of positions whose chosen fields are equal."""
    waiting: dict[Key, list[int]] = defaultdict(list)
    for position in reversed(old):
        waiting[chosen(old[position])].append(position)
    for position, key in new.items():
        candidates = waiting.get(chosen(key))
        if candidates and (told is None or told(key)):
            yield candidates.pop(), position
