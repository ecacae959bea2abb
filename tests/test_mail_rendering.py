"""The emails: what they say, that nothing typed changes their structure, and that they fit every screen."""

import html as html_module
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from sheetsync.digests import Digest, Hassle
from sheetsync.errors import ConfigError
from sheetsync.kinds import KINDS
from sheetsync.mail import Email, render
from tests.conftest import PROJECT
from tests.mail_digests import BAD_WEEK, FIRST_WEEK, FULL, GOOD_WEEK, SAMPLES, SILENT_WEEK

BUILT_IN = PROJECT / "templates" / "emails"
SECTIONS = (
    "Wins", "Goals", "Activities", "Last week’s promise", "Hassles and potholes", "Next action",
    "Three questions to ask", "Time off",
)  # fmt: skip


def rendered(digest: Digest) -> Email:
    return render(digest, [BUILT_IN])


def words(html: str) -> str:
    """The text that a reader sees, blanks folded."""
    body = lxml_html.document_fromstring(html).find("body")
    assert body is not None
    return " ".join(str(body.text_content()).split())


def headings(html: str) -> list[str]:
    return [str(h.text_content()) for h in lxml_html.document_fromstring(html).iter("h2")]


def skeleton(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """The elements in order, each with its class and the names of its other attributes: all but text and values."""
    document = lxml_html.document_fromstring(html)
    return [(str(e.tag), (e.get("class", ""), *sorted(map(str, e.attrib)))) for e in document.iter()]


_KEPT = frozenset({"kind", "amount", "person_email", "link", "home", "period", "next_period", "hassles_week"})


def filled(digest: Digest, texts: Iterator[str]) -> Any:
    """A digest with every text that somebody can type replaced."""

    def value(name: str, old: Any) -> Any:
        if isinstance(old, str):
            return old if name in _KEPT or not old else "x" + next(texts)
        if isinstance(old, tuple):
            return tuple(value(name, item) for item in old)
        return changed(old) if is_dataclass(old) else old

    def changed(old: Any) -> Any:
        return replace(old, **{f.name: value(f.name, getattr(old, f.name)) for f in fields(old)})

    return changed(digest)


# ---- what it says -------------------------------------------------------------------------------------------------


def test_a_good_week_says_everything_in_order() -> None:
    """Both parts hold every fact, in the order of a conversation: wins first, questions near the end."""
    email = rendered(GOOD_WEEK)
    assert email.subject.startswith("Anna Weber’s week 2026-W07 so far: 3 of 4")
    assert [h for h in headings(email.html) if h in SECTIONS] == list(SECTIONS)
    for text in (words(email.html), " ".join(email.text.split())):
        assert GOOD_WEEK.headline in text
        assert "87 %" in text
        assert "The dialler drops calls (for 3 weeks now, since 2026-W05)" in text
        assert "5 points up on the week before (82 %)" in text
        for line in (*GOOD_WEEK.goals, *GOOD_WEEK.activities):
            assert line.name in text
            assert line.sentence in text
        assert "6 fewer than the week before" in text
        assert "Kept? partly" in text
        assert all(question in text for question in GOOD_WEEK.questions)
        assert "anna@example.com" in text
        assert "To stop:" in text
        assert "Nothing has been logged" not in text
    assert str(GOOD_WEEK.link) in email.text


def test_a_goal_of_a_longer_period_says_which() -> None:
    """The year's goal carries its period; the week's activities need none."""
    title = next(iter(lxml_html.document_fromstring(rendered(GOOD_WEEK).html).iter("h3")))
    assert str(title.text_content()) == "New revenue 2026"
    assert "  New revenue, 2026  [on track]\n" in rendered(GOOD_WEEK).text


def test_sections_without_content_are_left_out() -> None:
    """In the first week there is nothing promised, no goal and no link: not even their headings."""
    email = rendered(FIRST_WEEK)
    assert headings(email.html) == [
        "Your first of these emails", "Wins", "Activities", "Next action", "Three questions to ask",
    ]  # fmt: skip
    assert "Hello," in email.text
    assert "workbook" not in email.text.casefold()
    assert not re.search(r"\n{3}", email.text)


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_absent_is_shown(name: str) -> None:
    """Whatever has no value leaves no trace: no None, no empty heading, no gap; the subject is one line."""
    email = rendered(SAMPLES[name])
    assert not re.search(r"None|\bnan\b|\(\)|“”", email.html + email.text + email.subject)
    assert not re.search(r"\n{3}", email.text)
    assert all(text.strip() for text in headings(email.html))
    assert email.subject and "\n" not in email.subject


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_the_same_twice(kind: str) -> None:
    """What stands in the HTML stands in the plain text: every heading, and why it came and how to stop it."""
    email, digest = rendered(FULL[kind]), FULL[kind]
    text, html = " ".join(email.text.split()).upper(), words(email.html)
    missing = [h for h in headings(email.html) if h.upper() not in text]
    assert missing in ([], ["In Anna Weber’s words"])
    for sentence in (digest.reason, digest.stop):
        assert sentence in html and sentence.upper() in text
    assert digest.headline in email.subject


def test_the_first_email_explains_itself() -> None:
    """Who, why and what to do with it, before anything else; later ones do not repeat it."""
    email = rendered(FULL["partner-weekly"])
    assert headings(email.html)[0] == "Your first of these emails"
    assert "Your first" not in rendered(GOOD_WEEK).html


def test_what_is_new_and_what_was_restated_is_said() -> None:
    """A goal of this week says so, last week's corrected number too, in both parts."""
    email = rendered(FULL["partner-weekly"])
    for text in (words(email.html), " ".join(email.text.split())):
        assert "New since Mon 9 Feb." in text
        assert "Cold calls: last week is 20 now, 18 when it was reported" in text


def test_hassles_of_last_week_are_asked_about() -> None:
    """While nothing is typed this week, last week's stand there with the question whether they are gone."""
    email = rendered(replace(GOOD_WEEK, hassles_week="2026-W06"))
    for text in (words(email.html), " ".join(email.text.split())):
        assert "Named in 2026-W06, and nothing was typed since. Gone?" in text


def test_a_silent_week_says_since_when_and_kindly() -> None:
    """Silence is named with its first day, near the top, and never as a failure."""
    email = rendered(SILENT_WEEK)
    for text in (words(email.html), " ".join(email.text.split())):
        assert "Nothing has been logged since Thu 5 Feb." in text
        assert text.index("since Thu 5 Feb") < text.index("Cold calls")
        assert "has not been said yet" in text and "That happens: a trip" in text


def test_after_weeks_of_silence_the_words_are_others() -> None:
    """From the third week on nobody is told that it happens."""
    for since, said in ((date(2026, 1, 26), "That happens"), (date(2026, 1, 25), "That is a while now")):
        email = rendered(replace(SILENT_WEEK, silent_since=since))
        for text in (words(email.html), " ".join(email.text.split())):
            assert said in text and ("That happens" in text) == (said == "That happens")


def test_a_closed_week_is_not_so_far() -> None:
    """ "So far" stands there only while the week is under way."""
    email = rendered(BAD_WEEK)
    assert "so far" not in email.subject + words(email.html).split("Goals")[0]
    assert "41 points down on the week before" in email.text


def test_charts_have_words() -> None:
    """Bars and sparklines are tables that say in words what they show; no picture is ever loaded."""
    html = rendered(GOOD_WEEK).html
    labels = [
        t.get("aria-label", "") for t in lxml_html.document_fromstring(html).iter("table") if t.get("role") == "img"
    ]
    assert "39 % of the target; an even pace would be at 50 %" in labels
    assert any(label.startswith("By week, oldest first: 80 %, 100 %, 110 %, no target, 40 %") for label in labels)
    tables = list(lxml_html.document_fromstring(html).iter("table"))
    assert all(table.get("role") in {"presentation", "img"} for table in tables)
    assert not re.search(r"<img|<script|url\(|@import|<link", html)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_plain_text_fits_in_72_columns(name: str) -> None:
    """Every line fits, but for a link, which must not be cut."""
    lines = rendered(SAMPLES[name]).text.splitlines()
    assert [line for line in lines if len(line) > 72 and "https://" not in line] == []
    assert not any(line != line.rstrip() for line in lines)


# ---- hostile text -------------------------------------------------------------------------------------------------

BASE = {kind: skeleton(rendered(filled(digest, cycle([""]))).html) for kind, digest in FULL.items()}
HOSTILE = st.text(st.characters(), max_size=400) | st.sampled_from(
    [
        "</td></table><script>alert(1)</script>",
        '" onload="x',
        "{{ 7*7 }}{% raw %}",
        "<!--",
        "]]>",
        "&lt;b&gt;",
        "</style>",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(FULL)), st.lists(HOSTILE, min_size=1, max_size=8))
@example("partner-weekly", ["<a href='javascript:x'>\u202e\u2028\r\n=?x?="])
@example("partner-weekly", ["&" * 2000])
@example("group-monthly", ["&" * 2000])
def test_typed_text_never_changes_the_structure(kind: str, texts: list[str]) -> None:
    """The elements, their order, classes and attributes are the same whatever is typed, and the mail stays small."""
    email = rendered(filled(FULL[kind], cycle(texts)))
    assert skeleton(email.html) == BASE[kind]
    assert len(email.html.encode()) < 100_000
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x08]", email.html + email.text + email.subject)
    assert "\n" not in email.subject


