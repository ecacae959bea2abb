"""The emails of a day: what it asks for in the morning, a kind question in the evening."""

from datetime import date

from sheetsync.cells import Cell, serial
from sheetsync.digests import Evening, Morning, Question, Sheet, Sheets, evening_digest, morning_digest
from sheetsync.periods import AsOf, Cadence, Calendar
from sheetsync.reading import find_out
from tests.builders import understood

THURSDAY, FRIDAY = date(2026, 2, 12), date(2026, 2, 13)
SHEETS = Sheets(
    log=Sheet("Log"), tally=Sheet("Tally"),
    daily=Sheet("Daily", None, (Question("plan", "Today"), Question("review", "How"), Question("next", "Tomorrow"))),
)  # fmt: skip
Row = dict[str, Cell]


def rows(**more: list[Row]) -> dict[str, list[Row]]:
    """Ann with ten calls a week, two letters a working day, and an article a month."""
    common: dict[str, list[Row]] = {
        "people": [{"name": "Ann", "email": "ann@example.com", "partner": "Ben"}],
        "activities": [
            {"activity": "Call", "target": 10},
            {"activity": "Letter", "target": 2, "every": "working day"},
            {"activity": "Article", "target": 1, "every": "month"},
        ],
    }
    return common | more


def logged(day: date, activity: str, count: float) -> Row:
    """A row of the log."""
    return {"date": serial(day), "who": "Ann", "activity": activity, "count": count}


def morning(day: date = THURSDAY, **more: list[Row]) -> Morning:
    """Ann's morning."""
    found = understood(rows(**more), today=day)
    findings, today = find_out(found, AsOf(day, under_way=True)), Calendar().containing(Cadence.DAY, day)
    return morning_digest(findings, found.plan.people[0], today, found.reviews, SHEETS)


def evening(day: date = THURSDAY, **more: list[Row]) -> Evening:
    """Ann's evening."""
    found = understood(rows(**more), today=day)
    findings, today = find_out(found, AsOf(day, under_way=True)), Calendar().containing(Cadence.DAY, day)
    return evening_digest(findings, found.plan.people[0], today, found.reviews, SHEETS)


def test_a_morning_says_what_the_day_asks_for() -> None:
    """What is missing by tonight, activity by activity, and how each stands in its own period."""
    found = morning(log=[logged(date(2026, 2, 9), "Call", 5), logged(THURSDAY, "Letter", 0.5)])
    assert [(ask.name, ask.amount, ask.standing) for ask in found.asks] == [
        ("Call", "3", "5 of 10 this week so far"), ("Letter", "1.5", "0.5 of 2 today so far"),
    ]  # fmt: skip
    assert found.headline == "3 × Call, 1.5 × Letter" and found.reader == "Ann"


def test_nothing_due_is_said_as_good_news() -> None:
    """Whoever is ahead is told so, and what comes next."""
    found = morning(log=[logged(date(2026, 2, 9), "Call", 9), logged(THURSDAY, "Letter", 2)])
    assert found.asks == () and found.headline == "nothing is due, you are ahead"
    assert found.ahead[0] == "Call: 1 by Fri 13 Feb"


def test_what_was_planned() -> None:
    """This morning's own row beats what was written the evening before, be it over the weekend."""
    before: Row = {"period": serial(THURSDAY), "who": "Ann", "next": "Ring Bo"}
    assert morning(FRIDAY, daily=[before]).planned == "Ring Bo"
    own: Row = {"period": serial(FRIDAY), "who": "Ann", "plan": "Rest"}
    assert morning(FRIDAY, daily=[before, own]).planned == "Rest"
    on_friday: Row = {"period": serial(FRIDAY), "who": "Ann", "next": "Ring Cy"}
    assert morning(date(2026, 2, 16), daily=[before, on_friday]).planned == "Ring Cy"
    assert morning(date(2026, 2, 17), daily=[before, on_friday]).planned == ""


def test_the_promise_and_when_it_is_asked_about() -> None:
    """Last week's until the talk; after it the new one, until the next talk; a kept one is done."""
    last: Row = {"period": "2026-W06", "who": "Ann", "next_action": "Write to Bo"}
    new: Row = {"period": "2026-W07", "who": "Ann", "next_action": "Visit Bo"}
    people: list[Row] = [{"name": "Ann", "partner": "Ben", "partner_day": "Wednesday"}]
    found = morning(partner=[last])
    assert (found.promise, found.deadline, found.partner) == ("Write to Bo", FRIDAY, "Ben")
    found = morning(partner=[last, new], people=people)
    assert (found.promise, found.deadline) == ("Visit Bo", date(2026, 2, 18))
    assert morning(partner=[last, {"period": "2026-W07", "who": "Ann", "promise_kept": "yes"}]).promise == ""
    late = morning(partner=[last], people=people)
    assert (late.promise, late.deadline) == ("Write to Bo", None)


def test_an_evening_is_kind_and_short() -> None:
    """One question, how to log, and what the next working day asks for; every day another question."""
    found = evening()
    assert found.question.endswith("?") and found.question != evening(FRIDAY).question
    assert "“Tally”" in found.steps[0] and "a 0 says so" in found.steps[-1]
    assert found.next_day == FRIDAY and found.tomorrow == ("Call: 10", "Letter: 2")
    assert [question.key for question in found.questions] == ["plan", "review", "next"]


def test_an_evening_before_a_new_week() -> None:
    """Monday's part of the new week; a month that begins asks for nothing yet."""
    found = evening(FRIDAY, log=[logged(FRIDAY, "Call", 10)])
    assert found.next_day == date(2026, 2, 16) and found.tomorrow == ("Call: 2", "Letter: 2")


def test_an_evening_before_days_off() -> None:
    """The next working day is named, not tomorrow."""
    off: list[Row] = [{"who": "Ann", "from": serial(date(2026, 2, 16)), "until": serial(date(2026, 2, 17))}]
    assert evening(FRIDAY, time_off=off).next_day == date(2026, 2, 18)
    year_off: list[Row] = [{"who": "Ann", "from": serial(FRIDAY), "until": serial(date(2026, 12, 31))}]
    assert evening(time_off=year_off).next_day is None


def test_answers_are_not_asked_for_twice() -> None:
    """What was typed for the day is left out of the questions, and tomorrow's plan is shown."""
    daily: Row = {"period": serial(THURSDAY), "who": "Ann", "plan": "Ring Bo", "next": "Rest"}
    found = evening(daily=[daily])
    assert (found.planned, found.plan) == ("Ring Bo", "Rest")
    assert [question.key for question in found.questions] == ["review"]
