"""Alerts leave at most once, whatever the messengers answer and wherever the process dies; every outcome is known."""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from leadgen_assets.reactions import react_once, wait_for_alerts
from leadgen_assets.settings import Settings
from leadgen_assets.storage.alerts import queue_alert
from leadgen_assets.storage.ledger import Connection, ledger_connection
from tests.conftest import MONDAY
from tests.integration.messengers import ScriptedMessengers
from tests.ledger_rows import a_lead, a_sent_message, value
from tracking_service.clock import FileClock

Ledger = Callable[[], AbstractContextManager[Connection]]


@pytest.fixture
def phone() -> Iterator[ScriptedMessengers]:
    with ScriptedMessengers() as messengers:
        yield messengers


@pytest.fixture
def configured(settings: Settings, phone: ScriptedMessengers, tmp_path: Path) -> Settings:
    with (tmp_path / "test.env").open("a") as file:
        file.writelines(f"{name}={line}\n" for name, line in phone.lines.items())
    return Settings.load()


@pytest.fixture
def open_ledger(ledger_conninfo: str) -> Ledger:
    return lambda: ledger_connection(ledger_conninfo)


def queue(
    ledger: Connection, key: str = "k", channel: str = "telegram", text: str = "🔍 Discovery: 5 new leads"
) -> None:
    queue_alert(ledger, dedupe_key=key, channel=channel, kind="progress", text=text, at=MONDAY)  # type: ignore[arg-type]


def states(ledger: Connection) -> list[str]:
    return [row["status"] for row in ledger.execute("SELECT status FROM alert_outbox ORDER BY id")]


def a_click(ledger: Connection, lead_id: UUID) -> None:
    a_sent_message(ledger, lead_id)
    ledger.execute(
        "INSERT INTO email_events (id, lead_id, outreach_id, event_type, url_clicked, verdict, verdict_version, origin,"
        " occurred_at, stored_at) SELECT %s, lead_id, id, 'click', 'https://studio.test/', 'person', '1', 'tracking',"
        " %s, %s FROM email_outreach WHERE lead_id = %s",
        (uuid4(), MONDAY, MONDAY, lead_id),
    )


def test_an_alert_is_queued_once_per_key_and_channel(ledger: Connection) -> None:
    at = MONDAY
    again = [
        queue_alert(ledger, dedupe_key="k", channel=channel, kind="progress", text="t", at=at)  # type: ignore[arg-type]
        for channel in ("telegram", "telegram", "whatsapp")
    ]
    assert again == [True, False, True]


def test_a_hot_lead_rings_telegram_and_whatsapp_with_the_specified_text(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, phone: ScriptedMessengers
) -> None:
    a_click(ledger, a_lead(ledger, "Fish & <Chips>", phone="+358 9 0000"))
    assert str(react_once(open_ledger, configured, clock)) == "no alerts were due"  # it may be a scanner's first
    clock.advance_to(clock.now() + timedelta(seconds=10))
    assert str(react_once(open_ledger, configured, clock)) == "2 sent"
    telegram, whatsapp = sorted(phone.received, key=lambda message: message["channel"])
    assert (telegram["chat_id"], telegram["parse_mode"]) == ("7", "HTML")
    assert telegram["text"].startswith("<b>🔥 HOT LEAD - Link Clicked!</b>\nBusiness: Fish &amp; &lt;Chips&gt;\n")
    assert whatsapp["text"].startswith("🔥 HOT LEAD - Link Clicked!\nBusiness: Fish & <Chips>\nPhone: +358 9 0000\n")
    assert "Clicked: https://studio.test/" in whatsapp["text"]
    assert "Time: 2026-03-02 10:00" in whatsapp["text"]
    assert (whatsapp["phone"], whatsapp["apikey"]) == ("+999123", "4711-secret")
    assert str(react_once(open_ledger, configured, clock)) == "no alerts were due"
    assert len(phone.received) == 2