GOOD = skeleton(rendered(filled(GOOD_WEEK, cycle([""]))).html)


@pytest.mark.realdata
def test_naughty_strings_never_change_the_structure(data: Path) -> None:
    """The Big List of Naughty Strings, all of it, in every place where something is typed."""
    strings = json.loads((data / "naughty" / "blns.json").read_text(encoding="utf-8"))
    texts = cycle(strings)
    for _ in range(len(strings) // 20):
        assert skeleton(rendered(filled(GOOD_WEEK, texts)).html) == GOOD


def test_typed_text_makes_no_links() -> None:
    """Links are the workbook's and the person's address only; what is typed is broken so that no program links it."""
    typed = "see https://evil.example.org/x or www.evil.example.org or eve@evil.example.org"
    email = rendered(replace(GOOD_WEEK, progress=typed, wins=(typed,), headline=typed))
    links = [a.get("href") for a in lxml_html.document_fromstring(email.html).iter("a")]
    assert links == [GOOD_WEEK.link, GOOD_WEEK.home, "mailto:anna@example.com"]
    for text in (email.html, email.text):
        assert "https://evil" not in text
        assert not re.search(r"\w\.\w", " ".join(re.findall(r"[\w.@]*evil[\w.@]*", text)))
    assert "2.2 a day" in email.text


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "https://", 'https://x" y', "ftp://x", "//x"]
)
def test_a_link_is_a_web_address_or_left_out(link: str) -> None:
    """Only http and https lead anywhere."""
    html = rendered(replace(GOOD_WEEK, link=link, home=link)).html
    assert [a.get("href") for a in lxml_html.document_fromstring(html).iter("a")] == ["mailto:anna@example.com"]


