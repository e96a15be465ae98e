"""The tracking service's SQL: judging and storing events, suppressing who unsubscribed, and the heartbeat.

Leads' facts, message statuses and alerts follow from the events by triggers. One connection; calls take turns on it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import asyncpg
import orjson
from asyncpg import Connection

from tracking_service.batches import json_rows
from tracking_service.clock import Clock
from tracking_service.conninfo import asyncpg_dsn
from tracking_service.events import TrackingEvent
from tracking_service.hashes import suppression_hash
from tracking_service.rejudging import begun_bursts, judge_again
from tracking_service.verdicts import AGE_LIMITS_SECONDS, VERSION

_Result = TypeVar("_Result")
_SENT_TIMES_KEPT = 20_000
_FORGOTTEN_AT_ONCE = 2000
_CLOSING_SECONDS = 0.4

_MESSAGES = """
SELECT o.id, o.to_email, l.organisation FROM email_outreach o JOIN leads l ON l.id = o.lead_id
WHERE o.id = ANY($1::uuid[]) AND l.erased_at IS NULL
"""

# Events of erased messages find none. `verdict` and `reasons` hold the judgement, or, where it was not known when the
# message was sent, `judgements` one for each age that the message can have. What was not known is answered with the
# same round trip: how many rows were added comes first.
_INSERT = """
WITH added AS (
    INSERT INTO email_events (id, lead_id, outreach_id, event_type, url_clicked, method, network, user_agent, headers,
                              verdict, reasons, verdict_version, origin, occurred_at, stored_at)
    SELECT e.id, o.lead_id, o.id, e.event_type, e.url_clicked, e.method, e.network, e.user_agent, e.headers,
           coalesce(e.verdict, e.judgements -> a.age ->> 0),
           string_to_array(coalesce(e.reasons, e.judgements -> a.age ->> 1), '; '),
           $1, 'tracking', to_timestamp(e.occurred_at), $2
    FROM json_to_recordset($5) AS e (
        id UUID, outreach_id UUID, event_type TEXT, url_clicked TEXT, method TEXT, network CIDR, user_agent TEXT,
        headers JSONB, occurred_at FLOAT8, verdict TEXT, reasons TEXT, judgements JSON)
    JOIN email_outreach o ON o.id = e.outreach_id AND o.to_domain <> 'erased'
    CROSS JOIN LATERAL (
        SELECT CASE WHEN o.sent_at IS NULL AND o.transmitting_at IS NULL THEN 0 ELSE 1 + width_bucket(e.occurred_at
            - extract(epoch FROM coalesce(o.transmitting_at, o.sent_at))::float8, $3::float8[]) END AS age) a
    ON CONFLICT (id) DO NOTHING
    RETURNING 1
)
SELECT NULL::uuid, NULL::float8, count(*) FROM added
UNION ALL
SELECT id, extract(epoch FROM coalesce(transmitting_at, sent_at))::float8, 0 FROM email_outreach
WHERE id = ANY($4::uuid[]) AND sent_at IS NOT NULL  -- before that, a refused message may be sent again later
"""

_SUPPRESS = """
INSERT INTO suppressions (kind, hash, reason, created_at) VALUES ($1, $2, 'unsubscribed', $3)
ON CONFLICT (kind, hash) DO NOTHING
"""

_BEAT = """
INSERT INTO heartbeats (name, beat_at, detail) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at, detail = excluded.detail
"""

_TELL = """
WITH told AS (INSERT INTO alert_outbox (dedupe_key, channel, kind, text, created_at, not_before)
              VALUES ($1, 'telegram', 'failure', $2, $3, $3) ON CONFLICT (dedupe_key, channel) DO NOTHING)
SELECT pg_notify('leadgen_alerts', '')
"""

_FORGET = """
UPDATE email_events SET network = NULL
WHERE id IN (SELECT id FROM email_events WHERE network IS NOT NULL AND occurred_at < $1 LIMIT $2)
"""

# The server gives up shortly before we do, so that no forgotten statement holds locks. Every statement of ours picks
# few rows out of large tables; before a table was analysed, the planner would take it for small and read it whole, for
# each batch. A plan for each batch's own values would cost a tenth of the batch, and be the same. Compiling statements
# this short never pays, and older servers would, where a plan cannot avoid what is switched off here.
_SETTINGS = """
SELECT set_config('TimeZone', 'UTC', FALSE), set_config('statement_timeout', $1, FALSE),
       set_config('enable_seqscan', 'off', FALSE), set_config('enable_hashjoin', 'off', FALSE),
       set_config('enable_mergejoin', 'off', FALSE), set_config('plan_cache_mode', 'force_generic_plan', FALSE),
       set_config('jit', 'off', FALSE)
