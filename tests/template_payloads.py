"""Email templates that want out of the sandbox, or to eat the machine; run as a program it fills each and tells."""

import json
import os
import resource
import sys
from pathlib import Path

from sheetsync.errors import ConfigError
from sheetsync.mail import apart, render
from tests.mail_digests import GOOD_WEEK

CANARY = "canary-7f3a"

# What would give another object, class, module or file away.
ESCAPES = {
    "class of text": "{{ ''.__class__ }}",
    "mro": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "class of digest": "{{ digest.__class__ }}",
    "module of digest": "{{ digest.__module__ }}",
    "dict of digest": "{{ digest.__dict__ }}",
    "fields of digest": "{{ digest.__dataclass_fields__ }}",
    "init of digest": "{{ digest.__init__.__globals__ }}",
    "slots": "{{ digest.__slots__ }}",
    "reduce": "{{ digest.__reduce_ex__(4) }}",
    "replace method": "{{ digest.__replace__(person='x') }}",
    "item instead of attribute": "{{ digest['__class__'] }}",
    "globals of a function": "{{ text_bar.__globals__ }}",
    "code of a function": "{{ segments.__code__ }}",
    "closure": "{{ segments.__closure__ }}",
    "cycler": "{{ cycler.__init__.__globals__.os.environ }}",
    "joiner": "{{ joiner.__init__.__globals__.os.popen('id').read() }}",
    "namespace": "{{ namespace.__init__.__globals__ }}",
    "lipsum": "{{ lipsum.__globals__['os'].environ }}",
    "lipsum by item": "{{ lipsum['__globals__'] }}",
    "range": "{{ range.__class__.__base__ }}",
    "dict": "{{ dict.__base__.__subclasses__() }}",
    "attr filter": "{{ ''|attr('__class__') }}",
    "attr filter, joined": "{{ ''|attr(['__cla','ss__']|join) }}",
    "attr filter, escaped": r"{{ ''|attr('\x5f\x5fclass\x5f\x5f') }}",
    "map attribute": "{{ [digest]|map(attribute='__class__')|list }}",
    "map attr": "{{ ['']|map('attr', '__class__')|list }}",
    "groupby": "{{ [digest]|groupby('__class__') }}",
    "selectattr": "{{ [digest]|selectattr('__class__')|list }}",
    "sum attribute": "{{ [digest]|sum(attribute='__class__', start=0) }}",
    "sort attribute": "{{ [digest,digest]|sort(attribute='__class__') }}",
    "unique attribute": "{{ [digest]|unique(attribute='__class__')|list }}",
    "min attribute": "{{ [digest]|min(attribute='__class__') }}",
    "format": "{{ '{0.__class__.__mro__}'.format(digest) }}",
    "format, item": "{{ '{0[__class__]}'.format(digest) }}",
    "format_map": "{{ '{d.__class__}'.format_map({'d': digest}) }}",
    "format by attr": "{% set f = '{0.__class__}'|attr('format') %}{{ f(digest) }}",
    "format, kept": "{% set f = '{0.__init__.__globals__}'.format %}{{ f(text_bar) }}",
    "format, mapped": "{{ ['{0.__class__}']|map('format', digest)|list }}",
    "xmlattr": "{{ {'a b onload=x': 1}|xmlattr }}",
    "self": "{{ self.__init__.__globals__ }}",
    "self, blocks": "{{ self._TemplateReference__context.environment }}",
    "context": "{{ self.__context }}",
    "loop": "{% for x in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "macro": "{% macro m() %}{% endmacro %}{{ m.__class__.__init__.__globals__ }}",
    "caller": "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
    "undefined": "{{ nothing.__init__.__globals__ }}",
    "default of undefined": "{{ (nothing|default).__class__ }}",
    "generator": "{{ (x for x in [1]) }}",
    "generator frame": "{{ ([1]|map('upper')).gi_frame.f_globals }}",
    "code of a generator": "{{ ([1]|select).gi_code }}",
    "import statement": "{% import os %}",
    "open": "{{ open('/etc/passwd').read() }}",
    "eval": "{{ eval('1+1') }}",
    "change a list": "{% set l = [1] %}{{ l.append(2) }}",
    "change a dict": "{% set d = {} %}{{ d.update(a=1) }}",
    "do": "{% do digest %}",
    "debug": "{% debug %}",
    "include: absolute": "{% include '/etc/passwd' %}",
    "include: up": "{% include '../canary.txt' %}",
    "include: up from the built-in ones": "{% include 'built-in/../../../../../etc/passwd' %}",
    "include: back slashes": r"{% include '..\\canary.txt' %}",
    "include: a link out": "{% include 'link.txt' %}",
    "include: through a linked folder": "{% include 'linked/canary.txt' %}",
    "include: NUL": r"{% include 'a\x00b' %}",
    "include: a long name": "{% include 'a' * 5000 %}",
    "include: ignored when missing": "{% include '../canary.txt' ignore missing %}",
    "import: up": "{% import '../canary.txt' as c %}{{ c }}",
    "extends: absolute": "{% extends '/etc/passwd' %}",
}  # fmt: skip

