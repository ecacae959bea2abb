"""What every test may use: the built-in template, and the folder of published data where it is there."""

from pathlib import Path

import pytest
import yaml

from sheetsync.template import WorkbookTemplate, parse_template

PROJECT = Path(__file__).parent.parent
DATA = PROJECT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def sales() -> WorkbookTemplate:
    """The built-in template `sales`."""
    path = PROJECT / "templates" / "workbooks" / "sales.yaml"
    return parse_template(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real input made by others; the test skips where it is absent."""
    if not DATA.is_dir():
        pytest.skip("the published data sets are not beside this checkout (../shared/data)")
    return DATA
