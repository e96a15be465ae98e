"""The tracking service's SQL: judging and storing events, suppressing who unsubscribed, and the heartbeat.

Leads' facts, message statuses and alerts follow from the events by triggers. One connection; calls take turns on it.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

import orjson
import psycopg
from psycopg.rows import dict_row, tuple_row

from tracking_service.clock import Clock
from tracking_service.events import TrackingEvent
from tracking_service.hashes import suppression_hash
from tracking_service.histories import hit_of
from tracking_service.rejudging import begun_bursts, judge_again
from tracking_service.verdicts import AGE_LIMITS_SECONDS, TELLING_AGES_SECONDS, VERSION, judge

_Connection = psycopg.AsyncConnection[dict[str, Any]]
_Result = TypeVar("_Result")
_SENT_TIMES_KEPT = 20_000
_FORGOTTEN_AT_ONCE = 2000
_AGE_LIMITS = f"{{{','.join(map(str, AGE_LIMITS_SECONDS))}}}"

_MESSAGES = """
SELECT o.id, o.to_email, l.organisation FROM email_outreach o JOIN leads l ON l.id = o.lead_id
WHERE o.id = ANY(%s) AND l.erased_at IS NULL
"""

# Rows travel as one JSON array: a single parameter, whatever the batch. Events of erased leads find no message.
# `judgements` is the one that holds, or, where it was not known when the message was sent, one for each age that the
# message can have. What was not known is answered with the same round trip: how many rows were added comes first.
_INSERT = """
WITH added AS (
    INSERT INTO email_events (id, lead_id, outreach_id, event_type, url_clicked, method, network, user_agent, headers,
                              verdict, reasons, verdict_version, origin, occurred_at, stored_at)
    SELECT e.id, o.lead_id, o.id, e.event_type, e.url_clicked, e.method, e.network, e.user_agent, e.headers,
           j.judgement ->> 0, string_to_array(j.judgement ->> 1, '; '), %s, 'tracking', e.occurred_at, %s
    FROM json_to_recordset(%s) AS e (
        id UUID, outreach_id UUID, event_type TEXT, url_clicked TEXT, method TEXT, network CIDR, user_agent TEXT,
        headers JSONB, judgements JSON, is_judged BOOLEAN, occurred_at TIMESTAMPTZ)
    CROSS JOIN LATERAL (
        SELECT o.id, o.lead_id, coalesce(o.transmitting_at, o.sent_at) AS left_at
        FROM email_outreach o WHERE o.id = e.outreach_id
        AND EXISTS (SELECT 1 FROM leads l WHERE l.id = o.lead_id AND l.erased_at IS NULL OFFSET 0) OFFSET 0) o
    CROSS JOIN LATERAL (
        SELECT e.judgements -> CASE WHEN e.is_judged THEN 0 WHEN o.left_at IS NULL THEN 0
            ELSE 1 + width_bucket(extract(epoch FROM e.occurred_at - o.left_at)::float8, %s::float8[]) END AS judgement
        OFFSET 0) j
    ON CONFLICT (id) DO NOTHING
    RETURNING 1
)
SELECT NULL::uuid, NULL::float8, count(*) FROM added
UNION ALL
SELECT id, extract(epoch FROM coalesce(transmitting_at, sent_at))::float8, 0 FROM email_outreach
WHERE id = ANY(%s::uuid[]) AND sent_at IS NOT NULL  -- before that, a refused message may be sent again later
"""

_SUPPRESS = """
INSERT INTO suppressions (kind, hash, reason, created_at) VALUES (%s, %s, 'unsubscribed', %s)
ON CONFLICT (kind, hash) DO NOTHING
"""

_BEAT = """
INSERT INTO heartbeats (name, beat_at, detail) VALUES (%s, %s, %s)
ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at, detail = excluded.detail
"""

_TELL = """
WITH told AS (INSERT INTO alert_outbox (dedupe_key, channel, kind, text, created_at, not_before)
              VALUES (%s, 'telegram', 'failure', %s, %s, %s) ON CONFLICT (dedupe_key, channel) DO NOTHING)
