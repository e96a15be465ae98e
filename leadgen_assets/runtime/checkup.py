"""The checks of `leadgen doctor`: each ends in one finding and none changes anything outside.

What live mode additionally demands is here too; the sender asks its own questions before each message.
"""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from leadgen_assets.domain.countries import country_refusal
from leadgen_assets.runtime.processes import StartError
from leadgen_assets.sender.gate import demands
from leadgen_assets.settings import Settings
from leadgen_assets.storage.country_bases import present_bases
from leadgen_assets.storage.database import running_database
from leadgen_assets.storage.embedded_postgres import DatabaseUnavailableError
from leadgen_assets.storage.ledger import ledger_connection
from leadgen_assets.storage.migrations import revisions
from leadgen_assets.storage.pauses import present_pause
from leadgen_assets.storage.targets import list_targets
from tracking_service.loopback import is_loopback
from tracking_service.settings import env_file

_CONNECT_SECONDS = 5.0


class StartRefusedError(StartError):
    """Live mode was refused; the message names what to mend."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    name: str
    state: Literal["passed", "failed", "skipped"]
    detail: str


def examine(settings: Settings, problems: Sequence[str] = ()) -> list[Finding]:
    """Run every check that applies to these settings.

    Args:
        settings: as far as they could be read.
        problems: what is wrong with them, one clause each.
    """
    return [
        *(
            Finding("settings", "failed", f"{problem}; mend it in {env_file()} or the environment")
            for problem in problems
        ),
        *(() if problems else [_mode(settings)]),
        *_database(settings),
        _proposals(),
        *_systems(settings),
        *(_live(settings) if settings.leadgen_mode == "live" else _later(settings)),
    ]


def _mode(settings: Settings) -> Finding:
    return Finding("settings", "passed", f"mode {settings.leadgen_mode}, home {settings.leadgen_home}")


def _later(settings: Settings) -> Iterator[Finding]:
    """What is enough for a rehearsal, and what live mode would still ask for."""
    wanted = [*demands(settings), *_live_systems(settings)]
    for name, holds, mend in wanted:
        if not holds:
            yield Finding(f"live: {name}", "skipped", f"enough for a rehearsal, not for live: {mend}")


def _database(settings: Settings) -> Iterator[Finding]:
    host = urlsplit(settings.database_url or "").hostname or ""
    if settings.leadgen_mode == "rehearsal" and not is_loopback(host):
        yield Finding("database", "skipped", f"{host} is not asked: a rehearsal uses loopback only")
        return
    where = "DATABASE_URL" if settings.database_url else "embedded"
    try:
        with running_database(settings) as url:
            present, newest = revisions(url)
            if present is None:
                detail = f"{where}: answers, has no schema yet; the first start or `leadgen migrate` creates it"
                yield Finding("database", "skipped", detail)
            elif present != newest:
                detail = f"{where}: schema at {present}, newest is {newest}; run `leadgen migrate`"
                yield Finding("database", "failed", detail)
            else:
                yield Finding("database", "passed", f"{where}, schema at revision {present}")
                yield from _sending(url)
                yield from _countries(url)
    except DatabaseUnavailableError as error:
        yield Finding("database", "failed", str(error))


def _sending(url: str) -> Iterator[Finding]:
    """A pause of all sending; nothing to say without one."""
    with ledger_connection(url) as connection:
        pause = present_pause(connection)
    if pause:
        yield Finding("sending", "skipped", str(pause))


def _countries(url: str) -> Iterator[Finding]:
    """The countries of the targets whose businesses would be found and not written to."""
    with ledger_connection(url) as connection:
        bases, targets = present_bases(connection), list_targets(connection, active_only=True)
    for country in sorted({target.country for target in targets if target.country}):
        cities = ", ".join(target.city for target in targets if target.country == country)
        refusal = country_refusal(country, bases)
        detail = (
            f"{cities}: nobody there is written to ({refusal}); `leadgen basis list` shows the rule,"
            f' `leadgen basis record {country} --because "..."` opens it'
            if refusal
            else f"{cities}: may be written to"
        )
        yield Finding(f"country {country}", "skipped" if refusal else "passed", detail)


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
            _reach(settings, name, parts.hostname or "", port)
            if configured
            else Finding(name, "skipped", f"{setting} is not set")
        )
    yield _web_search(settings)
    for name, host, port, setting in (
        ("mail server", settings.smtp_host, settings.smtp_port, "SMTP_HOST"),
        ("reply mailbox", settings.imap_host, settings.imap_port, "IMAP_HOST"),
    ):
        yield _reach(settings, name, host, port) if host else Finding(name, "skipped", f"{setting} is not set")


def _web_search(settings: Settings) -> Finding:
    host = urlsplit(settings.search_url).netloc
    if settings.leadgen_mode == "rehearsal" and not is_loopback(urlsplit(settings.search_url).hostname or ""):
        return Finding("web search", "skipped", f"{host} is not asked: a rehearsal uses loopback only")
    if not settings.search_url:
        return Finding("web search", "skipped", "SEARCH_URL is not set; the web is not searched")
    from leadgen_assets.clients.search_engine import json_problem

    problem = json_problem(settings.search_url, _CONNECT_SECONDS)
    return Finding("web search", "failed" if problem else "passed", f"{host} {problem or 'answers in JSON'}")


def _reach(settings: Settings, name: str, host: str, port: int) -> Finding:
    if settings.leadgen_mode == "rehearsal" and not is_loopback(host):
        return Finding(name, "skipped", f"{host} is not asked: a rehearsal uses loopback only")
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_SECONDS):
            return Finding(name, "passed", f"{host}:{port} answers")
    except OSError as error:
        return Finding(name, "failed", f"{host}:{port} does not answer ({error}); mend the setting or the network")


def _live_systems(settings: Settings) -> list[tuple[str, bool, str]]:
    """What live mode needs set; whether it answers is another question."""
    sources = bool(settings.google_places_api_key or settings.overpass_url or settings.places_file)
    by_smtp = settings.mail_transport == "smtp"
    mail = "set SMTP_HOST, SMTP_USER and SMTP_PASSWORD"
    return [
        ("mail account", bool(settings.smtp_host) or not by_smtp, mail),
        ("source of places", sources, "set GOOGLE_PLACES_API_KEY, OVERPASS_URL or PLACES_FILE"),
    ]


def _live(settings: Settings) -> Iterator[Finding]:
    wanted = demands(settings)
    if all(holds for _, holds, _ in wanted):
        from leadgen_assets.sender.preconditions import domain_demands

        wanted += domain_demands(settings)
        yield _unsubscribe_page(settings)
    else:
        yield Finding("sender domain", "skipped", "asked in DNS once the settings below are in order")
    for name, holds, mend in [*wanted, *_live_systems(settings)]:
        yield Finding(name, "passed", "in order") if holds else Finding(name, "failed", mend)
    yield _privacy_notice(settings)


def _privacy_notice(settings: Settings) -> Finding:
    """Recommended, not demanded: what the law asks to be told may also stand in the letter itself."""
    if settings.privacy_url:
        return Finding("privacy notice", "passed", f"every email links to {settings.privacy_url}")
    return Finding(
        "privacy notice",
        "skipped",
        "PRIVACY_URL is not set; recommended, because people have a right to read who you are, where their address"
        " comes from and how to object (GDPR art. 14)",
    )


def _unsubscribe_page(settings: Settings) -> Finding:
    """It can only be seen while the tracking service runs; the sender asks again before each batch."""
    from leadgen_assets.sender.preconditions import unsubscribe_problem

    problem, may_start = unsubscribe_problem(settings)
    if problem and may_start:
        return Finding("unsubscribe page", "skipped", f"{problem}; nothing is sent before it answers")
    return Finding("unsubscribe page", "failed" if problem else "passed", problem or "answers")
