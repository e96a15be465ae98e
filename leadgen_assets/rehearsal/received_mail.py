"""A message as its recipient sees it: who wrote, what can be clicked, how to unsubscribe.

It is read from the bytes that arrived, as a mail client would read them; what anybody does with it belongs elsewhere.
"""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.policy import default as default_policy
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

_BRACKETED = re.compile(r"<([^<>]+)>")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """The parts of a message that people and machines act upon; addresses are absolute and in document order.

    Attributes:
        recipient: whose mailbox it reached.
        envelope_from: where delivery reports and automatic answers go.
        headers: the message without its body.
        images: addresses of images, the tracking pixel among them.
        links: http addresses in the HTML part, hidden ones too.
        visible_links: those that a person can see, without the unsubscribe link.
        unsubscribe_url: the https address of List-Unsubscribe.
        unsubscribe_mailto: its mail address, with a query where it has one.
        one_click: whether RFC 8058 is offered.
        text: the plain text part.
    """

    recipient: str
    envelope_from: str
    headers: EmailMessage
    images: tuple[str, ...]
    links: tuple[str, ...]
    visible_links: tuple[str, ...]
    unsubscribe_url: str | None
    unsubscribe_mailto: str | None
    one_click: bool
    text: str

    @property
    def message_id(self) -> str:
        """The Message-ID with its angle brackets."""
        return str(self.headers["Message-ID"] or "").strip()

    @property
    def subject(self) -> str:
        """The subject in one line."""
        return " ".join(str(self.headers["Subject"] or "").split())

    @property
    def reply_to(self) -> str:
        """The address an answer goes to: Reply-To, else From."""
        return _address(self.headers, "Reply-To") or self.writer

    @property
    def writer(self) -> str:
        """The address in From."""
        return _address(self.headers, "From")

    def unsubscribes(self, url: str) -> bool:
        """Whether an address is one that leads out."""
        return url == self.unsubscribe_url or "unsubscribe" in url.lower()


def read_mail(recipient: str, content: bytes, envelope_from: str = "") -> ReceivedMail:
    """Read a message as a mail client does; a missing part reads as empty."""
    message = message_from_bytes(content, policy=default_policy)
    page = message.get_body(("html",))
    plain = message.get_body(("plain",))
    tree = LexborHTMLParser(page.get_content() if page else "")
    found = _BRACKETED.findall(str(message["List-Unsubscribe"] or ""))
    url = next((address for address in found if _is_web(address)), None)
    anchors = [(node, node.attributes.get("href") or "") for node in tree.css("a[href]")]
    images = (node.attributes.get("src") or "" for node in tree.css("img[src]"))
    headers = EmailMessage(policy=default_policy)
    for name, value in message.items():
        if not name.lower().startswith(("content-", "mime-")):
            headers[name] = value
    return ReceivedMail(
        recipient=recipient,
        envelope_from=envelope_from,
        headers=headers,
        images=tuple(dict.fromkeys(address for address in images if _is_web(address))),
        links=tuple(dict.fromkeys(address for _, address in anchors if _is_web(address))),
        visible_links=tuple(
            dict.fromkeys(
                address
                for node, address in anchors
                if _is_web(address) and address != url and "unsubscribe" not in address.lower() and not _is_hidden(node)
            )
        ),
        unsubscribe_url=url,
        unsubscribe_mailto=next((a.removeprefix("mailto:") for a in found if a.startswith("mailto:")), None),
        one_click="one-click" in str(message["List-Unsubscribe-Post"] or "").lower(),
        text=plain.get_content() if plain else "",
    )


def _is_web(address: str) -> bool:
    return urlsplit(address).scheme in {"http", "https"}


def _is_hidden(node: LexborNode) -> bool:
    at: LexborNode | None = node
    while at is not None:
        if _HIDDEN.search(at.attributes.get("style") or "") or at.attributes.get("aria-hidden") == "true":
            return True
        at = at.parent
    return False


def _address(message: EmailMessage, name: str) -> str:
    header = message[name]
    addresses = header.addresses if isinstance(header, AddressHeader) else ()
    return addresses[0].addr_spec if addresses else ""
