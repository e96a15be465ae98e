"""A Bot API and a CallMeBot on loopback that answer as a test wants: accept, refuse, ask to wait, fail, hang."""

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, Self
from urllib.parse import parse_qs, urlsplit

Behaviour = Literal["accept", "refuse", "wait", "bad_request", "unknown_bot", "fail", "hang", "break_off"]
_ANSWERS = {
    "refuse": (403, {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}),
    "bad_request": (400, {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}),
    "unknown_bot": (401, {"ok": False, "error_code": 401, "description": "Unauthorized"}),
    "fail": (500, {"ok": False, "error_code": 500, "description": "Internal Server Error"}),
    "wait": (429, {"ok": False, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": 17}}),
}


@dataclass
class ScriptedMessengers:
    """Behaves as `script` says, one entry a request, then accepts; `received` is what reached it, accepted or not."""

    script: deque[Behaviour] = field(default_factory=deque)
    received: list[dict[str, str]] = field(default_factory=list)
    whatsapp_page: str = "Message to: x<p>Text to send: y<p><b>Message queued.</b> It will come soon."

    def __enter__(self) -> Self:
        self._let_go = threading.Event()
        messengers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                messengers._whatsapp(self)

            def do_POST(self) -> None:
                messengers._telegram(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def lines(self) -> dict[str, str]:
        """Settings that point the product here."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        return {
            "TELEGRAM_BASE_URL": f"{url}/bot",
            "TELEGRAM_BOT_TOKEN": "1:token",
            "TELEGRAM_CHAT_ID": "7",
            "CALLMEBOT_BASE_URL": url,
            "CALLMEBOT_API_KEY": "4711-secret",
            "WHATSAPP_NUMBER": "+999123",
            "ALERT_TIMEOUT_SECONDS": "0.5",
        }

    def _telegram(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        fields = {name: values[0] for name, values in parse_qs(body).items()}
        answer = self._next("telegram", fields, request)
        if answer is None:
            return
        sent = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "text": fields["text"]}
        status, content = _ANSWERS.get(answer, (200, {"ok": True, "result": sent}))
        self._reply(request, status, "application/json", json.dumps(content))

    def _whatsapp(self, request: BaseHTTPRequestHandler) -> None:
        fields = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        answer = self._next("whatsapp", fields, request)
        if answer is not None:
            status = {"wait": 429, "fail": 503, "refuse": 403}.get(answer, 200)
            self._reply(request, status, "text/html", self.whatsapp_page if answer == "accept" else "no")

    def _next(self, channel: str, fields: dict[str, str], request: BaseHTTPRequestHandler) -> Behaviour | None:
        self.received.append({"channel": channel, **fields})
        behaviour = self.script.popleft() if self.script else "accept"
        if behaviour == "hang":
            self._let_go.wait(10)
        if behaviour in {"hang", "break_off"}:
            request.close_connection = True
            return None
        return behaviour

    def _reply(self, request: BaseHTTPRequestHandler, status: int, content_type: str, text: str) -> None:
        content = text.encode()
        request.send_response(status)
        request.send_header("Content-Type", content_type)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)
