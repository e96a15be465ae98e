"""Asking the model about each lead of a day, one by one, within the day's tokens; every outcome is journaled.

Part of the personalization stage: the assets are in `personalization`, what is asked in `domain/prompts`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.groq_chat import MAX_COMPLETION_TOKENS, GroqChat, ModelConfigurationError
from leadgen_assets.domain.prompts import ANSWER_SCHEMA, Prompt
from leadgen_assets.resources import Platform
from leadgen_assets.settings import Settings
from leadgen_assets.storage.journal import Capture, store_capture
from leadgen_assets.storage.quotas import reserve, settle

QUOTA = "groq_tokens"
_FAILURES_IN_A_ROW = 3

Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Question:
    """The prompt about one lead."""

    lead_id: str
    prompt: Prompt


def ask_all(platform: Platform, questions: Iterable[Question], day: date, warn: Warn) -> None:
    """Ask every question and journal its outcome at once, so that a killed run goes on after the last one.

    After a wrong key or model nothing more is asked (`not_configured`), after three failures in a row neither
    (`unavailable`): the day goes on with our own texts.
    """
    settings = platform.settings
    chat = _chat(settings)
    given_up: str | None = None if chat else "not_configured"
    failures = 0
    try:
        for question in questions:
            outcome: dict[str, Any] = {"outcome": given_up}
            if chat and given_up is None:
                outcome = _ask(platform, chat, question, day, warn)
                failures = failures + 1 if outcome["outcome"] == "unavailable" else 0
                if outcome["outcome"] == "not_configured" or failures == _FAILURES_IN_A_ROW:
                    given_up = outcome["outcome"]
            _journal(platform, settings, question, day, outcome)
    finally:
        if chat:
            chat.close()


def payload_of(settings: Settings, question: Question, outcome: dict[str, Any]) -> dict[str, Any]:
    """What is journaled about one question: the columns of `draft_completions` without lead and time."""
    empty = {"answer": None, "prompt_tokens": 0, "completion_tokens": 0}
    asked = {"model": settings.groq_model, "prompt_sha256": question.prompt.sha256}
    return empty | asked | outcome


def _chat(settings: Settings) -> GroqChat | None:
    if not settings.groq_api_key:
        return None
    return GroqChat(
        base_url=settings.groq_base_url,
        api_key=settings.groq_api_key,
        model=settings.groq_model,
        timeout_seconds=settings.groq_timeout_seconds,
        backoff_seconds=settings.groq_backoff_seconds,
    )


def _ask(platform: Platform, chat: GroqChat, question: Question, day: date, warn: Warn) -> dict[str, Any]:
    needed = question.prompt.estimated_tokens + MAX_COMPLETION_TOKENS
    with platform.ledger() as connection:
        if not reserve(connection, QUOTA, day, needed, platform.settings.groq_daily_tokens):
            return {"outcome": "over_budget"}
    used: int | None = 0  # unknown where the provider failed half-way: then the whole reservation stays
    try:
        completion = chat.complete(question.prompt.system, question.prompt.user, ANSWER_SCHEMA)
    except ModelConfigurationError as error:
        warn(str(error))
        outcome: dict[str, Any] = {"outcome": "not_configured"}
    except ClientError as error:
        warn(f"Lead {question.lead_id} gets our own text: {error}")
        outcome = {"outcome": "unavailable" if error.retryable else "refused"}
        used = None if error.retryable else 0
    else:
        used = completion.prompt_tokens + completion.completion_tokens
        outcome = {
            "outcome": "answered",
            "model": completion.model,
            "answer": completion.text,
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.completion_tokens,
        }
    if used is not None:
        with platform.ledger() as connection:
            settle(connection, QUOTA, day, used - needed)
    return outcome


def _journal(platform: Platform, settings: Settings, question: Question, day: date, outcome: dict[str, Any]) -> None:
    payload = payload_of(settings, question, outcome)
    capture = Capture(question.lead_id, platform.clock.now(), "groq", payload, UUID(question.lead_id))
    with platform.ledger() as connection:
        store_capture(connection, "draft_completions", day, capture)
