"""Changing a configuration: one value in one place, everything else as the person wrote it."""

import errno
import os
import stat
from pathlib import Path

import pytest

from sheetsync.config.changing import change
from sheetsync.errors import ConfigError

KEY = ("google", "credentials")


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("", "workbook: goals.xlsx\ntimezone: UTC  # ours\n\ngoogle:\n  credentials: token.json\n"),
        ("google:\n", "google:\n  credentials: token.json\n"),
        ("google: null\n", "google: \n  credentials: token.json\n"),
        ("google:\n  credentials:\n", "google:\n  credentials: token.json\n"),
        ("google:\n    # a proxy\n    api_endpoint: null\n", "    credentials: token.json\n    api_endpoint: null\n"),
        ("google: {credentials: null}\n", "google: {credentials: token.json}\n"),
        ('google:\n  "credentials": ""\n', '"credentials": token.json\n'),
    ],
)
def test_a_configuration_is_changed_in_one_place(tmp_path: Path, section: str, expected: str) -> None:
    """However the key is written, or not; lines keep their ends, the file its mode."""
    path = tmp_path / "config.yaml"
    text = f"workbook: goals.xlsx\ntimezone: UTC  # ours\n{section}"
    for ends in ("\n", "\r\n"):
        path.write_bytes(text.replace("\n", ends).encode())
        path.chmod(0o640)
        change(path, KEY, "token.json")
        changed = path.read_bytes().decode()
        assert expected in changed.replace("\r\n", "\n")
        assert "timezone: UTC  # ours" in changed
        assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("value", ["1AbC-_x", "a b.xlsx", "-starts-with-a-dash", 'quo"te.xlsx'])
def test_a_key_without_a_section(tmp_path: Path, value: str) -> None:
    """The workbook, quoted where YAML needs it; the comment behind it stays."""
    from sheetsync.config.yamlfile import parse_yaml

    path = tmp_path / "config.yaml"
    path.write_text("# ours\nworkbook: goals.xlsx  # this year's\ntimezone: UTC\n")
    change(path, ("workbook",), value)
    changed = path.read_text()
    assert parse_yaml(changed, "").mapping == {"workbook": value, "timezone": "UTC"}
    assert changed.startswith("# ours\n") and "  # this year's\n" in changed


def test_a_disk_without_room_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with what to put there, the file as it was and nothing beside it."""
    path = tmp_path / "config.yaml"
    path.write_text("workbook: goals.xlsx\n")
    monkeypatch.setattr(os, "fsync", _no_room)
    with pytest.raises(ConfigError, match=r"cannot be written \(No space .*\); put there: workbook: x\.xlsx"):
        change(path, ("workbook",), "x.xlsx")
    assert path.read_text() == "workbook: goals.xlsx\n"
    assert list(tmp_path.iterdir()) == [path]


def _no_room(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_it_is_on_the_disk_before_it_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut leaves the old file or the new one, whole; what a killed change left is replaced, not followed."""
    path, precious = tmp_path / "config.yaml", tmp_path / "precious"
    path.write_text("workbook: goals.xlsx\n")
    precious.write_text("precious")
    (tmp_path / ".config.yaml.new").symlink_to(precious)
    synced = []

    def sync(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_ino, os.fstat(descriptor).st_size, path.read_text()))

    monkeypatch.setattr(os, "fsync", sync)
    change(path, ("workbook",), "x.xlsx")
    assert synced == [(path.stat().st_ino, len("workbook: x.xlsx\n"), "workbook: goals.xlsx\n")]
    assert precious.read_text() == "precious"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["config.yaml", "precious"]


def test_what_cannot_be_changed_is_left_alone(tmp_path: Path) -> None:
    """An alias would change two things at once: the line to put there is said instead."""
    path = tmp_path / "config.yaml"
    text = "workbook: &w goals.xlsx\ntemplate: *w\n"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"could not be changed; put there: workbook: x\.xlsx"):
        change(path, ("workbook",), "x.xlsx")
    assert path.read_text() == text
