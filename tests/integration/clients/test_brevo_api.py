"""Against a real HTTP server: what Brevo's API is given, and what each of its answers means."""

import asyncio
import base64
from collections.abc import Iterator
from uuid import UUID

import falcon.asgi
import pytest

from leadgen_assets.clients.brevo_api import BrevoApi
from leadgen_assets.domain.markers import OFFER, PIXEL, UNSUBSCRIBE
from leadgen_assets.domain.message import Attachment, MessageDraft, Sender, build_message
from leadgen_assets.rehearsal.servers.http_server import HttpServer

ID = UUID("0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0")
TO = "info@shop.test"


def frozen() -> bytes:
    text = f"Hei Äyräpää,\n.a dot\n{OFFER}\n{UNSUBSCRIBE}\n"
    html = f'<p>Hei <a href="{OFFER}">x</a> <a href="{UNSUBSCRIBE}">no</a><img src="{PIXEL}"></p>'
    draft = MessageDraft(ID, 1, TO, "Kysymys: Äyräpää", text, html, [Attachment("Äyräpää_Proposal.pdf", b"%PDF-1.7 x")])
    sender = Sender("Ånna", "anna@agency.test", "replies@agency.test")
    link = {OFFER: "https://t.test/o", UNSUBSCRIBE: "https://t.test/u", PIXEL: "https://t.test/p"}
    return build_message(draft, sender, link.__getitem__).content


class Account:
    """The endpoint that takes messages."""

    def __init__(self) -> None:
        self.taken: list[dict] = []
        self.status, self.body, self.hang_seconds = 201, {"messageId": "<202603020800.1@relay>"}, 0.0

    async def on_post(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        self.taken.append({"key": request.get_header("api-key"), **await request.get_media()})
        await asyncio.sleep(self.hang_seconds)
        response.status, response.media = self.status, self.body


@pytest.fixture
def account() -> Iterator[tuple[Account, BrevoApi]]:
    app, account = falcon.asgi.App(), Account()
    app.add_route("/v3/smtp/email", account)
    server = HttpServer(app)
    server.start()
    with BrevoApi(server.url, "key", timeout_seconds=0.5) as client:
        yield account, client
    server.stop()


def test_the_parts_of_the_frozen_message_arrive(account: tuple[Account, BrevoApi]) -> None:
    endpoint, client = account
    found = client.transmit("replies@agency.test", TO, frozen())
    assert (found.state, found.code, found.reply) == ("accepted", 201, "queued as <202603020800.1@relay>")
    [taken] = endpoint.taken
    assert (taken["key"], taken["to"], taken["subject"]) == ("key", [{"email": TO}], "Kysymys: Äyräpää")
    assert taken["sender"] == {"email": "anna@agency.test", "name": "Ånna"}
    assert taken["replyTo"] == {"email": f"replies+{ID.hex}@agency.test"}
    assert taken["textContent"].splitlines() == ["Hei Äyräpää,", ".a dot", "https://t.test/o", "https://t.test/u"]
    assert '<a href="https://t.test/u">' in taken["htmlContent"]
    headers = taken["headers"]
    assert headers["X-Mailin-custom"] == f"outreach:{ID}"
    assert headers["Message-ID"] == f"<{ID}.1@agency.test>"
    assert headers["List-Unsubscribe"].startswith("<https://t.test/u>, <mailto:")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [file] = taken["attachment"]
    assert file["name"].endswith("_Proposal.pdf")
    assert base64.b64decode(file["content"]) == b"%PDF-1.7 x"


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (201, {"messageId": "<1@relay>"}, "accepted"),
        (200, {"surprise": True}, "unknown"),
        (400, {"code": "invalid_parameter", "message": "to is not valid"}, "refused"),
        (401, {"code": "unauthorized", "message": "Key not found"}, "refused"),
        (402, {"code": "not_enough_credits", "message": "no credits"}, "refused"),
        (429, {"code": "too_many_requests", "message": "slow down"}, "deferred"),
        (500, {"message": "oops"}, "unknown"),
        (502, None, "unknown"),
    ],
)
def test_every_answer_is_a_value(account: tuple[Account, BrevoApi], status: int, body: dict | None, state: str) -> None:
    endpoint, client = account
    endpoint.status, endpoint.body = status, body
    found = client.transmit("replies@agency.test", TO, frozen())
    assert (found.state, found.code) == (state, status)
    assert body is None or str(next(iter(body.values()))).strip("<>") in found.reply or state == "unknown"


def test_silence_after_the_request_is_unknown_and_a_closed_port_is_not(account: tuple[Account, BrevoApi]) -> None:
    endpoint, client = account
    endpoint.hang_seconds = 1.0
    assert client.transmit("replies@agency.test", TO, frozen()).state == "unknown"
    assert len(endpoint.taken) == 1
    with BrevoApi("http://127.0.0.1:9", "key", timeout_seconds=0.5) as nobody:
        assert nobody.transmit("replies@agency.test", TO, frozen()).state == "lost"
