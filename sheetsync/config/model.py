"""What a configuration may say, and what each value means to the program.

Secrets stay as written (`${NAME}`) until `secret` is asked for them, and appear in no repr.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import time
from email.policy import default as mail_policy
from email.utils import parseaddr
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    model_validator,
)

from sheetsync.errors import ConfigError
from sheetsync.kinds import KINDS, When, read_when
from sheetsync.names import Names
from sheetsync.periods import MONTHS, WEEKDAYS, Calendar
from sheetsync.workdays import known_calendar

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SHEET_URL = re.compile(r"https?://[^/]+/spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]+)")
_SHEET_ID = re.compile(r"[A-Za-z0-9_-]{6,}")
_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!:memory:|file:)([^?]+)(.*)")
_LEDGER = re.compile(r"(sqlite|postgresql)(\+\w+)?://")
_USUAL = {"partner-weekly": str(KINDS["partner-weekly"].usual)}
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def secret(text: str | SecretStr) -> str:
    """The text with each `${NAME}` replaced from the environment. Raises `ConfigError` naming what is not set."""
    raw = text.get_secret_value() if isinstance(text, SecretStr) else text
    absent = [name for name in _VARIABLE.findall(raw) if name not in os.environ]
    if absent:
        raise ConfigError(
            f"the configuration uses ${{{absent[0]}}}, but the environment variable {absent[0]} is not set; set it"
        )
    return _VARIABLE.sub(lambda found: os.environ[found[1]], raw)


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """The end of a sentence that names the most similar known text, or nothing."""
    nearest = Names("text", known).nearest(text) if len(text) > 2 else None
    return f"; did you mean {nearest}?" if nearest else ""


def keys_of(section: type[BaseModel]) -> dict[str, Any]:
    """The keys of a section as they are written, each with the type of its value."""
    return {str(field.validation_alias or name): field.annotation for name, field in section.model_fields.items()}


def _workbook(text: str) -> str:
    looks_local = text.lower().endswith((".xlsx", ".xlsm"))
    if looks_local or _VARIABLE.search(text) or _SHEET_URL.match(text) or _SHEET_ID.fullmatch(text):
        return text
    raise ValueError(
        f"“{text}” is neither a file ending in .xlsx nor the URL or id of a Google Sheet"
        f"; did you mean {Path(text).stem}.xlsx?"
    )


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"“{name}” is no time zone{did_you_mean(name, sorted(available_timezones()))}") from None
    return name


def _holidays(code: str) -> str:
    code = code.upper()
    if known_calendar(code):
        return code
    from holidays import list_supported_countries

    country = code.partition("-")[0]
    parts = [f"{country}-{part}" for part in list_supported_countries().get(country, ())]
    if not parts:
        raise ValueError(f"“{code}” is no country; give its two letters, such as US, or a part of it, such as GB-ENG")
    shown = f"; known are {', '.join(parts)}" if len(parts) <= 12 else did_you_mean(code, parts)
    raise ValueError(f"“{code}” is no part of {country}{shown}")


def _url(text: str) -> str:
    parts = urlsplit(text)
    if not _VARIABLE.search(text) and not (parts.scheme in {"http", "https"} and parts.hostname):
        raise ValueError("a URL is needed, such as https://example.com")
    return text.rstrip("/")


def _ledger(url: str) -> str:
    if not _LEDGER.match(url) and not url.startswith("${"):
        raise ValueError("a database URL is needed: sqlite:///sheetsync.db or postgresql+psycopg://user@host/name")
    return url


def _sender(text: str) -> str:
    header: Any = mail_policy.header_factory("From", text) if text.isprintable() else None
    if not header or len(header.addresses) != 1 or header.defects or "@" not in header.addresses[0].addr_spec:
        raise ValueError(f"{text!r} is no address; write it as Sales goals <goals@example.com>")
    return text


def _pattern(text: str) -> str:
    if "@" not in text and text != "*":
        raise ValueError(f"“{text}” matches no address; write *@{text} for everyone there")
    return text


def _address(text: str) -> str:
    header: Any = mail_policy.header_factory("To", text) if text.isprintable() else None
    if not header or [a.addr_spec for a in header.addresses] != [text] or header.defects or not _is_plain(text):
        raise ValueError(f"“{text}” is not one plain address, such as ann@example.com")
    return text


def _is_plain(address: str) -> bool:
    """Whether it is one plain address, as it goes out: a pattern's * must not let a list or a look-alike through."""
    return address.isascii() and re.fullmatch(r"[^\s@,;:<>\"]+@[^\s@,;:<>\"]+", address) is not None