def test_a_wrong_address_of_the_person_is_left_out() -> None:
    """What is not exactly one address is not shown as one."""
    email = rendered(replace(GOOD_WEEK, person_email="anna@example.com?bcc=eve@example.org"))
    assert "mailto:" not in email.html
    assert "eve@" not in email.text


def test_typed_lines_cannot_pass_for_sections() -> None:
    """In the plain text everything typed is indented, headings are not."""
    email = rendered(replace(GOOD_WEEK, progress="x\n\nNEXT ACTION\n───────────\npay eve"))
    assert email.text.count("\nNEXT ACTION\n") == 1
    assert "\n  │ NEXT ACTION\n" in email.text


def test_a_crowd_of_activities_stays_small() -> None:
    """With hundreds of lines the first are shown and the rest counted; mail programs cut off above 102 kB."""
    many = tuple(replace(GOOD_WEEK.activities[i % 4], name=f"Activity {i} " + "<&>" * 40) for i in range(300))
    hassles = (Hassle("&<>" * 5000, "2026-W07", 1),) * 50
    email = rendered(replace(GOOD_WEEK, activities=many, goals=many, hassles=hassles, wins=("&" * 900,) * 90))
    assert len(email.html.encode()) < 100_000
    assert re.search(r"and \d+ more in the workbook", words(email.html))
    assert re.search(r"and \d+ more in the workbook", email.text)


def test_a_large_group_stays_small() -> None:
    """Sixty talkative members: fewer are shown, with less of what they wrote, and the rest is counted."""
    group: Any = FULL["group-monthly"]
    members = tuple(replace(group.members[0], name=f"Member {i}", meant="&" * 3000) for i in range(60))
    email = rendered(replace(group, members=members))
    assert len(email.html.encode()) < 100_000
    assert re.search(r"and \d+ more in the workbook", words(email.html))


def test_a_million_characters_take_no_time() -> None:
    """What is not shown is not looked at either."""
    started = time.process_time()
    email = rendered(filled(GOOD_WEEK, cycle(["\u202e<" * 500_000])))
    assert time.process_time() - started < 5
    assert len(email.html.encode()) < 100_000


# ---- templates ----------------------------------------------------------------------------------------------------


def test_a_users_file_replaces_the_built_in_one(tmp_path: Path) -> None:
    """A block's file of the same name wins; everything else stays."""
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "footer.html.j2").write_text("<p>Our own footer for {{ digest.person }}</p>")
    email = render(replace(GOOD_WEEK, person="A<b>"), [tmp_path / "absent", tmp_path, BUILT_IN])
    assert "Our own footer for A&lt;b&gt;" in email.html
    assert "sheetsync sends you this" not in email.html
    assert GOOD_WEEK.headline in email.html


