"""Brevo's HTTPS API: handing over one message where a host blocks SMTP, and asking later what became of one.

The API takes the parts of a message, not its bytes, so the frozen message is read back into them: recipients get the
same texts and files, in a message that Brevo builds. It never says whether a broken request was taken over, so whatever
breaks after the connection stands is unknown.
"""

import base64
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from typing import Any, Self

import httpx

from leadgen_assets.clients.deliveries import never_left
from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.mail_transport import MailTransport, State, Transmission
from leadgen_assets.settings import Settings

# What Brevo passes on besides the fields it has a name for.
_PASSED_ON = (
    "X-Mailin-custom",
    "Message-ID",
    "In-Reply-To",
    "References",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
)
_REPLY_LIMIT = 500
_BUSY = 429
_LISTED = 50
_CLOCKS_DIFFER = timedelta(minutes=10)


class BrevoApi(MailTransport):
    """One HTTPS connection to Brevo, good for many messages; a context manager.

    Args:
        base_url: without `/v3`.
        key: an API key, which is not the SMTP key.
        timeout_seconds: longest wait for one step of a request.
    """

    def __init__(self, base_url: str, key: str, *, timeout_seconds: float = 60.0) -> None:
        self._base_url, self._key, self._timeout = base_url, key, timeout_seconds
        self._client: httpx.Client | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The client that the settings describe, not yet opened.

        Raises:
            ClientError: if no key is set.
        """
        if not settings.brevo_api_key:
            raise ClientError("MAIL_TRANSPORT is brevo_api, but BREVO_API_KEY is empty: fill it in.")
        return cls(settings.brevo_api_base_url, settings.brevo_api_key, timeout_seconds=settings.smtp_timeout_seconds)

    @property
    def is_open(self) -> bool:
        """Whether a message can go; the connection itself is made with the first."""
        return self._client is not None

    def open(self) -> None:
        """Get ready; nothing is asked yet."""
        if self._client is None:
            self._client = httpx.Client(
                base_url=self._base_url,
                timeout=self._timeout,
                headers={"api-key": self._key, "accept": "application/json"},
                trust_env=False,
            )

    def transmit(self, envelope_sender: str, recipient: str, content: bytes) -> Transmission:
        """Hand over one message; Brevo sets its own envelope sender, so delivery reports come by webhook alone."""
        if self._client is None:
            return Transmission("lost", "mail", None, "not connected")
        try:
            answer = self._client.post("/v3/smtp/email", json=_fields_of(content, recipient))
        except httpx.HTTPError as error:
            words = str(error).strip() or type(error).__name__
            return Transmission("lost" if never_left(error) else "unknown", "final", None, words[:_REPLY_LIMIT])
        return Transmission(_state_of(answer), "final", answer.status_code, _words_of(answer))

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def find_sent(self, message_id: str, recipient: str, subject: str, since: datetime) -> str | None:
        """Brevo's id of a message that it took over; None where it shows none (yet).

        Args:
            message_id: ours, under which Brevo keeps what came by SMTP.
            recipient: whom it was for.
            subject: recognises what came by the API, which knows only Brevo's own id.
            since: when it was handed over; older messages to the same recipient are others.

        Raises:
            ClientError: if Brevo cannot be asked.
        """
        query: dict[str, str | int] = {"email": recipient, "sort": "desc", "limit": _LISTED}
        try:
            with self as opened:
                answer = opened._http().get("/v3/smtp/emails", params=query)
        except httpx.HTTPError as error:
            raise ClientError(f"Brevo cannot be asked ({type(error).__name__}).", retryable=True) from None
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if not answer.is_success:
            raise ClientError(f"Brevo answered {answer.status_code} {_words_of(answer)}; check BREVO_API_KEY.")
        for found in _json_of(answer).get("transactionalEmails") or []:
            same = found.get("messageId") == message_id or found.get("subject") == subject
            if same and _is_since(str(found.get("date", "")), since):
                return str(found.get("messageId") or message_id)
        return None

    def _http(self) -> httpx.Client:
        if self._client is None:
            raise RuntimeError("The connection to Brevo is not open.")
        return self._client


def _state_of(answer: httpx.Response) -> State:
    if answer.is_success:
        return "accepted" if "messageId" in _json_of(answer) else "unknown"
    if answer.status_code == _BUSY:
        return "deferred"
    return "refused" if answer.is_client_error else "unknown"  # a failure of its own may come after it took the message


def _is_since(date: str, since: datetime) -> bool:
    try:
        return datetime.fromisoformat(date.replace("Z", "+00:00")) >= since - _CLOCKS_DIFFER
    except (ValueError, TypeError):
        return False


def _words_of(answer: httpx.Response) -> str:
    found = _json_of(answer)
    if "messageId" in found:
        return f"queued as {found['messageId']}"
    words = f"{found.get('code', '')} {found.get('message', '')}".strip() or answer.text
    return " ".join(words.replace("\0", "").split())[:_REPLY_LIMIT]


def _json_of(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _fields_of(content: bytes, recipient: str) -> dict[str, Any]:
    message: EmailMessage = message_from_bytes(content, policy=default_policy)
    sender = message["From"].addresses[0]
    fields: dict[str, Any] = {
        "sender": {"email": sender.addr_spec, "name": sender.display_name or sender.addr_spec},
        "to": [{"email": recipient}],
        "subject": str(message["Subject"]),
        "headers": {name: " ".join(str(message[name]).split()) for name in _PASSED_ON if message[name]},
    }
    if message["Reply-To"]:
        fields["replyTo"] = {"email": message["Reply-To"].addresses[0].addr_spec}
    for name, kind in (("textContent", "plain"), ("htmlContent", "html")):
        body = message.get_body((kind,))
        if body is not None:
            fields[name] = body.get_content()
    files = [
        {"name": part.get_filename() or "attachment", "content": base64.b64encode(part.get_content()).decode()}
        for part in message.iter_attachments()
    ]
    return fields | ({"attachment": files} if files else {})