@pytest.mark.parametrize(
    ("behaviour", "state", "named"),
    [
        ("refuse", "failed", "TELEGRAM_CHAT_ID"),
        ("bad_request", "failed", "TELEGRAM_CHAT_ID"),
        ("unknown_bot", "failed", "TELEGRAM_BOT_TOKEN"),
        ("wait", "pending", "17 s"),
        ("fail", "unknown", "may have arrived"),
        ("hang", "unknown", "may have arrived"),
        ("break_off", "unknown", "may have arrived"),
    ],
)
def test_every_answer_of_telegram_has_its_outcome(
    ledger: Connection,
    open_ledger: Ledger,
    configured: Settings,
    clock: FileClock,
    phone: ScriptedMessengers,
    behaviour: str,
    state: str,
    named: str,
) -> None:
    phone.script.append(behaviour)  # type: ignore[arg-type]
    queue(ledger)
    react_once(open_ledger, configured, clock)
    assert states(ledger) == [state]
    assert named in str(value(ledger, "SELECT error FROM alert_outbox"))
    clock.advance_to(MONDAY + timedelta(hours=1))
    react_once(open_ledger, configured, clock)
    assert len(phone.received) == (2 if state == "pending" else 1), (
        "only a definite refusal to come later is tried again"
    )


@pytest.mark.parametrize(
    ("behaviour", "page", "state"),
    [
        ("accept", "<b>Message queued.</b> You will receive it in a few seconds.", "sent"),
        ("accept", "Text to send: x <p>Message Sent", "sent"),
        ("accept", "<p>Text to send: t 📧<p><b>ERROR:</b> APIKey is invalid.", "failed"),
        ("accept", "Sorry, try again later", "pending"),
        ("wait", "", "pending"),
        ("refuse", "", "failed"),
        ("fail", "", "unknown"),
        ("hang", "", "unknown"),
    ],
)
def test_every_answer_of_callmebot_has_its_outcome(
    ledger: Connection,
    open_ledger: Ledger,
    configured: Settings,
    clock: FileClock,
    phone: ScriptedMessengers,
    behaviour: str,
    page: str,
    state: str,
) -> None:
    phone.script.append(behaviour)  # type: ignore[arg-type]
    phone.whatsapp_page = page
    queue(ledger, channel="whatsapp", text="t 📧")
    react_once(open_ledger, configured, clock)
    assert states(ledger) == [state]
    assert "4711-secret" not in str(value(ledger, "SELECT error FROM alert_outbox"))


def test_a_messenger_that_cannot_be_reached_is_tried_again_with_growing_pauses_and_then_given_up(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock
) -> None:
    away = configured.model_copy(update={"telegram_base_url": "http://127.0.0.1:1/bot"})
    queue(ledger)
    pauses = []
    for _ in range(4):
        react_once(open_ledger, away, clock)
        not_before = value(ledger, "SELECT not_before FROM alert_outbox")
        pauses.append((not_before - clock.now()).total_seconds())  # type: ignore[operator]
        clock.advance_to(not_before)  # type: ignore[arg-type]
    assert pauses == [30, 60, 120, 240]
    react_once(open_ledger, away, clock)
    assert states(ledger) == ["failed"]


def test_a_channel_that_asks_to_wait_is_left_alone_and_the_other_goes_on(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, phone: ScriptedMessengers
) -> None:
    phone.script.append("wait")
    for key in ("a", "b", "c"):
        queue(ledger, key)
    queue(ledger, "d", "whatsapp")
    assert str(react_once(open_ledger, configured, clock)) == "1 delayed, 1 sent"
    clock.advance_to(MONDAY + timedelta(seconds=16))
    assert str(react_once(open_ledger, configured, clock)) == "no alerts were due"
    clock.advance_to(MONDAY + timedelta(seconds=17))
    assert str(react_once(open_ledger, configured, clock)) == "3 sent"


def test_a_hanging_messenger_costs_one_time_out_a_round(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, phone: ScriptedMessengers
) -> None:
    phone.script.append("hang")
    for key in ("a", "b", "c"):
        queue(ledger, key)
    started = time.monotonic()
    react_once(open_ledger, configured, clock)
    assert time.monotonic() - started < 2
    assert sorted(states(ledger)) == ["pending", "pending", "unknown"]


