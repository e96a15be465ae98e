"""The town's language model, asked through Groq's own SDK."""

import json
import re
import time
from collections.abc import Iterator

import groq
import pytest

from leadgen_assets.rehearsal.servers.llm_api import LlmApi

SCHEMA = {
    "type": "object",
    "properties": {"subject": {"type": "string"}, "paragraphs": {"type": "array", "items": {"type": "string"}}},
    "required": ["subject", "paragraphs"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "letter", "schema": SCHEMA, "strict": True}}


@pytest.fixture
def api(clock) -> Iterator[LlmApi]:
    server = LlmApi(clock, seed=1)
    server.start()
    yield server
    server.stop()


def client_of(api: LlmApi, **options) -> groq.Groq:
    settings = api.settings()
    return groq.Groq(api_key=settings["GROQ_API_KEY"], base_url=settings["GROQ_BASE_URL"], max_retries=0, **options)


def ask(client: groq.Groq, prompt: str = "Business: Kahvila Oy", model: str = "openai/gpt-oss-20b", **options):
    messages = [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": prompt}]
    return client.chat.completions.create(model=model, messages=messages, **({"response_format": FORMAT} | options))


def test_an_answer_satisfies_the_schema_and_counts_its_tokens(api):
    answer = ask(client_of(api))
    letter = json.loads(answer.choices[0].message.content)
    assert set(letter) == {"subject", "paragraphs"}
    assert "Kahvila Oy" in letter["subject"]
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 50
    assert answer.model == "openai/gpt-oss-20b"
    assert [request.total_tokens for request in api.requests] == [answer.usage.total_tokens]


def test_the_limits_are_told_in_headers_and_in_virtual_time(api, clock):
    client = client_of(api)
    raw = [client.chat.completions.with_raw_response.create(
        model="openai/gpt-oss-20b", messages=[{"role": "user", "content": "json"}]
    ) for _ in range(2)]  # fmt: skip
    assert [answer.headers["x-ratelimit-remaining-requests"] for answer in raw] == ["999", "998"]
    assert raw[0].parse().created == int(clock.now().timestamp())


def test_the_same_prompt_gets_the_same_answer(api):
    client = client_of(api)
    texts = [ask(client, prompt).choices[0].message.content for prompt in ("name: A", "name: A", "name: B")]
    assert texts[0] == texts[1] != texts[2]


def test_about_one_answer_in_twenty_claims_what_no_fact_supports(api):
    client = client_of(api)
    texts = [ask(client, f"Business: Kahvila\nNote: {number}").choices[0].message.content for number in range(200)]
    wrong = [bool(re.search(r"\d\d %", text)) for text in texts]
    assert wrong == [request.unsupported_claim for request in api.requests]
    assert 3 <= sum(wrong) <= 20


def test_refusals_have_the_provider_s_shapes(api):
    client = client_of(api)
    with pytest.raises(groq.NotFoundError) as not_found:
        ask(client, model="llama-3.1-8b-instant")
    assert not_found.value.body["error"]["code"] == "model_not_found"
    with pytest.raises(groq.AuthenticationError):
        ask(groq.Groq(api_key="wrong", base_url=api.settings()["GROQ_BASE_URL"], max_retries=0))
    with pytest.raises(groq.APIStatusError) as too_large:
        ask(client, "x" * 40_000)
    assert too_large.value.status_code == 413
    with pytest.raises(groq.BadRequestError):
        client.chat.completions.create(
            model="openai/gpt-oss-20b",
            messages=[{"role": "user", "content": "hello"}],
            response_format={"type": "json_object"},
        )
    assert [request.status for request in api.requests] == [404, 401, 413, 400]


def test_faults_are_carried_out_and_counted(api):
    client = client_of(api, timeout=0.5)
    api.fault_for = lambda _: "rate_limit"
    with pytest.raises(groq.RateLimitError) as limited:
        ask(client)
    assert limited.value.response.headers["retry-after"] == "2"
    api.fault_for = lambda _: "server_error"
    with pytest.raises(groq.InternalServerError):
        ask(client)
    api.fault_for = lambda _: "broken_json"
    with pytest.raises(ValueError):
        json.loads(ask(client).choices[0].message.content)
    api.fault_for = lambda _: "hang"
    with pytest.raises(groq.APITimeoutError):
        ask(client)
    assert api.faults_injected == {"rate_limit": 1, "server_error": 1, "broken_json": 1, "hang": 1}
    began = time.monotonic()
    api.stop()
    assert time.monotonic() - began < 3
