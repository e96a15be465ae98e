"""Small servers on loopback that speak the Places API and an Overpass interpreter, for tests of discovery."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Asked:
    """One request as the server got it."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def query(self) -> str:
        return parse_qs(self.body)["data"][0]


@dataclass
class PlaceServer:
    """Answers with what `answer` returns for a request: status and JSON, or status and text."""

    answer: Callable[[Asked], tuple[int, Any]]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def place_server(answer: Callable[[Asked], tuple[int, Any]]) -> Iterator[PlaceServer]:
    """A server on a free port until the end of the block."""
    server = PlaceServer(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            request = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            server.asked.append(request)
            status, content = server.answer(request)
            data = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def google_error(code: int, status: str, message: str) -> tuple[int, dict[str, Any]]:
    return code, {"error": {"code": code, "message": message, "status": status}}


def google_place(number: int, **more: Any) -> dict[str, Any]:
    """An invented place as the API gives it."""
    return {
        "id": f"g{number}",
        "displayName": {"text": f"Leipomo {number}", "languageCode": "fi"},
        "formattedAddress": f"Koivukatu {number}, 00100 Helsinki, Finland",
        "location": {"latitude": 60.17, "longitude": 24.93 + number / 1000},
        "types": ["bakery", "food"],
        "primaryType": "bakery",
        "businessStatus": "OPERATIONAL",
    } | more
