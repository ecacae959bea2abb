"""Digests: what the partner reads is so, says how final it is, and makes for a conversation."""

from datetime import date

import pytest

from sheetsync.cells import Cell, serial
from sheetsync.digests import PartnerWeekly, Sheet, Sheets, weekly_digest
from sheetsync.periods import AsOf, Calendar
from sheetsync.reading import find_out
from tests.builders import understood

SHEETS = Sheets(home=Sheet("Goals", "https://x.org"), partner=Sheet("Partner", "https://x.org#gid=4"))
FRIDAY, SUNDAY = date(2026, 2, 13), date(2026, 2, 15)


def done(day: int, count: float, activity: str = "Call", month: int = 2) -> dict[str, Cell]:
    """A log row of Ann's."""
    return {"date": serial(date(2026, month, day)), "who": "Ann", "activity": activity, "count": count}


def digest(
    log: list[dict[str, Cell]],
    as_of: AsOf | None = None,
    week: str = "2026-W07",
    first: bool = False,
    **more: list[dict[str, Cell]],
) -> PartnerWeekly:
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
    return weekly_digest(findings, found.plan.people[0], period, found.reviews, SHEETS, first=first, each="Friday")


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
    assert silent.silent_since == date(2026, 1, 30) and silent.headline == "nothing logged"
    assert digest([done(9, 0)]).silent_since is None and "nothing" not in digest([done(9, 1)]).headline
    assert silent.score is None and silent.questions[0].startswith("How are you")
    never = digest([])
    assert never.silent_since is None and never.headline == "nothing logged"


@pytest.mark.parametrize(
    ("kept", "asked"), [("No", "What got in the way of last week’s promise"), (None, "Did you do what you promised")]
)
def test_a_promise_that_was_not_kept_is_asked_about(kept: Cell, asked: str) -> None:
    """What was in the way, not whether; and whether, while nothing was typed."""
    partner: list[dict[str, Cell]] = [
        {"period": "2026-W06", "who": "Ann", "next_action": "Ring Bo"},
        {"period": "2026-W07", "who": "Ann", "promise_kept": kept, "hassles": "No car"},
    ]
    assert digest([done(9, 4)], partner=partner).questions[1].startswith(asked)


def test_wins_are_what_was_met_and_kept() -> None:
    """A kept promise first, then what is met, with its run from the third week on; a miss is no win."""
    log = [done(day, 10, month=month) for month, day in ((1, 26), (2, 2), (2, 9))] + [done(9, 1, "Visit")]
    partner: list[dict[str, Cell]] = [
        {"period": "2026-W06", "who": "Ann", "next_action": "Ring Bo"},
        {"period": "2026-W07", "who": "Ann", "promise_kept": "Yes", "hassles": "No car"},
    ]
    found = digest(log, partner=partner)
    assert found.wins == ("Kept last week’s promise", "Call: 10 of 10 this week, 3 weeks in a row")
    assert (found.promise, found.kept) == ("Ring Bo", "Yes")
    assert [(hassle.text, hassle.age) for hassle in found.hassles] == [("No car", "")]


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
    assert found.headline == "a week off" and found.silent_since is None
    assert found.questions[0].startswith("How were the days off")


def test_only_ones_own_words_and_rows() -> None:
    """What somebody else logged or wrote is not in Ann's email."""
    partner: list[dict[str, Cell]] = [{"period": "2026-W07", "who": "Cy", "hassles": "secret"}]
    found = digest([done(9, 4), done(9, 99) | {"who": "Cy"}], partner=partner)
    assert found.hassles == () and found.activities[0].actual == 4


def test_a_past_week_is_read_as_it_was_then() -> None:
    """The digest of a week that is over, made later, still is of that week."""
    found = digest([done(9, 10), done(16, 3)], AsOf(date(2026, 2, 20), under_way=True))
    assert found.period == "2026-W07" and not found.so_far and found.activities[0].actual == 10


def test_the_first_email_explains_itself() -> None:
    """Who it is about, what it is and what to do with it; a later one says nothing of the kind."""
    welcome = " ".join(digest([done(9, 4)], first=True).welcome)
    assert "Ann has goals for this year and named you" in welcome and "no account" in welcome
    assert "you will get one each Friday" in welcome
    assert digest([done(9, 4)]).welcome == ()


def test_links_lead_to_the_very_tab() -> None:
    """The button goes to the partner's tab, the footer to the workbook; locally there is neither."""
    found = digest([done(9, 4)])
    assert (found.link, found.link_to, found.home) == ("https://x.org#gid=4", "Partner", "https://x.org")


