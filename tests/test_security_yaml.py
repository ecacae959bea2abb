"""Hostile configurations and templates: each ends soon, in little memory, with one line."""

import resource
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from sheetsync.config import find_template, load_config
from sheetsync.errors import ConfigError

_LETTERS = "abcdefghi"


def _laughs(first: str, repeated: Callable[[str], str]) -> str:
    """Nine lines, each of which repeats the one before ten times."""
    later = (f"{b}: &{b} {repeated(', '.join([f'*{a}'] * 10))}\n" for a, b in pairwise(_LETTERS))
    return f"a: &a {first}\n" + "".join(later)


HOSTILE = {
    "a billion laughs": _laughs("[x, x, x, x, x, x, x, x, x, x]", lambda ten: f"[{ten}]"),
    "a billion laughs, merged": _laughs("{x: 1}", lambda ten: f"{{<<: [{ten}]}}"),
    "a billion laughs as keys": _laughs("[x]", lambda ten: f"{{? [{ten}] : 1}}"),
    "a circle": "workbook: &a [*a]\n",
    "circles": "workbook: &a [*a, *a, *a, *a, *a, *a, *a, *a]\n",
    "a merged circle": "workbook: &a {<<: *a}\n",
    "an object of Python": "workbook: !!python/object/apply:os.system [id]\n",
    "a name of Python": "workbook: !!python/name:os.system\n",
    "an own tag": "workbook: !boom x\n",
    "a number that is none": "workbook: !!int x\n",
    "a date that is none": "workbook: !!timestamp x\n",
    "a truth that is none": "workbook: !!bool x\n",
    "bytes that are none": "workbook: !!binary x\n",
    "deep lists": "workbook: " + "[" * 100_000,
    "deep keys": "workbook: " + "{a: " * 50_000,
    "deep lines": "".join(" " * depth + "a:\n" for depth in range(600)),
    "deep dashes": "- " * 100_000,
    "100 MB": "workbook: x\n" + "#" * 100_000_000,
    "a hundred thousand keys": "".join(f"k{n}: 1\n" for n in range(100_000)),
    "as many keys as fit": "".join(f"k{n}: 1\n" for n in range(5_900)),
    "as many tabs as fit": "extends: sales\ntabs:\n" + "".join(f"- {{key: t{n}, foo: 1}}\n" for n in range(1_900)),
    "a key given often": "a: 1\n" * 5_900,
    "a key that is a list": "? [a]\n: b\n",
    "a key that is a mapping": "? {a: b}\n: c\n",
    "NUL": "workbook: a\0b",
    "NUL in other words": 'workbook: "a\\0b"',
    "half a pair": 'workbook: "a\\ud800"',
    "a tab": "workbook:\n\t- a",
    "an unknown alias": "workbook: *nobody\n",
    "two documents": "workbook: a.xlsx\n---\nworkbook: b.xlsx\n",
    "a directive": "%YAML 9.9\n---\nworkbook: 1\n",
    "a long address": "workbook: a.xlsx\nemail: {from: '" + "a " * 100_000 + "'}\n",
    "an address that fits": "workbook: a.xlsx\nemail: {from: '" + "a " * 4_900 + "'}\n",
    "brackets in an address": "workbook: a.xlsx\nemail: {from: '" + "(" * 9_900 + "'}\n",
    "an address of many": "workbook: a.xlsx\nemail: {keeper: '" + "a@b," * 2_400 + "'}\n",
    "an encoded address": "workbook: a.xlsx\nemail: {keeper: '" + "=?utf-8?q?a?= " * 700 + "'}\n",
    "a long zone": "workbook: a.xlsx\ntimezone: '" + "A/" * 4_900 + "'\n",
    "a long time": "workbook: a.xlsx\nemail: {schedule: {morning: '" + "1" * 9_900 + "'}}\n",
    "a long address of the web": "workbook: a.xlsx\nmonitoring: {ping_url: 'http://" + "[" * 9_900 + "'}\n",
    "extends itself": "extends: hostile.yaml\n",
    "extends a folder": "extends: .\n",
    "extends a list": "extends: [sales]\n",
}  # fmt: skip


@pytest.mark.parametrize("read", [load_config, lambda path: find_template(path.name, path.parent)], ids=["c", "t"])
@pytest.mark.parametrize("name", HOSTILE)
def test_it_ends_soon_with_one_line(name: str, read: Callable[[Path], object], tmp_path: Path) -> None:
    """Two seconds of a processor, 300 MB more than before, and a line that names the file."""
    path = tmp_path / "hostile.yaml"
    path.write_text(HOSTILE[name], encoding="utf-8")
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert time.process_time() - started < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value)) < 50_000


def test_anchors_within_reason_are_fine(tmp_path: Path) -> None:
    """People who know YAML may repeat what they wrote."""
    path = tmp_path / "config.yaml"
    path.write_text("workbook: a.xlsx\nemail:\n  keeper: &me ann@example.com\n  recipients: [*me, '*@example.org']\n")
    assert load_config(path).email.recipients == ("ann@example.com", "*@example.org")
