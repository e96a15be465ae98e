"""The operator's telephone in the town, through python-telegram-bot and plain HTTP."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
import telegram

from leadgen_assets.rehearsal.servers.messengers import Messengers
from tests.conftest import MONDAY


@pytest.fixture
def messengers(clock) -> Iterator[Messengers]:
    server = Messengers(clock)
    server.start()
    yield server
    server.stop()


def send(messengers: Messengers, text: str, **changes) -> telegram.Message:
    settings = messengers.settings() | changes.pop("settings", {})

    async def sent() -> telegram.Message:
        async with telegram.Bot(settings["TELEGRAM_BOT_TOKEN"], base_url=settings["TELEGRAM_BASE_URL"]) as bot:
            return await bot.send_message(settings["TELEGRAM_CHAT_ID"], text, **changes)

    return asyncio.run(sent())


def whatsapp(messengers: Messengers, **changes) -> httpx.Response:
    settings = messengers.settings()
    parameters = {"phone": settings["WHATSAPP_NUMBER"], "text": "Hot lead", "apikey": settings["CALLMEBOT_API_KEY"]}
    return httpx.get(f"{settings['CALLMEBOT_BASE_URL']}/whatsapp.php", params=parameters | changes)


def test_a_telegram_message_arrives_with_virtual_time(messengers):
    message = send(messengers, "👁 Opened: Kahvila & Co")
    assert message.text == "👁 Opened: Kahvila & Co"
    assert message.date == MONDAY
    [logged] = messengers.sent("telegram")
    assert (logged.at, logged.text) == (MONDAY, "👁 Opened: Kahvila & Co")


def test_json_is_taken_as_well_as_forms(messengers):
    settings = messengers.settings()
    url = f"{settings['TELEGRAM_BASE_URL']}{settings['TELEGRAM_BOT_TOKEN']}/sendMessage"
    answer = httpx.post(url, json={"chat_id": int(settings["TELEGRAM_CHAT_ID"]), "text": "hello"})
    assert answer.json()["ok"] is True
    assert [message.text for message in messengers.requests] == ["hello"]


@pytest.mark.parametrize("text", ["<b>Bold</b> &amp; <i>fine</i>", "no tags"])
def test_correct_html_is_taken(messengers, text):
    assert send(messengers, text, parse_mode="HTML").text == text


@pytest.mark.parametrize("text", ["<b>left open", "Rock <script>x</script>", "</b>", "<b><i>crossed</b></i>"])
def test_html_that_telegram_cannot_parse_is_refused(messengers, text):
    with pytest.raises(telegram.error.BadRequest, match=r"[Cc]an't parse entities"):
        send(messengers, text, parse_mode="HTML")
    assert messengers.requests == []


def test_telegram_s_refusals_have_its_shapes(messengers):
    with pytest.raises(telegram.error.InvalidToken):
        send(messengers, "x", settings={"TELEGRAM_BOT_TOKEN": "1:wrong"})
    with pytest.raises(telegram.error.BadRequest, match="Chat not found"):
        send(messengers, "x", settings={"TELEGRAM_CHAT_ID": "5"})
    with pytest.raises(telegram.error.BadRequest, match="too long"):
        send(messengers, "x" * 4097)
    assert messengers.refusals == ["Unauthorized", "Bad Request: chat not found", "Bad Request: message is too long"]


def test_callmebot_queues_messages_to_the_one_number(messengers):
    answer = whatsapp(messengers)
    assert "Message queued" in answer.text
    assert [message.text for message in messengers.sent("whatsapp")] == ["Hot lead"]


@pytest.mark.parametrize("wrong", [{"apikey": "0"}, {"phone": "+15550100"}, {"text": ""}])
def test_callmebot_says_no_with_status_200(messengers, wrong):
    answer = whatsapp(messengers, **wrong)
    assert answer.status_code == 200
    assert "ERROR" in answer.text
    assert messengers.requests == []


def test_a_fault_is_answered_as_telegram_answers_it(messengers):
    messengers.fault_for = {"busy": 429, "broken": 500}.get
    with pytest.raises(telegram.error.RetryAfter) as busy:
        send(messengers, "busy")
    assert busy.value.retry_after in (5, timedelta(seconds=5))
    with pytest.raises(telegram.error.NetworkError, match="Internal Server Error"):
        send(messengers, "broken")
    assert send(messengers, "fine").text == "fine"
    assert [message.text for message in messengers.requests] == ["fine"]
