"""The configuration: one line is enough, everything wrong is said at once, and secrets stay secret."""

from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest
import yaml

from sheetsync.config import Config, find_template, load_config, secret, templates_folder, write_config
from sheetsync.errors import ConfigError
from sheetsync.kinds import KINDS, When
from sheetsync.periods import Cadence
from tests.conftest import PROJECT

EXAMPLE = PROJECT / "config.example.yaml"
Load = Callable[[str | bytes], Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Writes a config file and loads it."""

    def write_and_load(content: str | bytes) -> Config:
        path = tmp_path / "config.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load_config(path)

    return write_and_load


def refusal(load: Load, content: str | bytes) -> str:
    """The one line that a wrong configuration is answered with."""
    with pytest.raises(ConfigError) as caught:
        load(content)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_one_line_is_enough(load: Load, tmp_path: Path) -> None:
    """Everything but the workbook has a default."""
    config = load("workbook: goals.xlsx")
    assert config.folder == tmp_path
    assert config.workbook_path == tmp_path / "goals.xlsx"
    assert config.spreadsheet_id is None
    assert (config.template, config.zone.key, config.holidays) == ("sales", "Europe/London", None)
    assert config.ledger_url == f"sqlite:///{tmp_path}/sheetsync.db"
    assert config.outbox_path == tmp_path / "outbox"
    assert config.email.schedule == {"partner-weekly": When(time(16), weekday=4)}
    assert config.email.keeper == "goals@example.com"
    assert config.credentials_path is None


def test_the_example_loads_and_says_what_the_design_says() -> None:
    """`config.example.yaml` is a valid configuration with every key there is."""
    config = load_config(EXAMPLE)
    assert config.holidays == "GB-ENG"
    assert config.credentials_path == PROJECT / "robot.json"
    assert config.email.sender == "Sales goals <goals@example.com>"
    assert config.email.smtp.port == 587
    assert str(config.email.schedule["partner-weekly"]) == "Fri 16:00"
    keys = set(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")))
    assert keys == set(Config.model_fields)


def test_all_problems_are_reported_at_once_with_line_and_path(load: Load) -> None:
    """Nobody mends a configuration one error at a time."""
    said = refusal(
        load,
        "workbook: goals.xlsx\nemial: {}\ntimezone: Europe/Londn\nweek_starts: mondy\n"
        "email:\n  smtp:\n    port: many\n  outbox: x\nmonitoring: {ping_url: example.com}\n",
    )
    assert "line 2, emial: unknown key; did you mean email?" in said
    assert "line 3, timezone: “Europe/Londn” is no time zone; did you mean Europe/London?" in said
    assert "line 4, week_starts: “mondy” is none of" in said
    assert "did you mean monday?" in said
    assert "line 7, email.smtp.port: a whole number is needed" in said
    assert "line 8, email.outbox: unknown key; did you mean outbox_dir?" in said
    assert "line 9, monitoring.ping_url: a URL is needed" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("recipients: []", "recipients: unknown key; did you mean email.recipients?"),
        ("template: a\ntemplate: b", "line 3, template: given twice; keep one"),
        ("email: {transport: file, transport: smtp}", "email.transport: given twice; keep one"),
        ("timezone: London", "did you mean Europe/London?"),
        ("timezone: ../../etc/passwd", "is no time zone"),
        ("holidays: GB-EN", "known are GB-ENG, GB-NIR, GB-SCT, GB-WLS"),
        ("holidays: England", "“ENGLAND” is no country"),
        ("ledger: postgres://u:hush@h/db", "ledger: a database URL is needed"),
        ("email: yes", "email: keys are needed below it"),
        ("email: {transport: smtp}", "email: transport smtp needs from and smtp.host as well"),
        ("email: {from: someone}", "email.from: 'someone' is no address"),
        ('email: {from: "a@b.c\\r\\nBcc: x@y.z"}', "is no address"),
        ("email: {recipients: '*@example.com'}", "email.recipients: a list is needed"),
        ("email: {recipients: [example.com]}", "write *@example.com for everyone there"),
        ("email: {schedule: {partner-weekly: 16:00}}", "a day and a time are needed, such as Fri 16:00"),
        ("email: {schedule: {partner-weekly: Fri 25:00}}", "a day and a time are needed"),
        ("email: {schedule: {partner-weakly: Fri 16:00}}", "did you mean partner-weekly?"),
        (
            "email: {schedule: {mornin: off}}",
            "email.schedule.mornin: unknown kind of email; there is partner-weekly,",
        ),
        ("email: {schedule: {morning: Mon 07:30}}", "email.schedule.morning: it comes every day: a time alone"),
        ("email: {schedule: {annual: 31 09:00}}", "a day of the year from 1 to 28 and a time are needed"),
        ("email: {schedule: {weekend: {Sat: 1}}}", "email.schedule.weekend: it comes every week"),
        ("email: {schedule: off}", "email.schedule: keys are needed below it"),
        (
            "email: {keeper: 'Kim <kim@example.com>'}",
            "email.keeper: “Kim <kim@example.com>” is not one plain address",
        ),
        ("email: {keeper: 'kim@example.com, eve@example.org'}", "is not one plain address"),
        ("email: {smtp: {port: 70000}}", "a number from 1 to 65535 is needed"),
        ("week_starts: on", "“on” is none of monday"),
    ],
)
def test_what_is_wrong_is_said_kindly(load: Load, line: str, said: str) -> None:
    """Each wrong value is answered with its path and what to write instead, and never with a secret."""
    answer = refusal(load, f"workbook: goals.xlsx\n{line}\n")
    assert said in answer
    assert "hush" not in answer


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "config.yaml is empty"),
        ("# nothing yet\n", "config.yaml is empty"),
        ("- workbook\n", "config.yaml holds no keys"),
        ("workbook: a: b\n", "not YAML at line 1, column 12"),
        ("email:\n\tfrom: x\n", "indent with spaces, not tabs"),
        ("workbook: !!python/object:os.system x\n", "not YAML"),
        ("workbook: \x00\n", "not YAML"),
        ("[a]: b\n", "not YAML"),
        ("a: &a {b: *a}\n", "a: unknown key"),
        ("email: " + "[" * 2000, "config.yaml"),
        (b"workbook: caf\xe9.xlsx\n", "byte 14 is not UTF-8"),
        ("template: sales\n", "workbook: is missing"),
        ("workbook: goals\n", "did you mean goals.xlsx?"),
    ],
)
def test_a_file_that_is_no_configuration(load: Load, content: str | bytes, said: str) -> None:
    """Whatever the file holds, the answer is one line."""
    assert said in refusal(load, content)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file says how to get one; a folder in its place is no traceback."""
    with pytest.raises(ConfigError, match=r"config.yaml is not here; write one with 'sheetsync init' or name it"):
        load_config(tmp_path / "config.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_yaml_surprises_do_not_happen(load: Load) -> None:
    """What looks like a truth value, a number or a time is the text that was typed."""
    config = load(
        "workbook: on.xlsx\nemail: {smtp: {host: 10.0, username: on, password: 0123}, outbox_dir: 2026-01-01}"
    )
    password = config.email.smtp.password
    assert password is not None
    assert secret(password) == "0123"
    assert (config.email.smtp.username, config.email.smtp.host) == ("on", "10.0")
    assert config.outbox_path.name == "2026-01-01"


def test_a_section_left_empty_takes_its_defaults(load: Load) -> None:
    """Commenting out all keys of a section is fine."""
    assert load("workbook: goals.xlsx\nemail:\ngoogle:\n").email.transport == "file"


def test_the_usual_port_goes_with_the_security(load: Load) -> None:
    """Encrypted from the start is port 465, unless another is given."""
    assert load("workbook: a.xlsx\nemail: {smtp: {security: tls}}").email.smtp.port == 465
    assert load("workbook: a.xlsx\nemail: {smtp: {security: tls, port: 2525}}").email.smtp.port == 2525


def test_time_is_cut_as_configured(load: Load) -> None:
    """Week and year start reach the calendar, however they are capitalised."""
    calendar = load("workbook: a.xlsx\nweek_starts: Sunday\nyear_starts: April").calendar
    assert calendar.containing(Cadence.WEEK, date(2026, 2, 11)).start == date(2026, 2, 8)
    assert calendar.containing(Cadence.YEAR, date(2026, 2, 11)).start == date(2025, 4, 1)


def test_each_kind_of_email_has_its_time_or_is_off(load: Load) -> None:
    """What is written stands over what is usual: the partner's email comes unless it is off, others when named."""
    times = "morning: '07:30', weekend: Sun 8:00, group-monthly: 2 09:00, annual: OFF, problems:"
    schedule = load(f"workbook: a.xlsx\nemail: {{schedule: {{{times}}}}}").email.schedule
    assert {kind: str(when) for kind, when in schedule.items()} == {
        "partner-weekly": "Fri 16:00", "morning": "07:30", "weekend": "Sun 08:00", "group-monthly": "2 09:00",
    }  # fmt: skip
    assert load("workbook: a.xlsx\nemail: {schedule: {partner-weekly: off}}").email.schedule == {}
    assert list(load("workbook: a.xlsx\nemail: {schedule: {}}").email.schedule) == ["partner-weekly"]


def test_the_example_shows_every_kind_at_its_usual_time(tmp_path: Path) -> None:
    """With each # taken away, every kind is on at the time at which it usually comes."""
    path, text = tmp_path / "config.yaml", EXAMPLE.read_text(encoding="utf-8")
    for kind in KINDS:
        text = text.replace(f"    # {kind}: ", f"    {kind}: ")
    path.write_text(text, encoding="utf-8")
    assert load_config(path).email.schedule == {name: kind.usual for name, kind in KINDS.items()}


def test_the_keeper_may_be_written_to(load: Load) -> None:
    """An address named in the configuration itself needs no second permission; the usual one, of `from`, does."""
    named = load("workbook: a.xlsx\nemail: {keeper: kim@example.org}").email
    assert (named.keeper, named.allows("Kim@example.org"), named.allows("ann@example.org")) == (
        "kim@example.org", True, False,
    )  # fmt: skip
    usual = load("workbook: a.xlsx\nemail: {from: 'Goals <goals@example.org>'}").email
    assert (usual.keeper, usual.allows("goals@example.org")) == ("goals@example.org", False)
    assert not load("workbook: a.xlsx\nemail: {keeper: '*@example.org'}").email.allows("eve@example.org")


@pytest.mark.parametrize(
    ("workbook", "sheet"),
    [
        ("https://docs.google.com/spreadsheets/d/1AbC-d_9/edit#gid=0", "1AbC-d_9"),
        ("https://docs.google.com/spreadsheets/u/1/d/1AbC-d_9", "1AbC-d_9"),
        ("1AbC-d_9", "1AbC-d_9"),
        ("../Goals 2026.XLSX", None),
        ("macros.xlsm", None),
    ],
)
def test_a_workbook_is_a_file_or_a_google_sheet(load: Load, workbook: str, sheet: str | None) -> None:
    """A URL or id is a Google Sheet, a name with .xlsx a file beside the configuration."""
    config = load(f"workbook: '{workbook}'")
    assert config.spreadsheet_id == sheet
    assert (config.workbook_path is None) == (sheet is not None)


@pytest.mark.parametrize(
    ("ledger", "url"),
    [
        ("sqlite:///data/l.db", "sqlite:///{folder}/data/l.db"),
        ("sqlite:////var/l.db", "sqlite:////var/l.db"),
        ("sqlite:///l.db?timeout=5", "sqlite:///{folder}/l.db?timeout=5"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql+psycopg://u:${LEDGER_PASSWORD}@h/db", "postgresql+psycopg://u:hush@h/db"),
        ("${LEDGER_URL}", "sqlite:///{folder}/env.db"),
    ],
)
def test_the_ledger_lies_beside_the_configuration(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ledger: str, url: str
) -> None:
    """A relative SQLite path is relative to the config file; a server's URL is left as it is."""
    monkeypatch.setenv("LEDGER_PASSWORD", "hush")
    monkeypatch.setenv("LEDGER_URL", "sqlite:///env.db")
    config = load(f'workbook: a.xlsx\nledger: "{ledger}"')
    assert config.ledger_url == url.format(folder=tmp_path)


def test_secrets_are_read_when_used_and_never_shown(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing variable stops only what needs it; no repr holds a password."""
    monkeypatch.delenv("SHEETSYNC_TEST", raising=False)
    config = load(
        "workbook: a.xlsx\nledger: postgresql://u:plain@h/db\nmonitoring: {ping_url: 'https://hc.example.com/plain'}\n"
        "email: {smtp: {password: 'plain-${SHEETSYNC_TEST}'}}"
    )
    assert "plain" not in repr(config) + str(config)
    password = config.email.smtp.password
    assert password is not None
    with pytest.raises(ConfigError, match="SHEETSYNC_TEST is not set"):
        secret(password)
    monkeypatch.setenv("SHEETSYNC_TEST", "${HOME}")
    assert secret(password) == "plain-${HOME}"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("ann@example.com", True),
        ("ANN@Example.Com", True),
        ("boss@partner.org", True),
        ("ann@example.com.evil.org", False),
        ("evil@evil.org, ann@example.com", False),
        ("evil@evil.org\n@example.com", False),
        ("ann@example.com\n", False),
        ('"evil@evil.org"@example.com', False),
        ("evil@evil.org@example.com", False),
        ("ann@evil.org#@example.com", False),
        ("ann@example\u2024com", False),
        ("ann@ex\u0430mple.com", False),
        ("boss@\u212aartner.org", False),
        ("ann@xn--bcher-kva.example", True),
        ("ann@b\u00fccher.example", False),
        ("ann@bucher.example", False),
        ("ann@sub.xn--strae-oqa.example", True),
        ("ann@sub.strasse.example", False),
        ("", False),
    ],
)
def test_only_listed_recipients_are_allowed(load: Load, address: str, allowed: bool) -> None:
    """Patterns match one whole address as it goes out, in whatever case; without patterns nobody is written to."""
    patterns = '["*@example.com", Boss@Partner.org, "*@Bücher.example", "*@*.straße.example"]'
    config = load(f"workbook: a.xlsx\nemail: {{recipients: {patterns}}}")
    assert config.email.allows(address) is allowed
    assert not load("workbook: a.xlsx").email.allows(address)


def test_what_init_writes_is_the_example_with_other_values(tmp_path: Path) -> None:
    """Comments and order stay, values that need quotes get them, and the file loads."""
    path = tmp_path / "config.yaml"
    write_config(
        path,
        workbook="C: goals #1.xlsx",
        timezone="America/New_York",
        week_starts="sunday",
        sender='"Ann: Lee" <ann@example.com>',
        recipients=["*@example.com", "dana@example.org"],
    )
    config = load_config(path)
    assert (config.workbook, config.timezone, config.holidays) == ("C: goals #1.xlsx", "America/New_York", None)
    assert config.email.allows("dana@example.org")
    assert config.email.sender == '"Ann: Lee" <ann@example.com>'
    comments = [
        [line for line in p.read_text(encoding="utf-8").splitlines() if line.lstrip().startswith("#")]
        for p in (path, EXAMPLE)
    ]
    assert comments[0] == comments[1]


def test_init_overwrites_nothing_and_writes_nothing_wrong(tmp_path: Path) -> None:
    """An existing file stays; a wrong answer leaves no file behind."""
    path = tmp_path / "config.yaml"
    with pytest.raises(ConfigError, match="timezone: “Mars” is no time zone"):
        write_config(path, workbook="goals.xlsx", timezone="Mars")
    assert not path.exists()
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="is there already"):
        write_config(path, workbook="goals.xlsx")
    assert path.read_text(encoding="utf-8") == "mine"
    with pytest.raises(ConfigError, match="cannot be written"):
        write_config(tmp_path / "nowhere" / "config.yaml", workbook="goals.xlsx")


def test_templates_are_found_by_name_or_path(tmp_path: Path) -> None:
    """A built-in by its name, one's own by its path beside the configuration."""
    built_in = find_template("sales", tmp_path)
    text = (templates_folder() / "workbooks" / "sales.yaml").read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text.replace("name: sales\n", "name: mine\n"), encoding="utf-8")
    assert (built_in.name, find_template("mine.yaml", tmp_path).name) == ("sales", "mine")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("sale", None, "sales, solo, or name a .yaml file; did you mean sales?"),
        ("gone.yaml", None, "gone.yaml is not here; built-in templates are job-search, sales, solo"),
        ("bad.yaml", "tabs: [", "not YAML at line 1"),
        ("bad.yaml", "name: 2026-13-45", "not YAML"),
        ("bad.yaml", "name: a\nname: b\n", "line 2, name: given twice; keep one"),
        ("bad.yaml", "tabs: [{key: a, key: b}]", "tabs.0.key: given twice"),
        ("bad.yaml", "name: mine\ntitle: Mine\ntabs: []\n", "no tab has the role people"),
        (".", None, "is unknown"),
    ],
)
def test_a_template_that_is_none(tmp_path: Path, name: str, content: str | None, said: str) -> None:
    """An unknown name lists the known ones; a wrong file is answered like a wrong configuration."""
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        find_template(name, tmp_path)
    assert said in str(caught.value)