def test_hassles_have_an_age() -> None:
    """The same words, however they are typed, count on; the oldest comes first, and “none” is none."""
    partner: list[dict[str, Cell]] = [
        {"period": "2026-W04", "who": "Ann", "hassles": "Legal is slow"},
        {"period": "2026-W05", "who": "Ann", "hassles": "legal is slow; no parking"},
        {"period": "2026-W07", "who": "Ann", "hassles": "- The printer\n- Legal is  slow!\n3. None worth naming"},
    ]
    found = digest([done(9, 4)], partner=partner).hassles
    assert [(h.text, h.weeks, h.since) for h in found] == [
        ("Legal is slow!", 4, "2026-W04"), ("The printer", 1, "2026-W07"),
    ]  # fmt: skip
    assert found[0].age == "for 4 weeks now, since 2026-W04" and found[1].age == ""


def test_a_hassle_that_went_away_starts_anew() -> None:
    """A week in which something else was named ends the count; weeks with nothing typed do not."""
    partner: list[dict[str, Cell]] = [
        {"period": f"2026-W0{n}", "who": "Ann", "hassles": text}
        for n, text in ((4, "Legal is slow"), (5, "The printer jams"), (6, "Legal is slow"), (7, "Legal is slow"))
    ]
    (hassle,) = digest([done(9, 4)], partner=partner).hassles
    assert (hassle.weeks, hassle.since) == (2, "2026-W06")
    questions = digest([done(9, 10), done(9, 5, "Visit")], partner=[p for p in partner if p["period"] != "2026-W05"])
    assert "“Legal is slow” has been in the way for 4 weeks" in questions.questions[1]


def test_last_weeks_hassles_stand_until_something_is_typed() -> None:
    """On the day of the talk nothing is typed yet: last week's hassles are asked about."""
    partner: list[dict[str, Cell]] = [{"period": "2026-W06", "who": "Ann", "hassles": "The printer"}]
    found = digest([done(9, 4)], partner=partner)
    assert [h.text for h in found.hassles] == ["The printer"] and found.hassles_week == "2026-W06"


def test_a_restated_week_is_said() -> None:
    """What was reported of last week and has changed since: both numbers, and only of what changed."""
    rows: dict[str, list[dict[str, Cell]]] = {
        "people": [{"name": "Ann"}],
        "activities": [{"activity": "Call", "target": 10}, {"activity": "Visit", "target": 5}],
        "log": [done(2, 10), done(2, 3, "Visit"), done(9, 1)],
    }
    found = understood(rows)
    reported = {("week", "2026-W06"): {("Ann", "activity", "Call"): 8.0, ("Ann", "activity", "Visit"): 3.0}}
    findings = find_out(found, AsOf(FRIDAY, under_way=True), reported)
    week = Calendar().parse("2026-W07")
    assert week
    said = weekly_digest(findings, found.plan.people[0], week, [], SHEETS).restated
    assert said == ("Call: last week is 10 now, 8 when it was reported",)


def test_a_new_goal_is_said_as_new() -> None:
    """What begins this week; not what was there from the plan's first day on, nor what only got another target."""
    activities: list[dict[str, Cell]] = [
        {"activity": "Call", "target": 10},
        {"activity": "Visit", "target": 5, "from": serial(date(2026, 2, 11))},
        {"activity": "Letter", "target": 2, "until": serial(date(2026, 2, 10))},
        {"activity": "Letter", "target": 4, "from": serial(date(2026, 2, 11))},
    ]
    found = digest([done(9, 4)], activities=activities, goals=[])
    assert [(line.name, line.news) for line in found.activities] == [
        ("Call", ""), ("Visit", "new since Wed 11 Feb"), ("Letter", ""),
    ]  # fmt: skip
    assert found.activities[1].change is None


def test_the_first_week_compares_with_nothing() -> None:
    """No week before, no change against days on which the person was not there."""
    people: list[dict[str, Cell]] = [{"name": "Ann", "from": serial(date(2026, 2, 9))}, {"name": "Cy"}]
    found = digest([done(9, 4)], people=people)
    assert found.last_score is None and [line.change for line in found.activities] == [None, None]


def test_nothing_due_reads_so() -> None:
    """Who has no targets is neither on track nor behind."""
    activities: list[dict[str, Cell]] = [{"activity": "Call"}, {"activity": "Visit"}, {"activity": "Order"}]
    found = digest([done(9, 4)], activities=activities, goals=[])
    assert found.headline == "no targets this week" and found.score is None and found.wins == ()