"""


class DatabaseAwayError(Exception):
    """PostgreSQL is unreachable, silent, full or not ready; the same events may be stored later."""


class EventRefusedError(Exception):
    """At least one event of the batch can never be stored; the others can."""


class EventStore:
    """Stores batches of events over one connection.

    Args:
        conninfo: libpq URL of the ledger.
        clock: gives the moment at which events are stored.
        secret: key of the suppressions' hashes.
        timeout_seconds: how long PostgreSQL may stay silent before it counts as away.
    """

    def __init__(self, conninfo: str, clock: Clock, secret: str, *, timeout_seconds: float = 2.0) -> None:
        self._dsn = asyncpg_dsn(conninfo)
        self._clock = clock
        self._secret = secret
        self._timeout = timeout_seconds
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()
        self._sent_times: dict[int, float] = {}  # by the number of the message, in seconds since 1970; oldest first

    async def connect(self) -> None:
        """Have an open connection.

        Raises:
            DatabaseAwayError: if there is none within the time-out.
        """
        async with self._turn:
            if self._connection is not None and not self._connection.is_closed():
                return
            try:
                self._connection = await asyncpg.connect(
                    self._dsn,
                    timeout=self._timeout,
                    max_cached_statement_lifetime=0,  # our statements are few
                    server_settings={"application_name": "leadgen tracking service"},
                )
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise DatabaseAwayError(_first_line(error)) from None
        limit = f"{max(1, int(self._timeout * 900))}ms"
        await self._bounded(lambda connection: connection.fetch(_SETTINGS, limit))

    async def insert(self, events: Sequence[TrackingEvent]) -> int:
        """Judge and commit the events, and suppress who unsubscribed, in one transaction.

        Events already stored, or of messages that are not known (any more), are passed over.

        Returns:
            How many rows were added.

        Raises:
            DatabaseAwayError: if they may be stored later; they may also have been stored already.
            EventRefusedError: if at least one can never be stored; none was.
        """
        return await self._bounded(lambda connection: self._insert(connection, events))

    async def beat(self, name: str, detail: dict[str, Any]) -> None:
        """Write the heartbeat row of a process.

        Raises:
            DatabaseAwayError: if it could not be written.
        """
        now, text = self._clock.now(), orjson.dumps(detail).decode()
        await self._bounded(lambda connection: connection.execute(_BEAT, name, now, text))

    async def tell_loss(self, events: int) -> None:
        """Queue an alert to the operator about events that nothing could keep.

        Raises:
            DatabaseAwayError: if it could not be queued.
        """
        now = self._clock.now()
        text = f"❌ {events} opens or clicks are lost: neither PostgreSQL nor the spool's disk could take them."
        key = f"failure:tracking_lost:{now.isoformat()}"
        await self._bounded(lambda connection: connection.execute(_TELL, key, text, now))

    async def forget_networks(self, days: int) -> int:
        """Delete the truncated networks of some hits that are older than so many days; how many there were.

        Raises:
            DatabaseAwayError: if none could be deleted.
        """
        before = self._clock.now() - timedelta(days=days)
        done = await self._bounded(lambda connection: connection.execute(_FORGET, before, _FORGOTTEN_AT_ONCE))
        return int(done.rpartition(" ")[2])

    async def close(self) -> None:
        """End the connection, politely where PostgreSQL still answers."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close(timeout=_CLOSING_SECONDS)
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()

    async def _insert(self, connection: Connection, events: Sequence[TrackingEvent]) -> int:
        now = self._clock.now()
        suppressed, bursts = await self._suppressions(connection, events), begun_bursts(events)
        if not suppressed and not bursts:
            return await self._add(connection, events, now)
        async with connection.transaction():
            added = await self._add(connection, events, now)
            if suppressed:
                await connection.executemany(_SUPPRESS, [(kind, value, now) for kind, value in suppressed])
            if bursts:
                await judge_again(connection, bursts)
        return added

    async def _add(self, connection: Connection, events: Sequence[TrackingEvent], now: datetime) -> int:
        """Insert, and remember when the messages were sent, which is final; how many events were added."""
        known = self._sent_times
        not_known = {event.outreach_id for event in events if event.outreach_id.int not in known}
        rows = await connection.fetch(_INSERT, VERSION, now, AGE_LIMITS_SECONDS, not_known, json_rows(events, known))
        for message_id, sent_at, _ in rows[1:]:
            known[message_id.int] = sent_at
        while len(known) > _SENT_TIMES_KEPT:
            del known[next(iter(known))]
        return int(rows[0][2])

    async def _suppressions(self, connection: Connection, events: Sequence[TrackingEvent]) -> list[tuple[str, bytes]]:
        wanted = {event.outreach_id for event in events if event.event_type == "unsubscribe"}
        if not wanted:
            return []
        found = set()
        for message in await connection.fetch(_MESSAGES, wanted):
            found.add(("address", suppression_hash(self._secret, "address", message["to_email"])))
            if message["organisation"]:
                found.add(("organisation", suppression_hash(self._secret, "organisation", message["organisation"])))
        return sorted(found)

    async def _bounded(self, work: Callable[[Connection], Awaitable[_Result]]) -> _Result:
        """Do the work on the connection, in turn, and cut the connection when PostgreSQL stays silent.

        Cancelling the query, or closing politely, would wait for a silent server.
        """
        async with self._turn:
            connection = self._connection
            if connection is None or connection.is_closed():
                raise DatabaseAwayError("not connected")
            cut = asyncio.get_running_loop().call_later(self._timeout, connection.terminate)
            try:
                return await work(connection)
            except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError) as error:
                raise EventRefusedError(_first_line(error)) from None
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise DatabaseAwayError(_first_line(error)) from None
            except asyncpg.InternalClientError as error:  # the driver's answer to a server that died between two steps
                connection.terminate()
                raise DatabaseAwayError(_first_line(error)) from None
            except asyncio.CancelledError:
                connection.terminate()
                raise
            finally:
                cut.cancel()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
