"""What a spreadsheet's locale decides: the decimal sign, the digit groups, and the order of a date.

Decided here: a locale not in the table counts as en_US in everything but its name.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.google_server.errors import Refused

_NARROW, _NO_BREAK = "\u202f", "\u00a0"


class Locale(NamedTuple):
    """How numbers and dates are written."""

    decimal: str
    group: str
    date: str

    @property
    def order(self) -> str:
        """The order of day, month and year: "dmy", "mdy" or "ymd"."""
        return "".join(dict.fromkeys(letter for letter in self.date.lower() if letter in "dmy"))


ENGLISH = Locale(".", ",", "M/d/yyyy")
_LOCALES = {
    "en_US": ENGLISH,
    "en_GB": Locale(".", ",", "dd/MM/yyyy"),
    "en_AU": Locale(".", ",", "dd/MM/yyyy"),
    "en_IE": Locale(".", ",", "dd/MM/yyyy"),
    "en_CA": Locale(".", ",", "yyyy-MM-dd"),
    "en_IN": Locale(".", ",", "dd/MM/yyyy"),
    "ja_JP": Locale(".", ",", "yyyy/MM/dd"),
    "zh_CN": Locale(".", ",", "yyyy/M/d"),
    "ko_KR": Locale(".", ",", "yyyy. M. d"),
    "es_MX": Locale(".", ",", "dd/MM/yyyy"),
    "de_CH": Locale(".", "’", "dd.MM.yyyy"),
    "de_DE": Locale(",", ".", "dd.MM.yyyy"),
    "de_AT": Locale(",", _NO_BREAK, "dd.MM.yyyy"),
    "fr_FR": Locale(",", _NARROW, "dd/MM/yyyy"),
    "fr_CA": Locale(",", _NO_BREAK, "yyyy-MM-dd"),
    "it_IT": Locale(",", ".", "dd/MM/yyyy"),
    "es_ES": Locale(",", ".", "d/M/yyyy"),
    "es_AR": Locale(",", ".", "d/M/yyyy"),
    "nl_NL": Locale(",", ".", "d-M-yyyy"),
    "nl_BE": Locale(",", ".", "d/MM/yyyy"),
    "sv_SE": Locale(",", _NO_BREAK, "yyyy-MM-dd"),
    "da_DK": Locale(",", ".", "dd.MM.yyyy"),
    "no_NO": Locale(",", _NO_BREAK, "dd.MM.yyyy"),
    "nb_NO": Locale(",", _NO_BREAK, "dd.MM.yyyy"),
    "fi_FI": Locale(",", _NO_BREAK, "d.M.yyyy"),
    "tr_TR": Locale(",", ".", "dd.MM.yyyy"),
    "pt_BR": Locale(",", ".", "dd/MM/yyyy"),
    "pt_PT": Locale(",", _NO_BREAK, "dd/MM/yyyy"),
    "pl_PL": Locale(",", _NO_BREAK, "dd.MM.yyyy"),
    "cs_CZ": Locale(",", _NO_BREAK, "dd.MM.yyyy"),
    "hu_HU": Locale(",", _NO_BREAK, "yyyy.MM.dd"),
    "ro_RO": Locale(",", ".", "dd.MM.yyyy"),
    "ru_RU": Locale(",", _NO_BREAK, "dd.MM.yyyy"),
    "uk_UA": Locale(",", _NO_BREAK, "dd.MM.yyyy"),
    "el_GR": Locale(",", ".", "d/M/yyyy"),
    "id_ID": Locale(",", ".", "dd/MM/yyyy"),
    "vi_VN": Locale(",", ".", "dd/MM/yyyy"),
}


def locale_of(name: str) -> Locale:
    """The conventions behind a name like de_DE; a language alone (de) is its main country's."""
    if name in _LOCALES:
        return _LOCALES[name]
    same_language = [each for key, each in _LOCALES.items() if key.startswith(f"{name}_")]
    return same_language[-1] if same_language else ENGLISH


def checked_locale(name: str) -> str:
    """The name itself, refused when it is none."""
    if not re.fullmatch(r"[a-z]{2,3}([_-][A-Za-z0-9]{2,8})*", name):
        raise Refused(f"Unsupported locale: {name}")
    return name
