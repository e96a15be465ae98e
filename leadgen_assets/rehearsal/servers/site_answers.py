"""What a host of the town answers: status, body and headers, and how its connection behaves."""

from collections.abc import Callable
from dataclasses import dataclass

import falcon


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answers to one path: status, body, where it sends the visitor instead; late or in part if told so."""

    status: int
    body: str = ""
    location: str | None = None
    content_type: str = falcon.MEDIA_HTML
    delay_seconds: float = 0.0
    breaks_off: bool = False
    data: bytes | None = None  # instead of the body, as it is sent
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """One host: what it answers to scheme, host and path, and what its connections are like."""

    answer: Callable[[str, str, str], Answer]
    has_tls: bool
    certificate_expired: bool = False
    needs_cookie: bool = False
