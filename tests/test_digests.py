"""Digests: what the partner reads is so, says how final it is, and makes for a conversation."""

from dataclasses import replace
from datetime import date

import pytest

from sheetsync.cells import Cell, serial
from sheetsync.digests import Digest, weekly_digest
from sheetsync.periods import AsOf, Calendar
from sheetsync.reading import find_out
from tests.builders import understood

FRIDAY, SUNDAY = date(2026, 2, 13), date(2026, 2, 15)


def done(day: int, count: float, activity: str = "Call", month: int = 2) -> dict[str, Cell]:
    """A log row of Ann's."""
    return {"date": serial(date(2026, month, day)), "who": "Ann", "activity": activity, "count": count}


def digest(
    log: list[dict[str, Cell]], as_of: AsOf | None = None, week: str = "2026-W07", **more: list[dict[str, Cell]]
) -> Digest:
    """Ann's digest of a week, on its Friday with the day under way unless said otherwise."""
    rows: dict[str, list[dict[str, Cell]]] = {
        "people": [{"name": "Ann", "email": "ann@example.com", "partner": "Ben", "partner_email": "ben@example.com"},
                   {"name": "Cy"}],
        "goals": [{"goal": "Revenue", "measured_by": "Order", "target": 261}],
        "activities": [{"activity": "Call", "target": 10}, {"activity": "Visit", "target": 5}, {"activity": "Order"}],
        "log": log,
        **more,
    }  # fmt: skip
    found = understood(rows)
    period = Calendar().parse(week)
    assert period
    findings = find_out(found, as_of or AsOf(FRIDAY, under_way=True))
    return weekly_digest(findings, found.plan.people[0], period, found.reviews, None)


def test_while_the_week_is_under_way_it_is_so_far() -> None:
    """On Friday nothing is final; on Sunday evening it is."""
    log = [done(9, 4)]
    friday, sunday = digest(log), digest(log, AsOf(SUNDAY, under_way=False))
    assert friday.so_far and not sunday.so_far
    call, closed = friday.activities[0], sunday.activities[0]
    assert call.sentence == "4 of 10 so far; 8 expected by Thursday’s end; 4 behind; 6 a day needed; at this rate 5"
    assert closed.sentence == "4 of 10; 6 short" and closed.pace_share is None


def test_the_rows_of_a_digest() -> None:
    """Activities of the week, the goal in its quarter and its year; what has no target and no row is left out."""
    found = digest([done(9, 4)])
    assert [(line.name, line.period) for line in found.activities] == [("Call", "2026-W07"), ("Visit", "2026-W07")]
    assert [(line.name, line.period) for line in found.goals] == [("Revenue", "2026-Q1"), ("Revenue", "2026")]


@pytest.mark.parametrize("log", [[], [done(9, 0)], [done(9, 20), done(10, 20, "Visit")]])
def test_always_three_questions(log: list[dict[str, Cell]]) -> None:
    """Whatever the week was, there are three different questions."""
    questions = digest(log).questions
    assert len(questions) == len(set(questions)) == 3 and all(q.endswith("?") for q in questions)


def test_the_first_question_is_about_what_is_most_behind() -> None:
    """Visits at 0 of 5 before calls at 4 of 10; with everything met, about keeping it that way."""
    assert "“Visit”" in digest([done(9, 4)]).questions[0]
    assert "keep it that way" in digest([done(9, 10), done(9, 5, "Visit")]).questions[0]


def test_a_silent_week_says_since_when() -> None:
    """The last day with a row is named; a week with one is not silent; nothing ever is none."""
    silent = digest([done(30, 3, month=1)])
    assert silent.silent_since == date(2026, 1, 30) and silent.headline == "nothing logged this week"
    assert digest([done(9, 0)]).silent_since is None and "nothing" not in digest([done(9, 1)]).headline
    never = digest([])
    assert never.silent_since is None and never.headline == "nothing logged this week"


def test_wins_are_what_was_met_and_kept() -> None:
    """A kept promise first, then what is met, with its run from the third week on; a miss is no win."""
    log = [done(day, 10, month=month) for month, day in ((1, 26), (2, 2), (2, 9))] + [done(9, 1, "Visit")]
    partner: list[dict[str, Cell]] = [
        {"period": "2026-W06", "who": "Ann", "next_action": "Ring Bo"},
        {"period": "2026-W07", "who": "Ann", "promise_kept": "Yes", "hassles": "No car"},
    ]
    found = digest(log, partner=partner)
    assert found.wins == ("Kept last week’s promise", "Call: 10 of 10 this week, 3 weeks in a row")
    assert (found.promise, found.kept, found.hassles) == ("Ring Bo", "Yes", "No car")


def test_change_and_history() -> None:
    """Against the week before, and the last weeks' attainment, oldest first, at most thirteen."""
    call = digest([done(2, 6), done(9, 4)]).activities[0]
    assert call.change == -2 and call.history[-2:] == (0.6, 0.4) and len(call.history) == 7
    assert len(digest([], AsOf(date(2026, 12, 30), under_way=True), "2026-W53").activities[0].history) == 13


def test_the_headline_never_reads_better_than_it_is() -> None:
    """Everything on track only when all is; what is all but reached reads as neither."""
    assert digest([done(9, 4)]).headline.startswith("0 of 2 on track")
    assert digest([done(9, 10), done(9, 5, "Visit")]).headline.startswith("everything on track")
    nearly = digest([done(9, 9.99), done(9, 5, "Visit")], AsOf(SUNDAY, under_way=False))
    assert nearly.headline.startswith("1 of 2 on track") and "100 %" not in nearly.headline


def test_time_off_of_this_week_and_the_next_is_announced() -> None:
    """The partner knows before; half days say so; what is over or far away is not said."""
    off: list[dict[str, Cell]] = [
        {"who": "Ann", "from": serial(date(2026, 2, 19)), "until": serial(date(2026, 2, 20))},
        {"from": serial(date(2026, 2, 9)), "part": 0.5},
        {"who": "Ann", "from": serial(date(2026, 2, 23))},
        {"who": "Cy", "from": serial(date(2026, 2, 12))},
    ]
    assert digest([], time_off=off).time_off == ("Thu 19 Feb – Fri 20 Feb", "Mon 9 Feb (half days)")


def test_a_week_off_is_not_a_failed_week() -> None:
    """All days off: no target, nothing to be behind on, no score of 0."""
    off: list[dict[str, Cell]] = [{"who": "Ann", "from": serial(date(2026, 2, 9)), "until": serial(FRIDAY)}]
    found = digest([done(4, 9)], AsOf(SUNDAY, under_way=False), time_off=off)
    assert found.activities == () and found.score is None


def test_only_ones_own_words_and_rows() -> None:
    """What somebody else logged or wrote is not in Ann's email."""
    partner: list[dict[str, Cell]] = [{"period": "2026-W07", "who": "Cy", "hassles": "secret"}]
    found = digest([done(9, 4), done(9, 99) | {"who": "Cy"}], partner=partner)
    assert found.hassles == "" and found.activities[0].actual == 4


def test_a_past_week_is_read_as_it_was_then() -> None:
    """The digest of a week that is over, made later, still is of that week."""
    found = digest([done(9, 10), done(16, 3)], AsOf(date(2026, 2, 20), under_way=True))
    assert found.week == "2026-W07" and not found.so_far and found.activities[0].actual == 10
    assert replace(found, link="x").link == "x"
