"""The model's client with the real SDK against a server on loopback: retries, limits, refusals and wrong settings."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.groq_chat import Completion, GroqChat, ModelConfigurationError
from leadgen_assets.domain.prompts import ANSWER_SCHEMA

MODEL = "openai/gpt-oss-20b"
ANSWER = '{"subject": "Hello"}'
Planned = tuple[int, Any, dict[str, str]]


def completion(content: str | None = ANSWER, **changes: Any) -> Planned:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    usage = {"prompt_tokens": 700, "completion_tokens": 300, "total_tokens": 1000}
    body = {"id": "c1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice], "usage": usage}
    return 200, body | changes, {}


def refusal(status: int, code: str = "", message: str = "", **headers: str) -> Planned:
    return status, {"error": {"message": message, "code": code}}, {k.replace("_", "-"): v for k, v in headers.items()}


class Provider:
    """Answers chat completions with what was planned, the last plan again and again."""

    def __init__(self) -> None:
        self.plan: list[Planned] = [completion()]
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                provider.paths.append(self.path)
                provider.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                status, body, headers = provider.plan.pop(0) if len(provider.plan) > 1 else provider.plan[0]
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"content-type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> "Provider":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Asked:
    """A client of the provider, and the pauses it made."""

    def __init__(self, url: str, model: str = MODEL) -> None:
        self.pauses: list[float] = []
        self.chat = GroqChat(
            base_url=url, api_key="gsk_test", model=model, timeout_seconds=5.0, sleep=self.pauses.append
        )

    def ask(self) -> Completion:
        return self.chat.complete("Answer in JSON.", "Who?", ANSWER_SCHEMA)

    def fail(self) -> ClientError:
        with pytest.raises(ClientError) as raised:
            self.ask()
        return raised.value


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        yield server


@pytest.fixture
def asked(provider: Provider) -> Iterator[Asked]:
    client = Asked(provider.url)
    yield client
    client.chat.close()


def test_a_question_is_asked_with_a_strict_schema_and_little_reasoning(provider: Provider, asked: Asked) -> None:
    assert asked.ask() == Completion(ANSWER, MODEL, 700, 300)
    assert provider.paths == ["/openai/v1/chat/completions"]
    (request,) = provider.requests
    assert request["response_format"]["json_schema"]["strict"] is True
    assert request["reasoning_effort"] == "low"
    assert [message["role"] for message in request["messages"]] == ["system", "user"]


def test_other_models_are_not_told_how_much_to_reason(provider: Provider) -> None:
    client = Asked(provider.url, "qwen/qwen3.8-27b")
    client.ask()
    client.chat.close()
    assert "reasoning_effort" not in provider.requests[0]


def test_a_limit_is_waited_out_as_long_as_the_server_says(provider: Provider, asked: Asked) -> None:
    provider.plan = [
        refusal(429, "rate_limit_exceeded", retry_after="7"),
        refusal(429, retry_after="2.5"),
        completion(),
    ]
    assert asked.ask().text == ANSWER
    assert asked.pauses == [7.0, 2.5]


def test_a_limit_of_hours_is_not_waited_out(provider: Provider, asked: Asked) -> None:
    provider.plan = [refusal(429, retry_after="3600")]
    assert asked.fail().retryable
    assert (asked.pauses, len(provider.requests)) == ([], 1)


@pytest.mark.parametrize(
    "trouble",
    [
        refusal(500),
        refusal(503),
        refusal(400, "json_validate_failed", "Failed to generate JSON"),
        completion(""),
        completion(None),
        completion(choices=[]),
        (200, b"<html>gateway</html>", {}),
        (200, b"<html>gateway</html>", {"content-type": "text/html"}),
        (200, {"choices": [{"message": None}]}, {}),
        (200, [], {}),
    ],
    ids=["500", "503", "broken json", "empty", "null", "no choices", "not json", "a page", "no message", "a list"],
)
def test_passing_trouble_is_tried_again_with_growing_pauses(provider: Provider, asked: Asked, trouble: Planned) -> None:
    provider.plan = [trouble, trouble, completion()]
    assert asked.ask().text == ANSWER
    assert asked.pauses == [1.0, 2.0]


def test_lasting_trouble_ends_after_four_attempts_in_one_sentence(provider: Provider, asked: Asked) -> None:
    provider.plan = [refusal(500)]
    error = asked.fail()
    assert error.retryable
    assert str(error) == "The model's server failed (status 500)."
    assert (len(provider.requests), asked.pauses) == (4, [1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    ("trouble", "setting"),
    [(refusal(404, "model_not_found"), "GROQ_MODEL"), (refusal(401), "GROQ_API_KEY"), (refusal(403), "GROQ_API_KEY")],
)
def test_a_wrong_key_or_model_is_named_at_once(
    provider: Provider, asked: Asked, trouble: Planned, setting: str
) -> None:
    provider.plan = [trouble]
    error = asked.fail()
    assert isinstance(error, ModelConfigurationError)
    assert setting in str(error)
    assert (error.retryable, len(provider.requests)) == (False, 1)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_question_is_not_asked_again(provider: Provider, asked: Asked, status: int) -> None:
    provider.plan = [refusal(status, "rate_limit_exceeded" if status == 413 else "", "no")]
    error = asked.fail()
    assert not error.retryable
    assert not isinstance(error, ModelConfigurationError)
    assert len(provider.requests) == 1


def test_a_model_without_schemas_is_asked_for_plain_json_from_then_on(provider: Provider, asked: Asked) -> None:
    message = "This model does not support response format `json_schema`."
    provider.plan = [refusal(400, "", message), completion(), completion()]
    asked.ask()
    asked.ask()
    formats = [request["response_format"]["type"] for request in provider.requests]
    assert formats == ["json_schema", "json_object", "json_object"]
    assert asked.pauses == []


def test_a_server_that_is_away_is_named_with_its_setting(asked: Asked) -> None:
    with Provider() as gone:
        url = gone.url
    client = Asked(url)
    error = client.fail()
    client.chat.close()
    assert error.retryable
    assert "GROQ_BASE_URL" in str(error)


def test_no_answer_in_time_is_named_with_its_setting() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        chat = GroqChat(
            base_url=f"http://127.0.0.1:{silent.getsockname()[1]}",
            api_key="k",
            model=MODEL,
            timeout_seconds=0.1,
            attempts=2,
            sleep=lambda _: None,
        )
        with pytest.raises(ClientError, match="GROQ_TIMEOUT_SECONDS"):
            chat.complete("a", "b", ANSWER_SCHEMA)
        chat.close()
