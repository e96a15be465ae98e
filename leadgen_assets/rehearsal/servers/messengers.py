"""The operator's telephone: Telegram's Bot API and CallMeBot's WhatsApp gateway, as one server.

Which alerts ought to arrive is judged by the verdict, from what is logged here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from typing import Any, Literal

import falcon
import falcon.asgi

from leadgen_assets.rehearsal.servers.http_server import HttpServer
from tracking_service.clock import Clock

_BOT_TOKEN = "700000001:TOWN-bot-token-of-a-rehearsal"  # noqa: S105 - a simulated bot has a simulated token
_CHAT_ID = 700000002
_API_KEY = "700003"
_PHONE = "+999700000004"  # no country has the code 999
_TEXT_LIMIT = 4096
_RETRY_AFTER_SECONDS = 5
_TAGS = frozenset(
    {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "tg-spoiler", "span"}
)


@dataclass(frozen=True, slots=True)
class TownMessage:
    """One alert that reached the operator's telephone."""

    at: datetime
    channel: Literal["telegram", "whatsapp"]
    text: str


class Messengers:
    """Answers `sendMessage` and `getMe` as Telegram does, and `/whatsapp.php` as CallMeBot does.

    Attributes:
        requests: the messages that were accepted, in order.
        refusals: what was answered to each refused request, in order.
        fault_for: asked with the text of each Telegram message; returns a status to answer instead (429, 500), or None.
    """

    def __init__(self, clock: Clock) -> None:
        self.requests: list[TownMessage] = []
        self.refusals: list[str] = []
        self.fault_for: Callable[[str], int | None] = lambda text: None
        self._clock = clock
        app = falcon.asgi.App()
        app.add_sink(self._telegram, r"/bot(?P<token>[^/]+)/(?P<method>\w+)$")
        app.add_route("/whatsapp.php", _CallMeBot(self))
        self._server = HttpServer(app)

    def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server.start()

    def stop(self) -> None:
        """Close the port and every connection; safe to call twice."""
        self._server.stop()

    def settings(self) -> dict[str, str]:
        """The environment lines that point the product at this telephone."""
        return {
            "TELEGRAM_BASE_URL": f"{self._server.url}/bot",
            "TELEGRAM_BOT_TOKEN": _BOT_TOKEN,
            "TELEGRAM_CHAT_ID": str(_CHAT_ID),
            "CALLMEBOT_BASE_URL": self._server.url,
            "CALLMEBOT_API_KEY": _API_KEY,
            "WHATSAPP_NUMBER": _PHONE,
        }

    def sent(self, channel: Literal["telegram", "whatsapp"]) -> list[TownMessage]:
        """The messages of one channel, in order."""
        return [message for message in self.requests if message.channel == channel]

    def receive(self, channel: Literal["telegram", "whatsapp"], text: str) -> TownMessage:
        """Log one accepted message with the virtual time."""
        message = TownMessage(self._clock.now(), channel, text)
        self.requests.append(message)
        return message

    async def _telegram(self, req: falcon.asgi.Request, resp: falcon.asgi.Response | None, **path: str) -> None:
        if resp is None:  # a WebSocket, which Telegram does not speak here
            return
        token, method = path["token"], path["method"]
        parameters = await _parameters(req)
        if token != _BOT_TOKEN:
            self._refuse(resp, 401, "Unauthorized")
        elif method.lower() == "getme":
            resp.media = {"ok": True, "result": _bot()}
        elif method.lower() != "sendmessage":
            self._refuse(resp, 404, "Not Found")
        elif problem := _problem(parameters):
            self._refuse(resp, 400, f"Bad Request: {problem}")
        elif status := self.fault_for(str(parameters["text"])):
            self._fail(resp, status)
        else:
            message = self.receive("telegram", str(parameters["text"]))
            resp.media = {"ok": True, "result": _sent(message, number=len(self.requests))}

    def _fail(self, resp: falcon.asgi.Response, status: int) -> None:
        if status == 429:
            self._refuse(resp, status, f"Too Many Requests: retry after {_RETRY_AFTER_SECONDS}")
            resp.media |= {"parameters": {"retry_after": _RETRY_AFTER_SECONDS}}
        else:
            self._refuse(resp, status, "Internal Server Error")

    def _refuse(self, resp: falcon.asgi.Response, code: int, description: str) -> None:
        self.refusals.append(description)
        resp.status = code
        resp.media = {"ok": False, "error_code": code, "description": description}


class _CallMeBot:
    def __init__(self, messengers: Messengers) -> None:
        self._messengers = messengers

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Queue a WhatsApp message to the one number that allowed it; refusals come with status 200 too."""
        phone, text = (req.get_param(name) or "" for name in ("phone", "text"))
        resp.content_type = falcon.MEDIA_HTML
        if req.get_param("apikey") != _API_KEY:
            problem = "APIKey is invalid. Please get a new one from the bot."
        elif phone.strip().lstrip("+") != _PHONE.lstrip("+"):  # an unescaped plus arrives as a space
            problem = "Phone number is not registered with this APIKey."
        elif not text:
            problem = "No text to send."
        else:
            self._messengers.receive("whatsapp", text)
            resp.text = f"Message to: {_PHONE}<p><b>Message queued.</b> You will receive it in a few seconds."
            return
        self._messengers.refusals.append(problem)
        resp.text = f"<p><b>ERROR:</b> {problem}"


async def _parameters(req: falcon.asgi.Request) -> dict[str, Any]:
    """What a method was called with: in the query, as a form or as JSON, as Telegram takes it."""
    parameters: dict[str, Any] = dict(req.params)
    if req.content_length:
        media = await req.get_media()
        if isinstance(media, dict):
            parameters.update(media)
    return parameters


def _problem(parameters: dict[str, Any]) -> str | None:
    text = str(parameters.get("text") or "")
    if str(parameters.get("chat_id")) != str(_CHAT_ID):
        return "chat not found"
    if not text.strip():
        return "message text is empty"
    if len(text) > _TEXT_LIMIT:
        return "message is too long"
    if str(parameters.get("parse_mode") or "").upper() == "HTML":
        return _Entities().problem(text)
    return None


class _Entities(HTMLParser):
    """Refuses what Telegram cannot parse in HTML mode: foreign tags and tags that do not match."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self._wrong: str | None = None

    def problem(self, text: str) -> str | None:
        """The description of the first mistake, or None."""
        self.feed(text)
        self.close()
        if self._open and not self._wrong:
            self._wrong = f'Can\'t find end tag corresponding to start tag "{self._open[-1]}"'
        return f"can't parse entities: {self._wrong}" if self._wrong else None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self._wrong = self._wrong or f'Unsupported start tag "{tag}"'
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self._wrong = self._wrong or f'Unexpected end tag "{tag}"'


def _bot() -> dict[str, Any]:
    return {"id": 700000001, "is_bot": True, "first_name": "Leadgen", "username": "town_leadgen_bot"}


def _sent(message: TownMessage, number: int) -> dict[str, Any]:
    return {
        "message_id": number,
        "from": _bot(),
        "chat": {"id": _CHAT_ID, "first_name": "Operator", "type": "private"},
        "date": int(message.at.timestamp()),
        "text": message.text,
    }
