"""Asking an HTTP API again when it is busy: a bounded number of times, each after a longer pause of a few seconds."""

from collections.abc import Callable

import httpx

from leadgen_assets.clients.errors import ClientError

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
ATTEMPTS = 3
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 5.0


def request_with_retries(
    send: Callable[[], httpx.Response], sleep: Callable[[float], None], *, name: str
) -> httpx.Response:
    """The first answer that is not a busy one, or the last busy one.

    Args:
        send: makes the request once.
        sleep: waits that many seconds; injected, so that a test or a rehearsal need not wait.
        name: the system, for the sentence.

    Raises:
        ClientError: retryable, if there was no answer at all.
    """
    pause = _FIRST_PAUSE_SECONDS
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = send()
        except httpx.TimeoutException:
            answer, trouble = None, "did not answer in time"
        except httpx.TransportError as error:
            answer, trouble = None, f"could not be reached ({str(error).strip() or type(error).__name__})"
        except (httpx.InvalidURL, httpx.DecodingError, httpx.TooManyRedirects) as error:
            raise ClientError(f"{name} gave no usable answer ({error}); check its URL.") from None
        if answer is not None and answer.status_code not in BUSY:
            return answer
        if attempt < ATTEMPTS:
            sleep(max(pause, _wanted_pause(answer)))
            pause *= 2
    if answer is None:
        raise ClientError(f"{name} {trouble}.", retryable=True)
    return answer


def _wanted_pause(answer: httpx.Response | None) -> float:
    wanted = answer.headers.get("Retry-After", "") if answer is not None else ""
    return min(float(wanted), _LONGEST_PAUSE_SECONDS) if wanted.isdigit() else 0.0
