"""People's own templates: what nothing would use is said, what is used is not."""

from pathlib import Path

import pytest

from sheetsync.errors import ConfigError
from sheetsync.mail import check_overrides
from tests.conftest import PROJECT

BUILT_IN = PROJECT / "templates" / "emails"


def own(folder: Path, **files: str) -> Path:
    """A folder of templates; `__` stands for a folder, `_` for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("partner-weekly.tx.j2", "partner-weekly.txt.j2"),
        ("Partner-weekly.txt.j2", "partner-weekly.txt.j2"),
        ("partner-weekly.html", "partner-weekly.html.j2"),
        ("blocks/footr.html.j2", "blocks/footer.html.j2"),
    ],
)
def test_a_misspelt_file_is_said(tmp_path: Path, name: str, meant: str) -> None:
    """With its path, and the name that may be meant."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="did you mean") as failure:
        check_overrides(tmp_path, BUILT_IN)
    assert str(path) in str(failure.value) and f"did you mean “{meant}”?" in str(failure.value)


@pytest.mark.parametrize("parent", ["built-in/partner-weekly.html.j2", "layout.html.j2"])
def test_a_misspelt_block_is_said(tmp_path: Path, parent: str) -> None:
    """With file, line, and the block that may be meant, in whatever template above it that is."""
    text = f'{{% extends "{parent}" %}}\n\n{{% block tilte %}}Hello{{% endblock %}}'
    folder = own(tmp_path, **{"partner-weekly_html_j2": text})
    with pytest.raises(ConfigError, match=r"line 3: .* no block “tilte”; did you mean “title”\?") as failure:
        check_overrides(folder, BUILT_IN)
    assert str(folder / "partner-weekly.html.j2") in str(failure.value)


def test_what_is_used_is_not_said(tmp_path: Path) -> None:
    """Files that another includes, blocks within blocks, notes, leftovers of editors, and no folder at all."""
    mine = (
        '{% extends "built-in/morning.html.j2" %}{% block asks %}{% block new %}'
        '{% include "parts/mine.html.j2" %}{% endblock %}{% endblock %}'
    )
    files = {"morning_html_j2": mine, "parts__mine_html_j2": "Up!", "README_md": "notes", "morning_txt_j2~": ""}
    check_overrides(own(tmp_path / "emails", **files, _DS_Store=""), BUILT_IN)
    check_overrides(tmp_path / "none", BUILT_IN)
    check_overrides(BUILT_IN, BUILT_IN)


def test_many_mistakes_are_counted(tmp_path: Path) -> None:
    """Three are named, so that the line stays one."""
    with pytest.raises(ConfigError, match=r"; and 2 more$"):
        check_overrides(own(tmp_path, **{f"zz{n}_txt_j2": "" for n in range(5)}), BUILT_IN)


def test_a_wrong_template_is_left_to_rendering(tmp_path: Path) -> None:
    """A mistake of syntax, a parent that is not there, or that is itself: nothing is said twice."""
    texts = {
        "morning_txt_j2": "{% if %}",
        "evening_txt_j2": '{% extends "nothing.j2" %}{% block x %}{% endblock %}',
        "weekend_txt_j2": '{% extends "weekend.txt.j2" %}{% block x %}{% endblock %}',
    }
    check_overrides(own(tmp_path, **texts), BUILT_IN)
