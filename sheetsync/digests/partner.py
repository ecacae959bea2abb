"""The weekly email to the partner: one week of a person's, made for a conversation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sheetsync.digests.frame import STOP_PARTNER, Digest, answers, days_off, in_period, score_of, works
from sheetsync.digests.hassles import Hassle, hassles_of
from sheetsync.digests.lines import Line, lines_of, restated, standing, wins_of
from sheetsync.digests.sheets import Sheets
from sheetsync.findings import Findings
from sheetsync.people import Person
from sheetsync.periods import Cadence, Period
from sheetsync.reviews import Review
from sheetsync.scores import BEHIND

_LONG_STANDING = 3  # weeks
_NOT_KEPT = frozenset({"no", "partly"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerWeekly(Digest):
    """What the partner (`reader`) of a person reads about a week.

    `welcome` explains the first email, one sentence each; () in later ones. `score` is 0 to 1, `last_score` the week
    before's. `silent_since` is the last day with a logged row when the week has none. `promise` is last week's next
    action and `kept` what was typed about it; `next_action` is this week's, as typed. `hassles` are those named in
    `hassles_week`: this one, or the one before while nothing is typed. `restated` says what changed in last week's
    numbers since they were reported.
    """

    welcome: tuple[str, ...]
    score: float | None
    last_score: float | None
    wins: tuple[str, ...]
    restated: tuple[str, ...]
    goals: tuple[Line, ...]
    activities: tuple[Line, ...]
    progress: str
    hassles: tuple[Hassle, ...]
    hassles_week: str
    promise: str
    kept: str
    next_action: str
    questions: tuple[str, ...]
    silent_since: date | None
    time_off: tuple[str, ...]


def weekly_digest(
    findings: Findings,
    person: Person,
    week: Period,
    reviews: Iterable[Review],
    sheets: Sheets,
    *,
    first: bool = False,
    each: str = "week",
) -> PartnerWeekly:
    """What the partner reads about one week, from findings for a day in or after that week.

    `first`: the partner never got one about this person; `each`: when they get one, such as "Friday".
    """
    calendar = findings.plan.calendar
    mine = [r for r in reviews if r.who == person.name and r.cadence is Cadence.WEEK]
    before = calendar.previous(week)
    said, promised = (answers(mine, person.name, Cadence.WEEK, period.label) for period in (week, before))
    hassles_week = week if said.get("hassles") else before
    hassles = tuple(hassles_of(mine, calendar, hassles_week))
    lines = lines_of(findings, person, week)
    goals = tuple(line for line in lines if line.kind == "goal")
    activities = tuple(line for line in lines if line.kind == "activity")
    is_off = not works(findings.plan, person, week.start, week.end)
    logged = findings.last_logged.get(person.name)
    is_silent = logged is None or logged < week.start
    fields: dict[str, Any] = in_period(week, findings.as_of)
    return PartnerWeekly(
        kind="partner-weekly",
        reader=person.partner,
        person=person.name,
        person_email=person.email,
        headline=_headline(activities, is_off=is_off, is_silent=is_silent),
        link=sheets.partner.link,
        link_to=sheets.partner.title,
        home=sheets.home.link,
        reason=_reason(person, each),
        stop=STOP_PARTNER,
        welcome=_welcome(person, each) if first else (),
        score=None if is_silent else score_of(findings, person, week.label),
        last_score=score_of(findings, person, before.label),
        wins=wins_of([*goals, *activities], said),
        restated=restated(findings, person, week),
        goals=goals,
        activities=activities,
        progress=said.get("progress", ""),
        hassles=hassles,
        hassles_week=hassles_week.label,
        promise=promised.get("next_action", ""),
        kept=said.get("promise_kept", ""),
        next_action=said.get("next_action", ""),
        questions=_questions(_opening(activities, is_off=is_off, is_silent=is_silent), hassles, said, promised),
        silent_since=logged if is_silent and not is_off else None,
        time_off=days_off(findings.plan.times_off, person.name, week.start, calendar.next(week).end),
        **fields,
    )


def _headline(activities: Sequence[Line], *, is_off: bool, is_silent: bool) -> str:
    if is_off:
        return "a week off"
    return "nothing logged" if is_silent else standing(activities, "week")


def _reason(person: Person, each: str) -> str:
    return f"sheetsync sends you this each {each} because {person.name} named you as partner for the year’s goals."


def _welcome(person: Person, each: str) -> tuple[str, ...]:
    who = person.name
    return (
        f"{who} has goals for this year and named you as the partner to talk about them with. This is the first of "
        f"these emails; you will get one each {each}.",
        f"What you can do with it: talk for a quarter of an hour. Ask {who} one of the questions below, and what the "
        "one next action is. You need no account, and nothing is asked of you but interest.",
        "The numbers are what was done against what was planned by now, counted from what "
        f"{who} logged. If you would rather not get these, just reply.",
    )


def _opening(activities: Sequence[Line], *, is_off: bool, is_silent: bool) -> str:
    """The first question: about what the week was."""
    if is_off:
        return "How were the days off, and what are you looking forward to now?"
    if is_silent:
        return "How are you, and what happened this week that is not in the log?"
    behind = [line for line in activities if line.status in BEHIND and line.share is not None]
    worst = min(behind, key=lambda line: line.share or 0.0, default=None)
    if worst is not None:
        return f"What got in the way of “{worst.name}”, and what would make it easier next week?"
    return "What made this week work, and how do you keep it that way?"


def _questions(
    first: str, hassles: Sequence[Hassle], said: Mapping[str, str], promised: Mapping[str, str]
) -> tuple[str, str, str]:
    """Three questions for the conversation, from what the week shows."""
    kept = said.get("promise_kept", "").casefold()
    if promised.get("next_action") and kept in _NOT_KEPT:
        second = "What got in the way of last week’s promise, and is it still worth doing?"
    elif promised.get("next_action") and not kept:
        second = "Did you do what you promised last week? What did you learn?"
    elif hassles and hassles[0].weeks >= _LONG_STANDING:
        second = (
            f"“{hassles[0].text}” has been in the way for {hassles[0].weeks} weeks: what would remove it for good?"
        )
    elif hassles:
        second = "Which of your hassles is yours to remove, and by when?"
    else:
        second = "What was the best conversation you had, and why did it go well?"
    third = (
        "What else would make your next action certain to happen?"
        if said.get("next_action")
        else "Which one action do you promise for next week?"
    )
    return first, second, third