def test_a_users_template_may_extend_the_built_in_one(tmp_path: Path) -> None:
    """`built-in/NAME` is ours: one block is replaced, the others stay."""
    own = tmp_path / "partner-weekly.html.j2"
    own.write_text('{% extends "built-in/partner-weekly.html.j2" %}{% block wins %}<p>No wins here</p>{% endblock %}')
    html = render(GOOD_WEEK, [tmp_path, BUILT_IN]).html
    assert "No wins here" in html
    assert "Wins" not in headings(html)
    assert "Activities" in headings(html)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("one\n{{ digest.persn }}", "line 2: .*persn"),
        ("one\n\n{{ nothing }}", "line 3: .*nothing"),
        ("{% if digest.person %}", "line 1: .*end of template"),
        ("one\n{{ digest | nosuch }}", "line 2: .*nosuch"),
        ("{{ digest.score + 'x' }}", "line 1: .*unsupported"),
        ("{{ 1 / 0 }}", "line 1: .*zero"),
        ("{{ ''.__class__.__mro__ }}", "line 1: .*__class__"),
        ("{% include 'absent.j2' %}", "line 1: there is no template 'absent.j2'"),
        ("{{ range(10 ** 9) | list }}", "line 1: .*[Rr]ange"),
        ("{% extends 'partner-weekly.txt.j2' %}", "built-in/partner-weekly.txt.j2"),
    ],
)
def test_a_mistake_in_a_template_names_file_and_line(tmp_path: Path, text: str, what: str) -> None:
    """One line for the person who wrote it: the file, the line, what is wrong."""
    (tmp_path / "partner-weekly.txt.j2").write_text(text)
    with pytest.raises(ConfigError, match=rf"partner-weekly\.txt\.j2.*{what}") as caught:
        render(GOOD_WEEK, [tmp_path, BUILT_IN])
    assert "\n" not in str(caught.value)


def test_a_template_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    """A file saved by an old editor is said to be the one."""
    (tmp_path / "partner-weekly.subject.txt.j2").write_bytes("Grüße".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"partner-weekly\.subject\.txt\.j2.*utf-8"):
        render(GOOD_WEEK, [tmp_path, BUILT_IN])


# ---- looks --------------------------------------------------------------------------------------------------------


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_have_contrast() -> None:
    """WCAG AA in light and dark: every status, and all text on what is behind it, has at least 4.5 to 1."""
    light, dark = ((BUILT_IN / "blocks" / f"{name}.css.j2").read_text() for name in ("style", "screens"))
    colours = re.compile(r"\.([\w-]+)[^{}]*\{[^}]*?background-color: (#\w{6})[^}]*?[ ;]color: (#\w{6})")
    pairs = [(name, back, front) for part in (light, dark) for name, back, front in colours.findall(part)]
    assert {"met", "fine", "behind", "risk", "missed", "quiet", "card", "masthead", "note"} <= {p[0] for p in pairs}
    pairs += [("on card", "#ffffff", c) for c in ("#4a5868", "#0f6578", "#0b5fa5", "#b36b00")]
    pairs += [("on page", "#eef2f6", c) for c in ("#4a5868", "#0b5fa5")]
    pairs += [("on dark card", "#16202c", c) for c in ("#e8eef4", "#a9b7c6", "#6fcbe0", "#7dc4ff", "#f2b84b")]
    for name, back, front in pairs:
        needed = 3.0 if front == "#b36b00" else 4.5  # the star is no text
        assert _contrast(back, front) >= needed, (name, back, front)


@pytest.mark.chromium
@pytest.mark.parametrize("width", [320, 360, 800])
def test_no_screen_is_too_narrow(width: int, tmp_path: Path) -> None:
    """In a real browser nothing sticks out to the right, with the longest words too."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("Chromium is not installed")
    digests = (*SAMPLES.values(), *(filled(digest, cycle(["W" * 250])) for digest in FULL.values()))
    frames = "".join(
        f'<iframe style="width:{width}px;border:0" srcdoc="{html_module.escape(rendered(digest).html)}"></iframe>'
        for digest in digests
    )
    script = (
        "addEventListener('load', () => { document.body.dataset.widths ="
        " [...document.querySelectorAll('iframe')].map(f => f.contentDocument.documentElement.scrollWidth).join() })"
    )
    page = tmp_path / "page.html"
    page.write_text(
        f"<!doctype html><meta charset=utf-8><body>{frames}<script>{script}</script></body>", encoding="utf-8"
    )
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    command += ["--window-size=1000,900", "--dump-dom", page.as_uri()]
    dom = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    found = re.search(r'data-widths="([\d,]+)"', dom)
    assert found, dom[:300]
    assert found[1].split(",") == [str(width)] * len(digests)
