"""What travels: one HTTP request, one answer, and the record of both that a test can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Query = dict[str, list[str]]


@dataclass(frozen=True)
class HttpRequest:
    """One request as it came off the socket; `path` is still %-encoded."""

    method: str
    path: str
    query: Query
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """One answer before it is written; a body of None is empty, or `raw` as it is (an exported file)."""

    status: int
    body: Json | None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""


@dataclass(frozen=True)
class Recorded:
    """One API request with its answer, as a test sees it (token requests are not recorded).

    `size` is the length of the request's body in bytes. A request that got no answer has status 0 and the response
    None; a response that is no JSON is its text.
    """

    method: str
    path: str
    query: Query
    body: Any
    status: int
    response: Any
    size: int = 0