SELECT pg_notify('leadgen_alerts', '')
"""

_FORGET = """
UPDATE email_events SET network = NULL
WHERE id IN (SELECT id FROM email_events WHERE network IS NOT NULL AND occurred_at < %s LIMIT %s)
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
        self._conninfo = conninfo
        self._clock = clock
        self._secret = secret
        self._timeout = timeout_seconds
        self._connection: _Connection | None = None
        self._turn = asyncio.Lock()
        self._sent_times: dict[int, float] = {}  # by the number of the message, in seconds since 1970; oldest first

    async def connect(self) -> None:
        """Have an open connection.

        Raises:
            DatabaseAwayError: if there is none within the time-out.
        """
        async with self._turn:
            if self._connection is not None and not self._connection.closed:
                return
            try:
                async with asyncio.timeout(self._timeout):
                    connection = await psycopg.AsyncConnection.connect(
                        self._conninfo,
                        autocommit=True,
                        row_factory=dict_row,
                        application_name="leadgen tracking service",
                        keepalives_idle=30,
                        keepalives_interval=5,
                        keepalives_count=3,
                    )
            except (TimeoutError, OSError, psycopg.Error) as error:
                raise DatabaseAwayError(_first_line(error)) from None
            self._connection = connection
        await self._bounded(self._prepare)

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
        await self._bounded(
            lambda connection: connection.execute(_BEAT, (name, self._clock.now(), orjson.dumps(detail).decode()))
        )

    async def tell_loss(self, events: int) -> None:
        """Queue an alert to the operator about events that nothing could keep.

        Raises:
            DatabaseAwayError: if it could not be queued.
        """
        now = self._clock.now()
        text = f"❌ {events} opens or clicks are lost: neither PostgreSQL nor the spool's disk could take them."
        values = (f"failure:tracking_lost:{now.isoformat()}", text, now, now)
        await self._bounded(lambda connection: connection.execute(_TELL, values))

    async def forget_networks(self, days: int) -> int:
        """Delete the truncated networks of some hits that are older than so many days; how many there were.

        Raises:
            DatabaseAwayError: if none could be deleted.
        """
        before = self._clock.now() - timedelta(days=days)
        cursor = await self._bounded(lambda connection: connection.execute(_FORGET, (before, _FORGOTTEN_AT_ONCE)))
        return cursor.rowcount

    async def close(self) -> None:
        """End the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _prepare(self, connection: _Connection) -> None:
        # The server gives up shortly before we do, so that no forgotten statement holds locks.
        limit = f"{max(1, int(self._timeout * 900))}ms"
        await connection.execute(
            "SELECT set_config('TimeZone', 'UTC', FALSE), set_config('statement_timeout', %s, FALSE),"
            # Every statement of ours picks few rows out of large tables; before a table was analysed, the planner
            # would take it for small and read it whole, for each batch.
            " set_config('enable_seqscan', 'off', FALSE), set_config('enable_hashjoin', 'off', FALSE),"
            " set_config('enable_mergejoin', 'off', FALSE),"
            # A plan for each batch's own values would cost a tenth of the batch, and be the same.
            " set_config('plan_cache_mode', 'force_generic_plan', FALSE)",
            (limit,),
        )

    async def _insert(self, connection: _Connection, events: Sequence[TrackingEvent]) -> int:
        now = self._clock.now()
        known = self._sent_times
        rows = orjson.dumps([_row(event, known.get(event.outreach_id.int)) for event in events]).decode()
        not_known = {event.outreach_id.hex for event in events if event.outreach_id.int not in known}
        statement = (VERSION, now, rows, _AGE_LIMITS, f"{{{','.join(not_known)}}}")
        suppressed, bursts = await self._suppressions(connection, events), begun_bursts(events)
        if not suppressed and not bursts:
            return await self._add(connection, statement)
        async with connection.transaction(), connection.cursor() as cursor:
            added = await self._add(connection, statement)
            if suppressed:
                await cursor.executemany(_SUPPRESS, [(kind, value, now) for kind, value in suppressed])
            if bursts:
                await judge_again(cursor, bursts)
        return added

    async def _add(self, connection: _Connection, statement: tuple[Any, ...]) -> int:
        """Insert, and remember when the messages were sent, which is final; how many events were added."""
        async with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            await cursor.execute(_INSERT, statement)
            rows = await cursor.fetchall()
        for message_id, sent_at, _ in rows[1:]:
            self._sent_times[message_id.int] = sent_at
        while len(self._sent_times) > _SENT_TIMES_KEPT:
            del self._sent_times[next(iter(self._sent_times))]
        return int(rows[0][2])

    async def _suppressions(self, connection: _Connection, events: Sequence[TrackingEvent]) -> list[tuple[str, bytes]]:
        wanted = {event.outreach_id for event in events if event.event_type == "unsubscribe"}
        if not wanted:
            return []
        found = set()
        for message in await (await connection.execute(_MESSAGES, (list(wanted),))).fetchall():
            found.add(("address", suppression_hash(self._secret, "address", message["to_email"])))
            if message["organisation"]:
                found.add(("organisation", suppression_hash(self._secret, "organisation", message["organisation"])))
        return sorted(found)

    async def _bounded(self, work: Callable[[_Connection], Coroutine[Any, Any, _Result]]) -> _Result:
        """Do the work on the connection, in turn, and give up when PostgreSQL stays silent."""
        async with self._turn:
            if self._connection is None or self._connection.closed:
                raise DatabaseAwayError("not connected")
            task = asyncio.create_task(work(self._connection))
            try:
                done, _ = await asyncio.wait({task}, timeout=self._timeout)
            except asyncio.CancelledError:
                await self._abandon(task)
                raise
            if not done:
                await self._abandon(task)
                raise DatabaseAwayError(f"no answer within {self._timeout:g} seconds")
            try:
                return task.result()
            except (psycopg.DataError, psycopg.IntegrityError) as error:
                raise EventRefusedError(_first_line(error)) from None
            except (OSError, psycopg.Error) as error:
                raise DatabaseAwayError(_first_line(error)) from None

    async def _abandon(self, task: asyncio.Task[Any]) -> None:
        """Cut the connection at once: cancelling the query, or closing politely, would wait for a silent server."""
        connection, self._connection = self._connection, None
        if connection is None or connection.closed:
            return
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.pgconn.socket)) as end:
            end.shutdown(socket.SHUT_RDWR)
        done, _ = await asyncio.wait({task}, timeout=1.0)
        for finished in done:
            finished.exception()  # the query's own error is of no interest: it was we who cut it
        connection.pgconn.finish()


def _row(event: TrackingEvent, sent_at: float | None) -> dict[str, Any]:
    if sent_at is not None:
        judgements = [judge(hit_of(event, event.occurred_at.timestamp() - sent_at))]
    else:
        judgements = [judge(hit_of(event, age_seconds)) for age_seconds in TELLING_AGES_SECONDS]
    return {
        "id": event.id,
        "outreach_id": event.outreach_id,
        "event_type": event.event_type,
        "url_clicked": event.url_clicked,
        "method": event.method,
        "network": event.network,
        "user_agent": event.user_agent,
        "headers": event.headers,
        "judgements": [(verdict, "; ".join(reasons)) for verdict, reasons in judgements],
        "is_judged": sent_at is not None,
        "occurred_at": event.occurred_at,
    }


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
