"""The language model's provider: Groq's chat completions with limits, token counts and errors as it gives them.

What the simulated model writes belongs to `llm_writer.py`.
"""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import falcon
import falcon.asgi

from leadgen_assets.rehearsal.servers.http_server import HttpServer
from leadgen_assets.rehearsal.servers.llm_writer import write_answer
from tracking_service.clock import Clock

MODELS = ("openai/gpt-oss-20b", "openai/gpt-oss-120b", "qwen/qwen3.8-27b")
UNSUPPORTED_CLAIM_SHARE = 0.05
_API_KEY = "gsk_town_key_of_a_rehearsal"
_REQUESTS_PER_DAY = 1_000
_TOKENS_PER_MINUTE = 8_000
_BYTES_PER_TOKEN = 4

LlmFault = Literal["broken_json", "rate_limit", "server_error", "hang"]
FaultHook = Callable[[str], LlmFault | None]


@dataclass(frozen=True, slots=True)
class LlmRequest:
    """One request: when, for which model, the hash of its prompt and what was answered."""

    at: datetime
    model: str
    prompt_hash: str
    status: int
    total_tokens: int = 0
    unsupported_claim: bool = False


class LlmApi:
    """Answers `POST /openai/v1/chat/completions`; the same prompt gets the same answer from the same seed.

    A seeded 5 % of the answers hold a percentage that no fact supports, so that the product has something to catch.

    Attributes:
        requests: what was asked, in order.
        fault_for: asked with the prompt's hash before each answer; returns a fault or None.
        faults_injected: faults that were carried out, by name.
    """

    def __init__(self, clock: Clock, seed: int = 1) -> None:
        self.requests: list[LlmRequest] = []
        self.fault_for: FaultHook | None = None
        self.faults_injected: Counter[str] = Counter()
        self._clock = clock
        self._seed = seed
        app = falcon.asgi.App()
        app.add_route("/openai/v1/chat/completions", self)
        self._server = HttpServer(app)

    def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server.start()

    def stop(self) -> None:
        """Close the port and every connection, hung ones too; safe to call twice."""
        self._server.stop()

    def settings(self) -> dict[str, str]:
        """The environment lines that point the product at this model."""
        return {"GROQ_BASE_URL": self._server.url, "GROQ_API_KEY": _API_KEY, "GROQ_MODEL": MODELS[0]}

    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Check the request as Groq does, carry out a planned fault, or complete the chat."""
        try:
            asked = await req.get_media()
        except falcon.HTTPError:
            asked = None
        if not isinstance(asked, dict):
            asked = {}
        prompt = "\n".join(_text_of(message) for message in asked.get("messages") or [])
        prompt_hash = hashlib.sha256(prompt.encode()).hexdigest()
        refusal = _refusal(req.auth, asked, prompt)
        if refusal is None and self.fault_for and (fault := self.fault_for(prompt_hash)):
            self.faults_injected[fault] += 1
            if fault == "hang":
                await asyncio.Event().wait()
            refusal = _FAULTS.get(fault)
            if refusal is None:
                self._complete(resp, asked, prompt, prompt_hash, broken=True)
                return
        if refusal is None:
            self._complete(resp, asked, prompt, prompt_hash)
            return
        status, error, headers = refusal
        self._log(asked, prompt_hash, status)
        resp.status = status
        resp.media = {"error": error}
        resp.set_headers(headers)

    def _complete(
        self, resp: falcon.asgi.Response, asked: dict[str, Any], prompt: str, prompt_hash: str, *, broken: bool = False
    ) -> None:
        share = int(hashlib.sha256(f"{self._seed}:{prompt_hash}".encode()).hexdigest()[:8], 16) / 2**32
        embellished = share < UNSUPPORTED_CLAIM_SHARE
        answer = write_answer(prompt, _schema(asked), seed=f"{self._seed}:{prompt_hash}", embellish=embellished)
        text = json.dumps(answer, ensure_ascii=False)
        if broken:
            text = text[: len(text) * 2 // 3]
        usage = _usage(prompt, text)
        entry = self._log(asked, prompt_hash, 200, usage["total_tokens"], embellished)
        resp.set_headers(self._limits(usage["total_tokens"]))
        resp.media = {
            "id": f"chatcmpl-{prompt_hash[:24]}",
            "object": "chat.completion",
            "created": int(entry.at.timestamp()),
            "model": entry.model,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": usage,
            "system_fingerprint": f"fp_{prompt_hash[:10]}",
            "x_groq": {"id": f"req_{prompt_hash[:26]}"},
        }

    def _log(
        self, asked: dict[str, Any], prompt_hash: str, status: int, tokens: int = 0, unsupported_claim: bool = False
    ) -> LlmRequest:
        entry = LlmRequest(self._clock.now(), str(asked.get("model")), prompt_hash, status, tokens, unsupported_claim)
        self.requests.append(entry)
        return entry

    def _limits(self, tokens: int) -> dict[str, str]:
        """The limit headers: requests count per day, tokens per minute."""
        today = self._clock.now().date()
        used = sum(request.at.date() == today for request in self.requests)
        return {
            "x-ratelimit-limit-requests": str(_REQUESTS_PER_DAY),
            "x-ratelimit-remaining-requests": str(max(0, _REQUESTS_PER_DAY - used)),
            "x-ratelimit-reset-requests": "1m26.4s",
            "x-ratelimit-limit-tokens": str(_TOKENS_PER_MINUTE),
            "x-ratelimit-remaining-tokens": str(max(0, _TOKENS_PER_MINUTE - tokens)),
            "x-ratelimit-reset-tokens": f"{tokens * 60 / _TOKENS_PER_MINUTE:.3f}s",
        }


_Refusal = tuple[int, dict[str, str], dict[str, str]]
_FAULTS: dict[str, _Refusal] = {
    "rate_limit": (
        429,
        {
            "message": "Rate limit reached for model on tokens per minute (TPM). Please try again in 2s.",
            "type": "tokens",
            "code": "rate_limit_exceeded",
        },
        {"retry-after": "2"},
    ),
    "server_error": (500, {"message": "Internal Server Error", "type": "internal_server_error"}, {}),
}


def _refusal(authorization: str | None, asked: dict[str, Any], prompt: str) -> _Refusal | None:
    model = str(asked.get("model"))
    if authorization != f"Bearer {_API_KEY}":
        return _invalid(401, "Invalid API Key", "invalid_api_key")
    if not prompt:
        return _invalid(400, "'messages' : minimum number of items is 1", "invalid_request_error")
    if model not in MODELS:
        message = f"The model `{model}` does not exist or you do not have access to it."
        return _invalid(404, message, "model_not_found")
    if len(prompt.encode()) // _BYTES_PER_TOKEN > _TOKENS_PER_MINUTE:
        message = f"Request too large for model `{model}` on tokens per minute (TPM): Limit {_TOKENS_PER_MINUTE}"
        return _invalid(413, message, "rate_limit_exceeded", kind="tokens")
    if _format(asked).get("type") == "json_object" and "json" not in prompt.lower():
        return _invalid(400, "'messages' must contain the word 'json' in some form", "invalid_request_error")
    return None


def _invalid(status: int, message: str, code: str, kind: str = "invalid_request_error") -> _Refusal:
    return status, {"message": message, "type": kind, "code": code}, {}


def _format(asked: dict[str, Any]) -> dict[str, Any]:
    wanted = asked.get("response_format")
    return wanted if isinstance(wanted, dict) else {}


def _schema(asked: dict[str, Any]) -> dict[str, Any] | None:
    wanted = _format(asked).get("json_schema")
    schema = wanted.get("schema") if isinstance(wanted, dict) else None
    return schema if isinstance(schema, dict) else None


def _text_of(message: Any) -> str:
    """The text of one chat message, given as a string or as parts."""
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


def _usage(prompt: str, answer: str) -> dict[str, Any]:
    prompt_tokens = len(prompt.encode()) // _BYTES_PER_TOKEN + 1
    reasoning_tokens = 40  # counted like any other, though nobody sees them
    completion_tokens = len(answer.encode()) // _BYTES_PER_TOKEN + 1 + reasoning_tokens
    return {
        "queue_time": 0.01,
        "prompt_tokens": prompt_tokens,
        "prompt_time": prompt_tokens / 10_000,
        "completion_tokens": completion_tokens,
        "completion_time": completion_tokens / 1_000,
        "completion_tokens_details": {"reasoning_tokens": reasoning_tokens},
        "total_tokens": prompt_tokens + completion_tokens,
        "total_time": 0.01 + prompt_tokens / 10_000 + completion_tokens / 1_000,
    }