def _as_sent(pattern: str) -> str:
    """The pattern as addresses are written that go out: an international domain in its xn-- form."""
    if pattern.isascii():
        return pattern
    from email_validator import EmailNotValidError, validate_email

    local, _, domain = pattern.rpartition("@")
    start = re.match(r"[*.]*", domain)
    name = domain[start.end() if start else 0 :]
    try:
        found = validate_email(f"x@{name}", check_deliverability=False, test_environment=True)
    except (EmailNotValidError, UnicodeError):
        return pattern
    return f"{local}@{domain.removesuffix(name)}{found.ascii_domain}"


def _over_usual(written: object) -> object:
    """The texts of the schedule, each with its kind, which says how to read it; `off` is left out."""
    if not isinstance(written, dict):
        return written
    texts = {**_USUAL, **{kind: text for kind, text in written.items() if text is not None}}
    return {kind: (kind, text) for kind, text in texts.items() if not (kind in KINDS and _lower(text) == "off")}


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"unknown kind of email; there is {', '.join(KINDS)}{did_you_mean(kind, KINDS)}")
    return kind


def _when(pair: tuple[object, object]) -> object:
    # An unknown kind is said at its key; its time can be any.
    kind, text = KINDS.get(str(pair[0])), pair[1]
    return read_when(kind, text if isinstance(text, str) else "") if kind else When(time())


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _ping_url(text: str) -> str:
    return OFF if text.lower() == OFF else _url(text)


