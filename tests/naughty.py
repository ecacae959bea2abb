"""Cells that people, forms, exports and vandals put into sheets, sorted by what they try."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from sheetsync.cells import ERRORS, Cell

INVISIBLE = (
    "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u061c", "\u115f", "\u3164", "\u2800",
    "\u00a0", "\u202f", "\u3000", "\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\t", "\r", "\n", "\r\n",
    "\x7f", "\x00", "\x01", "\x1b[31mred\x1b[0m", "\x08\x08\x08", "\ufffe", "\uffff", "\ud800", "\udfff",
    "\udc80x",
)  # fmt: skip
TWISTED = (
    "\u202eevil\u202c", "\u2066left\u2069", "\u200fשלום Ann", "مرحبا", "שָׁלוֹם", "abc\u0301\u0323\u0310",
    "Z\u0335\u0321" * 40, "Ａｎｎ", "Аnn", "Ann\u0307", "𝐀𝐧𝐧", "ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "e\u0301clair",
    "\u00e9clair", "ǅ", "ŉ", "ß", "ẞ", "İstanbul", "ıstanbul", "ﬁne", "Ⅻ", "㍿", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "👍🏽", "🇬🇧🇬", "\U0001f9ff", "\U000e0041\U000e0042", "漢字", "ไทย", "ಠ_ಠ", "𒀱", "﷽",
)  # fmt: skip
NUMBERS = (
    "1e999", "-1e999", "1e-999", "-0", "+0", "0x1F", "0b1", "0o7", "1_000", "1.2.3", "1'000", "1,00,000", "1.",
    ".5", "٣", "５", "½", "²", "1½", "Infinity", "-inf", "NaN", "nan", "∞", "1/2", "50%", "%", "$5", "5€",
    "€ 5,-", "(5)", "5-", "--5", "5 calls", "1h30", "90 min", "ten", "1,234", "1.234", "1,5", "1 234", "1 2",
    "1e5", "9" * 400, "1" + "0" * 13, "1e12", "0.1e-400", "#5", "no. 5", "5!", "=5", "+5", "１,５", "1\u20442",
    "1٬000", "१२", "〇", "三",
)  # fmt: skip
DATES = (
    "2026-10-13", "13 Oct 2026", "10/13/2026", "3/5/2026", "05.03.2026", "2026-02-30", "29 Feb 2025", "20261013",
    "13-Oct-26", "yesterday", "2026-W40", "2026-Q3", "2026", "Q3", "W7", "2026-13", "0000-00-00", "9999-12-31",
    "1900-01-00", "1/0/1900", "Monday 13 Oct 2026", "2026-10-13T10:00:00Z", "13/10/2026 5pm", "2199-12-31",
    "20226-01-01", "12-15 Oct 2026", "２０２６-１０-１３", "٢٠٢٦-١٠-١٣", "Easter 2026", "2026-10-13\u202e",
    "2026-10-13 ½", "Oct 13", "Mon-Fri", "Mon–Fri", "Sun to Thu", "every day",
)  # fmt: skip
INJECTIONS = (
    "=1+1", "=TODAY()", "=NOW()", "=RAND()", '=HYPERLINK("https://evil.example","x")',
    '=IMPORTXML("https://evil.example","//a")', "=cmd|' /C calc'!A0", "@SUM(1+1)", "+1+1", "-1+1", "\t=1+1",
    "\r=1+1", "\n=1+1", " =1+1", "＝1+1", "'=1+1", "{=1}", "=", "';DROP TABLE activities;--", "' OR 1=1 --",
    'Robert"); DROP TABLE x;', "%s%s%n", "%(x)s", "{0}", "{x!r}", "{{ 7*7 }}",
    "{% for x in range(9) %}{% endfor %}", "{#", "${HOME}", "$(reboot)", "`id`", "|id", "&& id",
    "../../etc/passwd", "C:\\nul", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "</td></tr></table>", "<!--", "]]>", "&amp;", "&#x0;", "&nbsp;", "ann@example.com, eve@evil.example",
    "ann@example.com\r\nBcc: eve@evil.example", "=?utf-8?q?=0D=0ABcc:?=", "a,b", "a;b", 'a"b', "'", '"', '""',
    "“", "**bold**", "# title", "[x](javascript:alert(1))", "~~~", "-----", "_x000D_", "_x0041_", "&lt;", "\\",
    "\\n", "\\0",
)  # fmt: skip
WORDS = (
    "Loading...", "TRUE", "FALSE", "true", "None", "null", "NULL", "undefined", "NA", "N/A", "n/a", "#", "-", "—",
    ".", "...", "?", "x", "everyone", "all", "Who", "Date", "Activity", "blank", "yes", "no", "on", "off", "stop",
    "Stop ", "paused", "working day", "Week", "at most 5", "<5", "≤ 5", "up to 3", "UTC", "Europe/London",
    "../zone", "Friday", "fri", "fr", "GB-ENG", "XX", "none", "count", "Amount", "COUNT ", " Ann", "ANN",
    "ann\u00a0", "Ann ", "Anne", "Ann\u200b", "Ann\n", "Cold  call", "cold call", "Cold call\t", "Cold cal",
    "Order won", "Revenue", "a" * 201, "b" * 32_767, "c" * 50_000, "é" * 255, "👍" * 300,
)  # fmt: skip
TEXTS: Sequence[str] = (*INVISIBLE, *TWISTED, *NUMBERS, *DATES, *INJECTIONS, *WORDS, *sorted(ERRORS))
OTHERS: Sequence[Cell] = (
    None, "", True, False, 0, 1, 5, -1, 2.5, 0.0, -0.0, 1e-300, 1e12, 1e13, 1e300, float("inf"), float("-inf"),
    float("nan"), 10**20, 46_300, 46_308.75, 46_400.0, 25_569, 25_568, 109_574, 109_575, 2026, 20_261_013, 60, 61,
    1e15, 1e16, 0.5, 168, 169,
)  # fmt: skip


def cells() -> st.SearchStrategy[Any]:
    """Anything that may stand in a cell: from this collection, of it in pieces, or of any text or number at all."""
    pieces = st.lists(st.sampled_from([t for t in TEXTS if len(t) < 60]), min_size=2, max_size=3).map("".join)
    anything = st.one_of(st.text(max_size=12), st.floats(), st.integers(-(10**18), 10**18), st.dates().map(str))
    return st.one_of(st.sampled_from(OTHERS), st.sampled_from(TEXTS), st.sampled_from(TEXTS), pieces, anything)
