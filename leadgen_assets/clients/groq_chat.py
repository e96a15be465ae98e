"""The language model: one chat completion with a JSON answer, through Groq's SDK.

Only the exchange is here. What is asked and whether the answer can be believed is decided in the domain; how many
tokens a day may cost, in the quota ledger.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from leadgen_assets.clients.errors import ClientError
from tracking_service.loopback import is_loopback

if TYPE_CHECKING:
    import groq

MAX_COMPLETION_TOKENS = 1500
"""Reasoning counts too, and a tighter limit makes reasoning models answer with nothing at all."""

_LONGEST_WAIT_SECONDS = 60.0
_UNREADABLE = "The model's server sent an answer that cannot be read; check GROQ_BASE_URL if this goes on."
_TRANSIENT_CODES = {"json_validate_failed"}


class ModelConfigurationError(ClientError):
    """The key or the model name is wrong: no request can succeed until the operator mends a setting."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model answered, and what it cost in tokens."""

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int


class GroqChat:
    """Asks one model for JSON answers.

    Args:
        base_url: the root of the host; the SDK adds `/openai/v1/...`.
        api_key: the key.
        model: the model's name, a setting because providers retire models.
        timeout_seconds: for one request.
        attempts: how often one question is asked at most.
        backoff_seconds: the first pause between attempts, doubled each time; a `retry-after` of the server wins.
        sleep: how to pause.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        model: str,
        timeout_seconds: float,
        attempts: int = 4,
        backoff_seconds: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        import groq

        self.model = model
        self._attempts = attempts
        self._backoff_seconds = backoff_seconds
        self._sleep = sleep
        self._json_schema = True
        # A proxy of the environment is for the internet; a server on this machine is reached directly.
        transport = groq.DefaultHttpxClient(trust_env=not is_loopback(urlsplit(base_url).hostname or ""))
        self._client = groq.Groq(
            api_key=api_key, base_url=base_url, timeout=timeout_seconds, max_retries=0, http_client=transport
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def complete(self, system: str, user: str, schema: Mapping[str, Any]) -> Completion:
        """Ask one question whose answer is JSON.

        Args:
            system: the model's instructions.
            user: the question with its data.
            schema: the JSON schema of the answer, with a `title`; enforced by the provider where the model can.

        Raises:
            ModelConfigurationError: if the key or the model is not accepted.
            ClientError: retryable where the provider was away, busy or kept failing; not where it refused the question.
        """
        problem = ClientError("The model was never asked.", retryable=True)
        attempt = 0
        while attempt < self._attempts:
            try:
                return self._ask(system, user, schema)
            except _UnsupportedSchemaError:
                self._json_schema = False  # asked again at once, with the weaker guarantee
                continue
            except _TransientError as error:
                attempt += 1
                problem = ClientError(str(error), retryable=True)
                wait = error.retry_after_seconds
                wait = self._backoff_seconds * 2 ** (attempt - 1) if wait is None else wait
                if wait > _LONGEST_WAIT_SECONDS:
                    break
                if attempt < self._attempts:
                    self._sleep(wait)
        raise problem

    def _ask(self, system: str, user: str, schema: Mapping[str, Any]) -> Completion:
        import groq

        try:
            answer = self._client.chat.completions.create(**self._request(system, user, schema))
        except groq.APITimeoutError:
            raise _TransientError(
                "The model did not answer in time; raise GROQ_TIMEOUT_SECONDS if this goes on."
            ) from None
        except groq.APIConnectionError:
            raise _TransientError("The model's server is not reachable; check the network and GROQ_BASE_URL.") from None
        except groq.APIStatusError as error:
            raise self._trouble(error) from None
        except (groq.APIError, ValueError):  # the SDK lets the decoder's own error through
            raise _TransientError(_UNREADABLE) from None
        return self._read(answer)

    def _read(self, answer: Any) -> Completion:
        # The SDK does not check what it received: a page arrives as a text, a missing field as an attribute error.
        try:
            text = (answer.choices[0].message.content or "").strip() if answer.choices else ""
            usage = answer.usage
            tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
            completion = Completion(text, str(answer.model or self.model), *tokens)
        except (AttributeError, TypeError):
            raise _TransientError(_UNREADABLE) from None
        if not text:
            raise _TransientError("The model answered with nothing.")
        return completion

    def _request(self, system: str, user: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        strict = {"name": schema.get("title", "answer"), "schema": dict(schema), "strict": True}
        request: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "max_completion_tokens": MAX_COMPLETION_TOKENS,
            "temperature": 0.4,
            "response_format": {"type": "json_schema", "json_schema": strict}
            if self._json_schema
            else {"type": "json_object"},
        }
        if "gpt-oss" in self.model:
            request["reasoning_effort"] = "low"
        return request

    def _trouble(self, error: "groq.APIStatusError") -> ClientError | Exception:
        status, detail = error.status_code, _detail(error.body)
        code, message = str(detail.get("code") or ""), str(detail.get("message") or "")
        if status == 404:
            return ModelConfigurationError(
                f"The model {self.model!r} is not offered (any more); set GROQ_MODEL to one that is."
            )
        if status in {401, 403}:
            return ModelConfigurationError("The model's server does not accept the key; check GROQ_API_KEY.")
        if status == 400 and self._json_schema and "json_schema" in message and code not in _TRANSIENT_CODES:
            return _UnsupportedSchemaError()
        if status == 429:
            return _TransientError("The model's server is limiting our requests.", _retry_after(error.response.headers))
        if status in {408, 409} or status >= 500 or (status == 400 and code in _TRANSIENT_CODES):
            return _TransientError(
                f"The model's server failed (status {status}).", _retry_after(error.response.headers)
            )
        return ClientError(f"The model's server refused the question (status {status}).")


class _TransientError(Exception):
    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class _UnsupportedSchemaError(Exception):
    """This model cannot be held to a JSON schema."""


def _detail(body: object) -> Mapping[str, Any]:
    inner = body.get("error", body) if isinstance(body, Mapping) else {}
    return inner if isinstance(inner, Mapping) else {}


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:  # absent, or a date: our own back-off does
        return None
