"""Where in the workbook an email leads: the tabs it speaks of, with their titles, links and questions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sheetsync.periods import Cadence
from sheetsync.rhythms import MET_ON, PARTNER
from sheetsync.template import Tab, WorkbookTemplate

_NOT_ASKED = frozenset({"period", "who", MET_ON})


@dataclass(frozen=True, slots=True)
class Question:
    """One column of a review tab that people fill in; `hint` is the column's note."""

    key: str
    title: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One tab as an email speaks of it; `link` is None when the workbook is a local file."""

    title: str
    link: str | None = None
    questions: tuple[Question, ...] = ()

    def open(self, said: Mapping[str, str]) -> tuple[Question, ...]:
        """The questions that have no answer yet."""
        return tuple(question for question in self.questions if not said.get(question.key))


NOWHERE = Sheet("")
"""Stands for a tab that a workbook does not have."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """The tabs of a workbook by what they are for. `home` is the workbook as a whole."""

    home: Sheet = NOWHERE
    people: Sheet = NOWHERE
    log: Sheet = NOWHERE
    tally: Sheet = NOWHERE
    daily: Sheet = NOWHERE
    weekly: Sheet = NOWHERE
    partner: Sheet = NOWHERE
    monthly: Sheet = NOWHERE
    quarterly: Sheet = NOWHERE
    annual: Sheet = NOWHERE
    problems: Sheet = NOWHERE


def find_sheets(
    template: WorkbookTemplate, titles: Mapping[str, str], link_of: Callable[[str], str | None]
) -> Sheets:
    """The tabs of a template; `titles` has what people renamed, `link_of` gives a tab's address ("": the workbook's).

    The tab for the talk with the partner may be the weekly one.
    """

    def sheet(tab: Tab | None) -> Sheet:
        if tab is None:
            return NOWHERE
        asked = [c for c in tab.columns if tab.role == "review" and not c.computed and c.key not in _NOT_ASKED]
        questions = tuple(Question(c.key, c.title, c.note) for c in asked)
        return Sheet(titles.get(tab.key, tab.title), link_of(tab.key), questions)

    def review(cadence: Cadence) -> Sheet:
        return sheet(template.first("review", cadence))

    weekly = list(template.with_role("review", Cadence.WEEK))
    partner = next((t for t in weekly if t.key == PARTNER or any(c.key == MET_ON for c in t.columns)), None)
    return Sheets(
        home=Sheet(template.title, link_of("")),
        people=sheet(template.first("people")),
        log=sheet(template.first("log")),
        tally=sheet(template.first("tally")),
        daily=review(Cadence.DAY),
        weekly=sheet(next((t for t in weekly if t is not partner), partner)),
        partner=sheet(partner or next(iter(weekly), None)),
        monthly=review(Cadence.MONTH),
        quarterly=review(Cadence.QUARTER),
        annual=review(Cadence.YEAR),
        problems=sheet(template.first("problems")),
    )
