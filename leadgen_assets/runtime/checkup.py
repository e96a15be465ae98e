"""The checks of `leadgen doctor`: each ends in one finding and none changes anything outside.

What live mode additionally demands is here too; the sender asks its own questions before each message.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from leadgen_assets.runtime.processes import StartError
from leadgen_assets.sender.gate import demands
from leadgen_assets.settings import Settings
from leadgen_assets.storage.database import running_database
from leadgen_assets.storage.embedded_postgres import DatabaseUnavailableError
from leadgen_assets.storage.migrations import revisions

_CONNECT_SECONDS = 5.0


class StartRefusedError(StartError):
    """Live mode was refused; the message names what to mend."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    name: str
    state: Literal["passed", "failed", "skipped"]
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """Run every check that applies to these settings."""
    return [
        Finding("settings", "passed", f"mode {settings.leadgen_mode}, home {settings.leadgen_home}"),
        _database(settings),
        _proposals(),
        *_systems(settings),
        *(_live(settings) if settings.leadgen_mode == "live" else ()),
    ]


def _database(settings: Settings) -> Finding:
    try:
        with running_database(settings) as url:
            present, newest = revisions(url)
    except DatabaseUnavailableError as error:
        return Finding("database", "failed", str(error))
    where = "DATABASE_URL" if settings.database_url else "embedded"
    if present is None:
        detail = f"{where}: answers, has no schema yet; the first start or `leadgen migrate` creates it"
        return Finding("database", "skipped", detail)
    if present != newest:
        return Finding("database", "failed", f"{where}: schema at {present}, newest is {newest}; run `leadgen migrate`")
    return Finding("database", "passed", f"{where}, schema at revision {present}")


def _proposals() -> Finding:
    from leadgen_assets.domain.pdf import missing_library

    missing = missing_library()
    return (
        Finding("proposals", "skipped", missing)
        if missing
        else Finding("proposals", "passed", "Pango is there, PDFs can be drawn")
    )


def _systems(settings: Settings) -> Iterator[Finding]:
    systems = [
        ("Google Places", settings.google_places_api_key, settings.google_places_base_url, "GOOGLE_PLACES_API_KEY"),
        ("Overpass", settings.overpass_url, settings.overpass_url, "OVERPASS_URL"),
        ("Groq", settings.groq_api_key, settings.groq_base_url, "GROQ_API_KEY"),
        ("Telegram", settings.telegram_bot_token, settings.telegram_base_url, "TELEGRAM_BOT_TOKEN"),
        ("CallMeBot", settings.callmebot_api_key, settings.callmebot_base_url, "CALLMEBOT_API_KEY"),
    ]
    for name, configured, url, setting in systems:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        yield (
            _reach(name, parts.hostname or "", port)
            if configured
            else Finding(name, "skipped", f"{setting} is not set")
        )
    yield _web_search(settings)
    for name, host, port, setting in (
        ("SMTP", settings.brevo_smtp_host, settings.brevo_smtp_port, "BREVO_SMTP_HOST"),
        ("IMAP", settings.imap_host, settings.imap_port, "IMAP_HOST"),
    ):
        yield _reach(name, host, port) if host else Finding(name, "skipped", f"{setting} is not set")


def _web_search(settings: Settings) -> Finding:
    if not settings.search_url:
        return Finding("web search", "skipped", "SEARCH_URL is not set; the web is not searched")
    from leadgen_assets.clients.search_engine import json_problem

    problem = json_problem(settings.search_url, _CONNECT_SECONDS)
    host = urlsplit(settings.search_url).netloc
    return Finding("web search", "failed" if problem else "passed", f"{host} {problem or 'answers in JSON'}")


def _reach(name: str, host: str, port: int) -> Finding:
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_SECONDS):
            return Finding(name, "passed", f"{host}:{port} answers")
    except OSError as error:
        return Finding(name, "failed", f"{host}:{port} does not answer ({error}); mend the setting or the network")


def _live(settings: Settings) -> Iterator[Finding]:
    sources = bool(settings.google_places_api_key or settings.overpass_url or settings.places_file)
    more = [
        ("mail server", bool(settings.brevo_smtp_host), "set BREVO_SMTP_HOST, BREVO_SMTP_USER and BREVO_SMTP_PASSWORD"),
        ("source of places", sources, "set GOOGLE_PLACES_API_KEY, OVERPASS_URL or PLACES_FILE"),
    ]
    wanted = demands(settings)
    if all(holds for _, holds, _ in wanted):
        from leadgen_assets.sender.preconditions import outside_demands

        wanted += outside_demands(settings)
    else:
        yield Finding("sender domain", "skipped", "asked in DNS once the settings below are in order")
    for name, holds, mend in [*wanted, *more]:
        yield Finding(name, "passed", "set") if holds else Finding(name, "failed", mend)
