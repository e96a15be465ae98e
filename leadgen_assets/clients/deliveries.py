"""What became of one alert that a messenger was asked to deliver; the same for every messenger."""

import logging
from dataclasses import dataclass
from typing import Literal

import httpx

logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it logs whole addresses, and these carry tokens


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome of one attempt.

    Attributes:
        outcome: sent; refused (definitely not sent, and asking again is useless); delayed (definitely not sent, may be
            asked again); unknown (it may have been sent, so it must not be asked again).
        error: one sentence, unless sent.
        retry_after_seconds: how long the other side wants to be left alone, where it said so.
    """

    outcome: Literal["sent", "refused", "delayed", "unknown"]
    error: str | None = None
    retry_after_seconds: float | None = None


SENT = Delivery("sent")


def never_left(error: BaseException | None) -> bool:
    """True where a request failed before a byte of it could have reached the other side."""
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol)