@pytest.mark.parametrize(("channel", "setting"), [("telegram", "TELEGRAM_BOT_TOKEN"), ("whatsapp", "WHATSAPP_NUMBER")])
def test_an_unset_channel_fails_with_the_name_of_the_setting(
    ledger: Connection, open_ledger: Ledger, settings: Settings, clock: FileClock, channel: str, setting: str
) -> None:
    queue(ledger, channel=channel)
    react_once(open_ledger, settings, clock)
    row = ledger.execute("SELECT status, error FROM alert_outbox").fetchone()
    assert row == {"status": "failed", "error": f"{setting} is not set"}


def test_what_is_too_old_to_be_news_expires(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, phone: ScriptedMessengers
) -> None:
    queue(ledger)
    clock.advance_to(MONDAY + timedelta(hours=configured.alert_max_age_hours, seconds=1))
    assert str(react_once(open_ledger, configured, clock)) == "1 expired"
    assert (states(ledger), phone.received) == (["expired"], [])


def test_an_alert_about_an_erased_lead_is_never_sent(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, phone: ScriptedMessengers
) -> None:
    lead_id = a_lead(ledger)
    a_click(ledger, lead_id)
    ledger.execute("SELECT erase_lead(%s, %s)", (lead_id, MONDAY))
    react_once(open_ledger, configured, clock)
    assert phone.received == []


def test_many_senders_at_once_send_each_alert_once(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, phone: ScriptedMessengers
) -> None:
    for number in range(12):
        queue(ledger, f"k{number}", "whatsapp", text=f"alert {number}")
    senders = [threading.Thread(target=react_once, args=(open_ledger, configured, clock)) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(message["text"] for message in phone.received) == sorted(f"alert {number}" for number in range(12))
    assert states(ledger) == ["sent"] * 12


def test_a_kill_between_sending_and_its_commit_leaves_unknown_and_no_second_message(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, phone: ScriptedMessengers
) -> None:
    """The process dies while the messenger, which has the message, has not answered yet."""
    phone.script = deque(["hang"])
    queue(ledger)
    program = (
        "from leadgen_assets.reactions import react_once; from leadgen_assets.settings import Settings;"
        "from leadgen_assets.storage.ledger import ledger_connection; s = Settings.load(alert_timeout_seconds=60);"
        "react_once(lambda: ledger_connection(s.database_url), s, s.clock)"
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    deadline = time.monotonic() + 30
    while not phone.received and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert states(ledger) == ["sending"]
    assert str(react_once(open_ledger, configured, clock)) == "no alerts were due", "it may still be being sent"
    clock.advance_to(MONDAY + timedelta(minutes=5))
    assert str(react_once(open_ledger, configured, clock)) == "1 unknown"
    react_once(open_ledger, configured, clock)
    assert (states(ledger), len(phone.received)) == (["unknown"], 1)


def test_keys_are_never_logged(
    ledger: Connection,
    open_ledger: Ledger,
    configured: Settings,
    clock: FileClock,
    phone: ScriptedMessengers,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    phone.script.extend(["accept", "hang"])
    queue(ledger)
    queue(ledger, channel="whatsapp")
    react_once(open_ledger, configured, clock)
    assert len(phone.received) == 2
    assert "1:token" not in caplog.text
    assert "4711-secret" not in caplog.text


def test_waiting_ends_as_soon_as_an_alert_is_committed(ledger_conninfo: str, clock: FileClock) -> None:
    def queue_soon() -> None:
        time.sleep(0.3)
        with ledger_connection(ledger_conninfo) as connection:
            queue(connection)

    thread = threading.Thread(target=queue_soon)
    thread.start()
    started = time.monotonic()
    assert wait_for_alerts(ledger_conninfo, 5, clock) is True
    assert 0.2 < time.monotonic() - started < 2
    thread.join()


def test_waiting_is_short_for_what_already_waits_and_ends_when_nothing_comes(
    ledger: Connection, ledger_conninfo: str, clock: FileClock
) -> None:
    started = time.monotonic()
    assert wait_for_alerts(ledger_conninfo, 0.3, clock) is False
    assert time.monotonic() - started >= 0.3
    queue(ledger)
    started = time.monotonic()
    assert wait_for_alerts(ledger_conninfo, 5, clock) is True
    assert time.monotonic() - started < 1