# What would take seconds, or hundreds of megabytes.
_ENDLESS = "{% for x in range(99999) %}"
_SIXTY = "{% for i in range(60) %}"
_END = "{% endfor %}"
BOMBS = {
    "repeated text": "{{ 'a' * 3000000000 }}",
    "repeated text, not constant": "{{ digest.kind * 3000000000 }}",
    "power": "{{ 10 ** (10 ** 9) }}",
    "power, not constant": "{{ (digest.kind|length) ** (10 ** 9) }}",
    "number as text": "{{ 10 ** 5000 }}",
    "width in %": "{{ '%1000000000d' % 1 }}",
    "width in format": "{{ '{:1000000000}'.format(1) }}",
    "width by filter": "{{ '%1000000000s'|format('a') }}",
    "precision": "{{ '%.1000000000f' % 1 }}",
    "center": "{{ 'a'|center(3000000000) }}",
    "ljust": "{{ 'a'.ljust(3000000000) }}",
    "zfill": "{{ 'a'.zfill(3000000000) }}",
    "indent": "{{ ('a\n' * 100000)|indent(100000) }}",
    "replace": "{{ ('a' * 100000)|replace('a', 'b' * 100000) }}",
    "replace, nothing": "{{ ('a' * 100000).replace('', 'b' * 100000) }}",
    "join": "{{ range(100000)|join('a' * 100000) }}",
    "expandtabs": "{{ ('\t' * 100000).expandtabs(100000) }}",
    "doubling": "{% set ns = namespace(x='aaaaaaaaaa') %}" + _SIXTY + "{% set ns.x = ns.x ~ ns.x %}" + _END,
    "doubling lists": "{% set ns = namespace(x=[1]) %}" + _SIXTY + "{% set ns.x = ns.x + ns.x %}" + _END,
    "nested loops": _ENDLESS * 3 + _END * 3,
    "nested loops that write": _ENDLESS * 2 + "xxxxxxxxxx" + _END * 2,
    "a wide range": "{{ range(1000000000)|list }}",
    "much lorem ipsum": "{{ lipsum(n=100000000) }}",
    "batch": "{{ range(99999)|batch(100000000, 'x')|list }}",
    "slice": "{{ range(10)|slice(1000000000)|list }}",
    "wordwrap": "{{ ('a ' * 1000000)|wordwrap(1) }}",
    "urlize": "{{ ('http://' * 300000)|urlize }}",
    "striptags": "{{ ('<' * 1000000)|striptags }}",
    "tojson": "{{ (range(99999)|list * 1000)|tojson }}",
    "pprint": "{{ (range(99999)|list * 100)|pprint }}",
    "truncate": "{{ ('a' * 3000000000)|truncate(3) }}",
    "a macro that calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a macro that calls itself twice": "{% macro m(n) %}{% if n %}{{ m(n-1) ~ m(n-1) }}{% endif %}{% endmacro %}"
    "{{ m(90) }}",
    "includes itself": "{% include 'partner-weekly.txt.j2' %}",
    "extends itself": "{% extends 'partner-weekly.txt.j2' %}",
    "recursive loop": "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "deep brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "deep lists": "{{ " + "[" * 150 + "1" + "]" * 150 + " }}",
    "deep ifs": "{% if 1 %}" * 500 + "{% endif %}" * 500,
    "deep loops": "{% for a in [1] %}" * 30 + "{% endfor %}" * 30,
    "a long sum": "{{ 1" + "+1" * 50000 + " }}",
    "a large file": "a" * 3_000_000,
    "many braces": "{{" * 100000,
    "an open comment": "{#" * 100000,
    "a sheet of styles": "<style>" + "a b c d e f g h{}" * 15000 + "</style>",
}  # fmt: skip


def outcome(own: Path, built_in: Path, text: str) -> tuple[str, str]:
    """`refused` with the line, or `filled` with what came out."""
    for ending in ("txt", "html"):
        (own / f"partner-weekly.{ending}.j2").write_text(text, encoding="utf-8")
        try:
            email = render(GOOD_WEEK, [own, built_in])
        except ConfigError as error:
            return "refused", str(error)
        (own / f"partner-weekly.{ending}.j2").unlink()
    return "filled", email.text + email.html


def _processor() -> float:
    """Seconds of this process, of those it ended and of the one that fills templates."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(one.ru_utime + one.ru_stime for one in used)
    process = apart._WORKER._process
    if process is not None and process.poll() is None:
        fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def main(folder: Path, built_in: Path) -> None:
    """Fill every payload, each in a folder of its own; a JSON line each, then the largest process in KB."""
    (folder / "outside").mkdir(parents=True)
    (folder / "outside" / "canary.txt").write_text(CANARY, encoding="utf-8")
    (folder / "canary.txt").write_text(CANARY, encoding="utf-8")
    for number, (name, text) in enumerate({**ESCAPES, **BOMBS}.items()):
        own = folder / str(number)
        own.mkdir()
        (own / "link.txt").symlink_to(folder / "canary.txt")
        (own / "linked").symlink_to(folder / "outside")
        before = _processor()
        state, said = outcome(own, built_in, text)
        told = {"name": name, "state": state, "said": said[:20_000], "processor": _processor() - before}
        print(json.dumps(told), flush=True)
    apart._WORKER.end()
    print(json.dumps({"largest": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
