"""What cron and systemd are told so that a run comes by itself: the lines, quoted as each of them reads them.

The minute comes from the workbook's name, so that not everybody's run begins at the same one.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

DAY_IN_MINUTES = 24 * 60
# Longer than the ten minutes for which a mail server may keep its last word to itself: cut off earlier, nobody knows
# whether that email was accepted, and it is sent once more.
_STOP_MINUTES = 11


@dataclass(frozen=True, slots=True)
class Job:
    """What is to run, and how often.

    `command` is the program and its arguments, all paths absolute; `environment` what it needs besides. `env_file`
    is the file from which secrets come, "" for none. `writes` are the folders that a run writes to, `every` is in
    minutes, `name` the workbook's, `user` whose run it is.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    env_file: str
    writes: Sequence[str]
    folder: str
    every: int
    name: str
    user: str


def read_every(text: str) -> int | None:
    """The minutes in a text such as 15m, 2h or 1d: a part of an hour or of a day that comes out even, else None."""
    found = re.fullmatch(r"(\d{1,4})\s*(m|min|h|d)", text.strip().lower())
    if not found:
        return None
    minutes = int(found[1]) * {"m": 1, "min": 1, "h": 60, "d": DAY_IN_MINUTES}[found[2]]
    even = 60 % minutes == 0 if 0 < minutes < 60 else minutes > 0 and minutes % 60 == 0
    return minutes if even and DAY_IN_MINUTES % minutes == 0 else None


def offset(job: Job) -> int:
    """How many minutes after the full hour, or its part, the runs of this workbook begin."""
    digest = blake2b(job.name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % min(job.every, 60)


def cron_line(job: Job) -> str:
    """The line of a crontab. A % would be a line's end there, in quotes too, so it is written with a backslash."""
    words = [f"{name}={shlex.quote(value)}" for name, value in job.environment.items()]
    words += [shlex.quote(word) for word in job.command]
    env_file = shlex.quote(job.env_file)
    sourced = f"set -a; [ ! -r {env_file} ] || . {env_file}; set +a; " if job.env_file else ""
    return f"{_cron_times(job)} {(sourced + ' '.join(words)).replace('%', chr(92) + '%')}"


def _cron_times(job: Job) -> str:
    first = offset(job)
    if job.every < 60:
        return f"{','.join(str(minute) for minute in range(first, 60, job.every))} * * * *"
    hours = job.every // 60
    return f"{first} {'*' if hours == 1 else '6' if hours == 24 else f'*/{hours}'} * * *"


def service(job: Job) -> str:
    """The systemd service, which does one run."""
    environment = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in job.environment.items())
    env_file = f"EnvironmentFile=-{_specifiers(job.env_file)}\n" if job.env_file else ""
    words = [_quoted(word).replace("$", "$$") for word in job.command]
    # The name of a program may hold no more than this, whatever the quotes.
    command = " ".join(words if re.fullmatch(r"[\w/.+-]+", job.command[0], re.ASCII) else ["/usr/bin/env", *words])
    # A folder of its own at /tmp would hide a workbook that is kept there.
    private = not any(f"{folder}/".startswith(("/tmp/", "/var/tmp/")) for folder in (*job.writes, job.folder))  # noqa: S108
    return f"""\
[Unit]
Description=sheetsync: {_specifiers(job.name)}
Wants=network-online.target
After=network-online.target
# To be told by a unit of your own when a run fails, besides monitoring in the configuration:
# OnFailure=tell-me@%n.service

[Service]
Type=oneshot
User={job.user}
WorkingDirectory={_specifiers(job.folder)}
{environment}{env_file}ExecStart={command}
# 75: somebody has the file open, or another run is at work; the next run catches up. 143: stopped by systemctl stop.
SuccessExitStatus=75 143
# SIGTERM ends a run after the step at hand; a mail server may take ten minutes over the last word on an email.
TimeoutStopSec={_STOP_MINUTES}min
# A run that takes longer than this hangs. Each call to Google, the mail server and the database has its own limit.
TimeoutStartSec=4h
UMask=0077
NoNewPrivileges=true
PrivateTmp={"true" if private else "false"}
PrivateDevices=true
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={" ".join(_quoted(folder) for folder in job.writes)}
ProtectKernelTunables=true
ProtectKernelModules=true
ProtectControlGroups=true
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=true
RestrictSUIDSGID=true
LockPersonality=true
CapabilityBoundingSet=
"""


def timer(job: Job) -> str:
    """The systemd timer, which starts the service."""
    first, hours = offset(job), job.every // 60
    if job.every < 60:
        when = f"*:{first:02}/{job.every}:00"
    else:
        when = f"{'*' if hours == 1 else '06' if hours == 24 else f'00/{hours}'}:{first:02}:00"
    return f"""\
[Unit]
Description=Runs sheetsync: {_specifiers(job.name)}

[Timer]
OnCalendar=*-*-* {when}
# A run that was missed while the machine was off is made up for when it is on again.
Persistent=true
RandomizedDelaySec={max(1, min(5, job.every // 12))}min

[Install]
WantedBy=timers.target
"""


def _quoted(text: str) -> str:
    """A word as systemd reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_specifiers(escaped)}"'


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")
