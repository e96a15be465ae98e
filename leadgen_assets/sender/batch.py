"""One batch: every message that is due goes to the mail server over one connection, and each outcome is written down.

At most once: a row turns `transmitting` in its own commit before the first byte of its message, and the outcome is a
second commit. What happens between the two is never guessed: it is `unknown`, and never sent again by itself. Which
message may go is decided in `claims`, what an answer means in `outcomes`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import psycopg

from leadgen_assets.clients.errors import ClientError, LoginRefusedError
from leadgen_assets.clients.mail_transport import MailTransport, Transmission, transport_of
from leadgen_assets.domain.identity import reply_address
from leadgen_assets.domain.message import dated
from leadgen_assets.domain.pacing import day_of
from leadgen_assets.sender.claims import (
    PACING,
    QUOTA,
    Claim,
    Claims,
    NotSent,
    Unchecked,
    Wait,
    patience_of,
    suppressions_of,
)
from leadgen_assets.sender.gate import refusals
from leadgen_assets.sender.outcomes import Outcome, outcome_of, outcome_words, provider_message_id
from leadgen_assets.sender.reconciliation import reconcile
from leadgen_assets.settings import Settings
from leadgen_assets.storage.database import ledger_url
from leadgen_assets.storage.embedded_postgres import DatabaseUnavailableError
from leadgen_assets.storage.ledger import Connection, ledger_connection
from leadgen_assets.storage.outreach import (
    DueMessage,
    cancel_expired,
    give_up_interrupted,
    record_failed,
    record_refused_address,
    record_sent,
    record_unknown,
    requeue,
)
from leadgen_assets.storage.pauses import pause_sending
from leadgen_assets.storage.quotas import settle
from tracking_service.clock import Clock

_SENDER_LOCK = 7_310_572
_OUTCOME_PATIENCE_SECONDS = 30.0
_RECONNECT_PAUSE_SECONDS = 0.5
_WAIT_STEP_SECONDS = 0.25


@dataclass(slots=True)
class Summary:
    """What a batch did, for logs and metadata; no personal data.

    Attributes:
        sent: accepted by the server.
        queued_again: certainly not accepted, and to be tried later.
        failed: refused for good.
        unknown: no answer came after the message.
        cancelled: expired, suppressed, or stopped by a fact about the lead.
        interrupted: left behind by a sender that stopped, and now unknown.
        settled: were unknown, and turned out to be sent.
        abandoned: were unknown for too long, and given up.
        busy: another sender is at work, so this one did nothing.
        must_act: `stopped` names something that somebody has to mend.
        stopped: why the batch ended before everything due was tried; one sentence, or empty.
        waiting_for: what ended the batch otherwise: nothing is due, pacing, the day's quota.
        next_at: when the next message may go, where limits in time ended the batch.
    """

    sent: int = 0
    queued_again: int = 0
    failed: int = 0
    unknown: int = 0
    cancelled: int = 0
    interrupted: int = 0
    settled: int = 0
    abandoned: int = 0
    busy: bool = False
    must_act: bool = False
    stopped: str = ""
    waiting_for: str = ""
    next_at: datetime | None = None


def send_due(
    settings: Settings,
    clock: Clock,
    *,
    transport: MailTransport | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Summary:
    """Send what is due and end.

    Args:
        settings: the settings.
        clock: the time.
        transport: how messages leave; what MAIL_TRANSPORT names unless given.
        is_stopping: asked before each message; true ends the batch.

    Raises:
        DatabaseUnavailableError: if the ledger cannot be reached.
    """
    summary = Summary()
    with _sole_sender(settings) as connection:
        if connection is None:
            summary.busy = True
            return summary
        summary.interrupted = give_up_interrupted(connection)
        findings = reconcile(connection, settings, clock.now())
        summary.settled, summary.abandoned = findings.settled, findings.abandoned
        summary.cancelled = cancel_expired(connection, clock.now())
        batch = _Batch(settings, clock, connection, summary, transport, is_stopping)
        try:
            while not is_stopping() and batch.step():
                pass
        except LoginRefusedError as error:
            summary.stopped, summary.must_act = str(error), True
            pause_sending(connection, "refusal", str(error).rstrip("."), clock.now())
        except ClientError as error:
            summary.stopped, summary.must_act = str(error), not error.retryable
        except psycopg.OperationalError:
            summary.stopped = "The database broke off between two messages; the next run goes on from there."
        finally:
            batch.close()
    return summary


class _Batch:
    """The state of one batch: the connection to the server, the claims, the counts."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        connection: Connection,
        summary: Summary,
        transport: MailTransport | None,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._settings, self._clock = settings, clock
        self._connection, self._summary = connection, summary
        self._transport = transport
        self._claims = Claims(settings)
        self._allowed = False
        self._is_stopping = is_stopping

    def step(self) -> bool:
        """Decide about one message and carry it out; false where the batch is over."""
        transport = self._transport
        connected = self._allowed and transport is not None and transport.is_open
        with self._connection.transaction():
            decision = self._claims.next(self._connection, self._clock.now(), connected=connected)
        if isinstance(decision, Wait):
            self._summary.waiting_for, self._summary.next_at = decision.reason, decision.until
            return decision.reason == PACING and self._wait_until(decision.until)
        if isinstance(decision, Unchecked):
            self._claims.domains.look_up(decision.domain)
            return True
        if isinstance(decision, NotSent):
            self._note_not_sent(decision)
            return True
        if decision is None or transport is None:
            self._connect()
            return True
        return self._transmit(decision, transport)

    def _wait_until(self, moment: datetime | None) -> bool:
        """Wait for a moment that is almost there; false where it is too far off, or somebody wants this to end."""
        if moment is None or moment - self._clock.now() > patience_of(self._settings):
            return False
        while (left := (moment - self._clock.now()).total_seconds()) > 0:
            if self._is_stopping():
                return False
            time.sleep(min(left, _WAIT_STEP_SECONDS))
        return True

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _connect(self) -> None:
        refused = refusals(self._settings)
        if refused:
            raise ClientError(" ".join(refused))
        self._allowed = True
        self._transport = self._transport or transport_of(self._settings)
        self._transport.open()

    def _note_not_sent(self, decision: NotSent) -> None:
        if decision.trouble:
            self._summary.stopped, self._summary.must_act = decision.trouble, True
        else:
            self._summary.cancelled += 1

    def _transmit(self, claim: Claim, transport: MailTransport) -> bool:
        message = claim.message
        envelope_sender = reply_address(self._settings.reply_to_email, message.id)
        content = dated(claim.content, self._clock.now())
        attempt = transport.transmit(envelope_sender, message.to_email, content)
        outcome = outcome_of(attempt, message.attempts + 1, message.to_email)
        same_connection = self._write_down(lambda connection: self._record(connection, message, attempt, outcome))
        self._count(outcome)
        return same_connection and not outcome.stop

    def _count(self, outcome: Outcome) -> None:
        summary = self._summary
        summary.sent += outcome.result == "sent"
        summary.queued_again += outcome.result == "queued"
        summary.failed += outcome.result == "failed"
        summary.unknown += outcome.result == "unknown"
        if outcome.stop:
            summary.stopped, summary.must_act = f"{outcome.stop[0].upper()}{outcome.stop[1:]}.", outcome.must_act

    def _record(self, connection: Connection, message: DueMessage, attempt: Transmission, outcome: Outcome) -> None:
        now = self._clock.now()
        reply = outcome_words(attempt, message.to_email)
        if outcome.must_act:
            pause_sending(connection, "refusal", outcome.stop, now)
        if outcome.result == "sent":
            record_sent(connection, message.id, at=now, reply=reply, provider_message_id=provider_message_id(reply))
            return
        if outcome.result == "unknown":
            record_unknown(connection, message.id, reason=outcome.reason)
            return
        if outcome.no_such_address:
            record_refused_address(connection, message, at=now, reply=reply)
            suppressions_of(self._settings).add_address(connection, message.to_email, "bounced", now)
        bounced_at = now if outcome.no_such_address else None
        changed = (
            requeue(
                connection,
                message.id,
                not_before=now + outcome.back_off,
                reason=outcome.reason,
                reply=reply,
                counts=outcome.counts,
            )
            if outcome.result == "queued"
            else record_failed(connection, message.id, reason=outcome.reason, reply=reply, bounced_at=bounced_at)
        )
        if changed:  # the server did not take it, so the day's quota has it back
            settle(connection, QUOTA, day_of(now, self._settings.operator_timezone), -1)

    def _write_down(self, record: Callable[[Connection], None]) -> bool:
        """Commit an outcome, through a new connection if the old one broke; false where it had to be a new one.

        With the old connection the sender's lock is gone too, so the batch then ends.
        """
        try:
            with self._connection.transaction():
                record(self._connection)
            return True
        except (psycopg.OperationalError, psycopg.InterfaceError):
            self._summary.stopped = "The database broke off; the outcome was written through a new connection."
        deadline = time.monotonic() + _OUTCOME_PATIENCE_SECONDS
        while True:
            try:
                with ledger_connection(ledger_url(self._settings)) as fresh:
                    record(fresh)
                return False
            except (psycopg.OperationalError, DatabaseUnavailableError):
                if time.monotonic() > deadline:
                    raise DatabaseUnavailableError(
                        "The database went away while a message was sent; its outcome stays unknown until reconciled."
                    ) from None
                time.sleep(_RECONNECT_PAUSE_SECONDS)


@contextmanager
def _sole_sender(settings: Settings) -> Iterator[Connection | None]:
    """A ledger connection that holds the sender's lock, or None while another sender has it.

    PostgreSQL lets go of the lock when a sender dies, so whoever holds it knows that nobody is transmitting.
    """
    with ledger_connection(ledger_url(settings)) as connection:
        connection.commit()
        connection.autocommit = True
        # Planning anew, for the lists among the parameters, takes longer than what is planned.
        connection.execute("SET plan_cache_mode = force_generic_plan")
        row = connection.execute("SELECT pg_try_advisory_lock(%s) AS held", (_SENDER_LOCK,)).fetchone()
        if not (row and row["held"]):
            yield None
            return
        try:
            yield connection
        finally:  # at once: the server lets go some time after a connection ends, and the next batch may be there first
            with suppress(psycopg.Error):
                connection.execute("SELECT pg_advisory_unlock(%s)", (_SENDER_LOCK,))
