"""`/health` under the API: that the service answers, and with a key how the whole installation is."""

from datetime import date as date_type
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import falcon
import falcon.asgi
from pydantic import BaseModel, Field

from tracking_service.clock import Clock
from tracking_service.counters import Counters
from tracking_service.ledger import status as ledger_status
from tracking_service.ledger.pool import Ledger, LedgerAwayError
from tracking_service.operations import operation

_STALE_SECONDS = 300.0


class Database(BaseModel):
    """The ledger."""

    reachable: bool
    revision: str | None = Field(description="Migration that the database is at.")
    up_to_date: bool


class SpoolState(BaseModel):
    """Events on disk that wait for PostgreSQL."""

    waiting_bytes: int
    refused_bytes: int = Field(description="Events that PostgreSQL refused for their content, set aside.")


class Quota(BaseModel):
    """What is used of one allowance."""

    service: str
    period_start: date_type
    used: int
    limit: int | None = Field(description="As Dagster's processes know it; null where they did not say.")


class Heartbeat(BaseModel):
    """A process that lives, or did."""

    name: str
    beat_at: datetime
    age_seconds: float


class Pause(BaseModel):
    """All sending stands still until `leadgen resume`."""

    cause: Literal["operator", "breaker", "refusal"]
    reason: str
    paused_at: datetime


class Health(BaseModel):
    """`ok`; `degraded` where something needs a look; `failing` where PostgreSQL is away (hits are spooled then)."""

    status: Literal["ok", "degraded", "failing"]
    problems: list[str] | None = Field(default=None, description="One sentence each. This and the rest: with a key.")
    database: Database | None = None
    spool: SpoolState | None = None
    hits: dict[str, int] | None = Field(default=None, description="Counts since this process started.")
    quotas: list[Quota] | None = None
    heartbeats: list[Heartbeat] | None = None
    dagster_age_seconds: float | None = Field(default=None, description="Since Dagster's daemon last said it lives.")
    mailbox_age_seconds: float | None = Field(default=None, description="Since the reply mailbox was last read.")
    last_contacts: dict[str, datetime | None] | None = Field(
        default=None, description="When each outside system last answered; null for never."
    )
    sending_pause: Pause | None = Field(default=None, description="Null while mails may leave.")
    waiting: dict[str, int] | None = Field(default=None, description="What waits, or needs a person.")


class HealthResource:
    """`/health`."""

    def __init__(self, ledger: Ledger, clock: Clock, zone: str, counters: Counters, spool_folder: Path) -> None:
        self._ledger, self._clock, self._zone = ledger, clock, zone
        self._counters, self._spool = counters, spool_folder

    @operation("Health", tag="Health", access="key_optional", answers={200: Health, 503: Health})
    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> Health:
        """Without a key only that the service answers, asking nobody; with one, how the whole installation is.

        503 only with a key, and only while PostgreSQL is away.
        """
        if request.context.caller is None:
            return Health(status="ok")
        health = Health(status="ok", problems=[], hits=self._counters.as_dict(), spool=_spool_state(self._spool))
        try:
            await self._ask(health)
        except LedgerAwayError:
            health.database = Database(reachable=False, revision=None, up_to_date=False)
            health.problems = ["PostgreSQL does not answer: start it or mend DATABASE_URL."]
            health.status = "failing"
            response.status = falcon.HTTP_503
            return health
        health.problems = list(self._problems(health))
        health.status = "degraded" if health.problems else "ok"
        return health

    on_head = on_get  # what some uptime checks ask

    async def _ask(self, health: Health) -> None:
        now, today = self._clock.now(), self._clock.today(self._zone)
        async with self._ledger.transaction() as connection:
            revision = await ledger_status.schema_revision(connection)
            beats = await ledger_status.heartbeats(connection)
            used = await ledger_status.quotas(connection, today)
            health.last_contacts = await ledger_status.last_contacts(connection)
            health.waiting = await ledger_status.waiting(connection)
            pause = await ledger_status.pause(connection)
        health.database = Database(
            reachable=True, revision=revision, up_to_date=revision == ledger_status.SCHEMA_REVISION
        )
        health.sending_pause = Pause(**pause) if pause else None
        ages = {row["name"]: (now - row["beat_at"]).total_seconds() for row in beats}
        health.heartbeats = [
            Heartbeat(name=row["name"], beat_at=row["beat_at"], age_seconds=ages[row["name"]]) for row in beats
        ]
        health.dagster_age_seconds = ages.get("dagster")
        polled_at = health.last_contacts["imap"]
        health.mailbox_age_seconds = (now - polled_at).total_seconds() if polled_at else None
        said: dict[str, Any] = next((row["detail"] for row in beats if row["name"] == "dagster"), {})
        limits = said.get("limits", {})
        health.quotas = [Quota(**row, limit=limits.get(row["service"])) for row in used]

    def _problems(self, health: Health) -> list[str]:
        waiting = health.waiting or {}
        silent = health.dagster_age_seconds is None or health.dagster_age_seconds > _STALE_SECONDS
        spool, pause = health.spool, health.sending_pause
        found = (
            (not (health.database and health.database.up_to_date), "The schema is not up to date: `leadgen migrate`."),
            (silent, "Dagster's daemon is silent: nothing is scheduled or sent until it runs again."),
            (pause is not None, f"Sending is paused ({pause.reason if pause else ''}): `leadgen resume` ends it."),
            (bool(spool and spool.waiting_bytes), "Events wait on disk for PostgreSQL."),
            (bool(spool and spool.refused_bytes), "PostgreSQL refused events; they are set aside in the spool folder."),
            (self._counters.lost > 0, "Events were lost since this process started."),
            (waiting.get("unknown_messages", 0) > 0, "Messages wait for a person to say whether they were sent."),
        )
        return [sentence for wrong, sentence in found if wrong]


def _spool_state(folder: Path) -> SpoolState:
    return SpoolState(waiting_bytes=_size(folder, "*.spool"), refused_bytes=_size(folder, "rejected*"))


def _size(folder: Path, pattern: str) -> int:
    return sum(file.stat().st_size for file in folder.glob(pattern))