Url = Annotated[str, AfterValidator(_url)]
PingUrl = Annotated[str, AfterValidator(_ping_url)]
Moment = Literal["start", "success", "fail"]
OFF = "off"
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Month = Literal[
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _left_empty(cls, data: Any) -> Any:
        """A known key without a value takes its default."""
        known = keys_of(cls)
        return {k: v for k, v in data.items() if v is not None or k not in known} if isinstance(data, dict) else data


class Google(_Section):
    """How to reach Google; `api_endpoint` is another scheme://host."""

    credentials: str | None = None
    api_endpoint: Url | None = None


class Smtp(_Section):
    """The mail server; `username` and `password` are as written, see `secret`."""

    host: str | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    port: int = Field(default=587, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None

    @model_validator(mode="before")
    @classmethod
    def _usual_port(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("port") is not None or data.get("security") not in _PORTS:
            return data
        return {**data, "port": _PORTS[data["security"]]}


class Email(_Section):
    """What is sent, how, when, and to whom; `sender` is the key `from`."""

    sender: Annotated[str, AfterValidator(_sender)] = Field(
        default="Sales goals <goals@example.com>", validation_alias="from"
    )
    transport: Literal["file", "smtp"] = "file"
    outbox_dir: str = "outbox"
    smtp: Smtp = Smtp()
    recipients: tuple[Annotated[str, AfterValidator(_pattern)], ...] = ()
    keeper_address: Annotated[str, AfterValidator(_address)] | None = Field(default=None, validation_alias="keeper")
    schedule: Annotated[
        Mapping[Annotated[str, AfterValidator(_kind)], Annotated[When, BeforeValidator(_when)]],
        BeforeValidator(_over_usual),
    ] = Field(default_factory=dict, validate_default=True)

    @property
    def keeper(self) -> str:
        """The plain address of whoever keeps it running: the key `keeper`, or else the address in `from`."""
        return self.keeper_address or self.sender_address

    @property
    def sender_address(self) -> str:
        """The plain address in `from`."""
        return str(parseaddr(self.sender)[1])

    def allows(self, address: str) -> bool:
        """Whether this one plain address (`ann@example.com`) is the `keeper` or matches a pattern in `recipients`."""
        if not _is_plain(address):
            return False
        if self.keeper_address and address.lower() == self.keeper_address.lower():
            return True
        return any(fnmatchcase(address.lower(), _as_sent(pattern).lower()) for pattern in self.recipients)

    @model_validator(mode="after")
    def _can_send(self) -> Self:
        needed = {"from": "sender" in self.model_fields_set, "smtp.host": self.smtp.host is not None}
        absent = [key for key, given in needed.items() if not given]
        if self.transport == "smtp" and absent:
            raise ValueError(f"transport smtp needs {' and '.join(absent)} as well")
        return self


class Monitoring(_Section):
    """Who is told how runs go: a URL for the end of good ones, and one each for beginnings and failures.

    Without those two, `/start` and `/fail` are put behind the path of `ping_url`; `off` asks for nothing.
    """

    ping_url: Url | None = Field(default=None, repr=False)
    start_url: PingUrl | None = Field(default=None, repr=False)
    fail_url: PingUrl | None = Field(default=None, repr=False)

    def url(self, moment: Moment) -> str | None:
        """The URL, as written, to ask for at a moment of a run; None: there is none."""
        given = {"start": self.start_url, "success": self.ping_url, "fail": self.fail_url}[moment]
        if given is not None:
            return None if given == OFF else given
        return self.ping_url and _with_path_end(secret(self.ping_url), f"/{moment}")


def _with_path_end(url: str, end: str) -> str:
    parts = urlsplit(url)
    return parts._replace(path=parts.path.rstrip("/") + end).geturl()


class Config(_Section):
    """The whole configuration, as written; the properties are what the program uses."""

    workbook: Annotated[str, AfterValidator(_workbook)]
    template: str = "sales"
    timezone: Annotated[str, AfterValidator(_timezone)] = "Europe/London"
    week_starts: Annotated[Weekday, BeforeValidator(_lower)] = "monday"
    year_starts: Annotated[Month, BeforeValidator(_lower)] = "january"
    holidays: Annotated[str, AfterValidator(_holidays)] | None = None
    google: Google = Google()
    ledger: Annotated[str, AfterValidator(_ledger)] = Field(default="sqlite:///sheetsync.db", repr=False)
    email: Email = Email()
    monitoring: Monitoring = Monitoring()
    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """The folder of the config file, to which every path is relative."""
        return self._folder

    @property
    def calendar(self) -> Calendar:
        """How time is cut."""
        return Calendar(WEEKDAYS.index(self.week_starts), MONTHS.index(self.year_starts) + 1)

    @property
    def zone(self) -> ZoneInfo:
        """The workbook's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def workbook_path(self) -> Path | None:
        """The workbook, when it is a local file."""
        text = secret(self.workbook)
        return None if self.spreadsheet_id else self.path(text)

    @property
    def spreadsheet_id(self) -> str | None:
        """The workbook's id, when it is a Google Sheet."""
        text = secret(self.workbook)
        found = _SHEET_URL.match(text) or _SHEET_ID.fullmatch(text)
        return found[found.lastindex or 0] if found else None

    @property
    def ledger_url(self) -> str:
        """The ledger's SQLAlchemy URL, an SQLite file's path made absolute. It may hold a password."""
        url = secret(self.ledger)
        found = _SQLITE.fullmatch(url)
        return f"{found[1]}{self.path(found[2]).absolute()}{found[3]}" if found else url

    @property
    def credentials_path(self) -> Path | None:
        """The Google credentials file, if one is named."""
        return self.path(self.google.credentials) if self.google.credentials else None

    @property
    def outbox_path(self) -> Path:
        """The folder for emails written as files."""
        return self.path(self.email.outbox_dir)

    @property
    def variables(self) -> frozenset[str]:
        """The names of the environment variables that are used; those of a mail server that is not, are not."""
        unused = {"email": {"smtp"}} if self.email.transport == "file" else None
        return frozenset(_names(self.model_dump(exclude=unused)))

    def path(self, text: str) -> Path:
        """A path as written, relative to the config file."""
        return self.folder / Path(secret(text)).expanduser()


def _names(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _names(each)
    elif isinstance(value, SecretStr):
        yield from _VARIABLE.findall(value.get_secret_value())
    elif isinstance(value, str):
        yield from _VARIABLE.findall(value)
