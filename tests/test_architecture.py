"""The rules of ARCHITECTURE.md, read from the imports: what may know what, how long things are, what starts up."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT

PACKAGE = PROJECT / "sheetsync"
EDGES = {"ledger", "mail", "config", "workbook.google", "workbook.xlsx"}
SHELL = {"runs", "cli"}
OUTSIDE = {
    "requests", "gspread", "google", "sqlalchemy", "alembic", "xlsxwriter", "python_calamine", "openpyxl", "lxml",
    "click", "rich", "jinja2", "css_inline", "smtplib", "socket", "http", "urllib", "subprocess", "pathlib", "os",
    "io", "shutil", "tempfile", "filelock", "platformdirs", "yaml", "logging", "time", "tenacity",
}  # fmt: skip
HEAVY = {
    "pandas", "numpy", "gspread", "google", "sqlalchemy", "alembic", "lxml", "xlsxwriter", "jinja2", "rich",
    "pydantic", "requests", "holidays", "dateutil", "rapidfuzz", "python_calamine", "css_inline", "yaml", "scipy",
}  # fmt: skip
# Migrations are lists of tables, run by Alembic only.
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)


def name_of(path: Path) -> str:
    """A module's name inside the package: `workbook.google.client`, "" for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def parsed(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def area(module: str) -> str:
    """The part of the architecture that a module belongs to: an edge, `runs`, `cli`, or "core"."""
    first, _, rest = module.partition(".")
    if first == "workbook" and rest:
        # What is beside the backends (the protocol) is core.
        return next((edge for edge in EDGES if f"{module}.".startswith(f"{edge}.")), "core")
    return first if first in EDGES | SHELL else "__main__" if first == "__main__" else "core"


def imported(path: Path) -> Iterator[str]:
    """All that a module imports, wherever in it, `from a import b` as a.b."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def inside(path: Path) -> set[str]:
    """The areas of the package that a module imports."""
    return {area(name.removeprefix("sheetsync.")) for name in imported(path) if name.startswith("sheetsync.")}


def python(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """What a fresh interpreter says to a script."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=PROJECT)


CORE = [path for path in MODULES if area(name_of(path)) == "core"]


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_the_core_is_pure(path: Path) -> None:
    """A core module imports no edge, nothing that talks to the world, and asks no clock."""
    assert inside(path) <= {"core"}
    outside = {name.partition(".")[0] for name in imported(path)} & OUTSIDE
    # The workbook protocol's package stands above its backends, the package finds its version.
    assert not outside, f"{name_of(path)} imports {outside}"
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            called = f"{node.value.id}.{node.attr}"
            assert called not in {"date.today", "datetime.now", "datetime.today", "datetime.utcnow", "time.time"}
        assert not (isinstance(node, ast.Name) and node.id in {"open", "print", "input"})


@pytest.mark.parametrize("path", [p for p in MODULES if area(name_of(p)) in EDGES], ids=name_of)
def test_edges_are_blind_to_each_other(path: Path) -> None:
    """An edge imports itself and the core, no other edge, no use case, no command line."""
    assert inside(path) <= {"core", area(name_of(path))}


@pytest.mark.parametrize("path", [p for p in MODULES if area(name_of(p)) == "runs"], ids=name_of)
def test_use_cases_do_not_know_the_command_line(path: Path) -> None:
    """A use case imports no Click and nothing of `cli`, so that it can be called from anywhere."""
    assert "cli" not in inside(path)
    assert "click" not in {name.partition(".")[0] for name in imported(path)}


def test_only_the_command_line_knows_click() -> None:
    """Nothing but `cli` imports Click, and nothing but `__main__` imports `cli`."""
    for path in MODULES:
        if area(name_of(path)) not in {"cli", "__main__"}:
            assert "cli" not in inside(path), name_of(path)
            assert "click" not in {name.partition(".")[0] for name in imported(path)}, name_of(path)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_and_functions_are_short(path: Path) -> None:
    """No module has over 400 lines, no function over 60."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{name_of(path)}.{node.name}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_module_says_what_it_decides(path: Path) -> None:
    """A module opens with a docstring of one to six lines, blank lines not counted."""
    said = ast.get_docstring(parsed(path))
    assert said and len([line for line in said.splitlines() if line.strip()]) <= 6


def test_each_module_can_be_imported_alone() -> None:
    """No module needs another to have been imported before: there are no cycles."""
    names = [".".join(("sheetsync", name_of(path))).strip(".") for path in MODULES if path.stem != "__main__"]
    script = (
        "import sys, importlib\n"
        "for name in sys.argv[1:]:\n"
        "    for loaded in [m for m in sys.modules if m.partition('.')[0] == 'sheetsync']:\n"
        "        del sys.modules[loaded]\n"
        "    importlib.import_module(name)\n"
    )
    run = python(script, *names)
    assert run.returncode == 0, run.stderr


def test_start_up_is_light() -> None:
    """`sheetsync --version` loads none of the heavy libraries."""
    script = (
        "import sys, sheetsync.cli\n"
        "try: sheetsync.cli.main(['--version'])\n"
        "except SystemExit: pass\n"
        "print(*sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)\n"
    )
    run = python(script)
    assert "sheetsync" in run.stdout
    assert not set(run.stderr.split()) & HEAVY
