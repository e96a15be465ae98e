"""What a message in the reply mailbox is, and which of our messages it answers: pure rules over parsed messages.

Reading text is in `mail_text`, delivery reports and complaints in `bounces`; storing is elsewhere. A new rule means a
new VERSION.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from email.message import Message
from typing import Literal, Protocol, TypeVar
from uuid import UUID

from leadgen_assets.domain.bounces import DeliveryReport, complaint_recipients, is_report, read_delivery_report
from leadgen_assets.domain.mail_text import (
    addresses_in,
    embedded_messages,
    header_text,
    link_text,
    message_ids_in,
    own_text,
)
from leadgen_assets.domain.reply_phrases import is_automatic_subject, is_stop_request
from tracking_service.hashes import normal_address

VERSION = "replies-1"
Classification = Literal["reply", "auto_reply", "bounce", "complaint", "unsubscribe", "unrelated"]
EventType = Literal["reply", "auto_reply", "bounce", "complaint", "unsubscribe", "delivered"]
MatchedBy = Literal["token", "in_reply_to", "references", "enclosed", "link", "sender_and_subject"]
Key = TypeVar("Key")

_TOKEN = re.compile(r"\+(?:[a-z]+[-.])?([0-9a-f]{32})@")
_UNSUBSCRIBE_BOX = re.compile(r"^(?:unsub|unsubscribe|list-unsubscribe)(?:\+[^@]*)?@|\+unsub(?:scribe)?(?:[-.][^@]*)?@")
_LINK = re.compile(r"/(?:track/click|track/open|unsubscribe)/([A-Za-z0-9_-]{40,2048})")
_RECIPIENT_HEADERS = ("To", "Delivered-To", "X-Original-To", "Cc", "Envelope-To", "X-Envelope-To", "X-Forwarded-To")
_REPLY_PREFIX = re.compile(
    r"^(?:(?:re|aw|antw|vs|sv|rv|ref|fwd?|wg|vl|vb|tr|rif|odp)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE
)
_ROBOT_SENDER = re.compile(r"^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|donotreply)(?:[+.-].*)?@")


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """One of our messages, as far as matching needs it."""

    outreach_id: UUID
    lead_id: UUID
    to_email: str
    subject: str
    organisation: str | None = None


class SentMessages(Protocol):
    """Look-ups among the messages we sent; ids without angle brackets, addresses lower case."""

    def by_outreach_id(self, outreach_id: UUID) -> KnownMessage | None:
        """The message with this id."""
        ...

    def by_message_id(self, message_id: str) -> KnownMessage | None:
        """The message with this Message-ID, ours or the one a relay gave it."""
        ...

    def by_link_token(self, token: str) -> KnownMessage | None:
        """The message whose signed link this is."""
        ...

    def to_address(self, address: str) -> list[KnownMessage]:
        """Messages sent to this address, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What one message of the mailbox is.

    Attributes:
        classification: one of six.
        message: which of ours it answers, if any.
        matched_by: how that was found.
        reasons: the signals that decided, short and without personal data.
        report: the delivery report, for a bounce and for a report of success (an auto_reply).
        concerns: addresses that a bounce or complaint names, or that asked to be left alone; lower case.
        sender: the address in From, lower case; empty where there is none.
        words: what was written above any quotation, for replies, automatic ones too.
    """

    classification: Classification
    message: KnownMessage | None
    matched_by: MatchedBy | None
    reasons: tuple[str, ...]
    sender: str
    report: DeliveryReport | None = None
    concerns: tuple[str, ...] = ()
    words: str = ""

    @property
    def event_type(self) -> EventType | None:
        """What it means for the message it answers; None for a delay and for a failure that is not the address's."""
        if self.classification == "unrelated":
            return None
        if self.report is None:
            return self.classification
        if self.report.action == "delivered":
            return "delivered"
        return "bounce" if self.report.action == "failed" and self.report.kind == "hard" else None

    @property
    def verdict(self) -> Literal["person", "machine"]:
        """Replies, complaints and unsubscribe requests are acts of people; the rest are not."""
        return "person" if self.classification in {"reply", "complaint", "unsubscribe"} else "machine"


def classify(message: Message, sent: SentMessages, own_addresses: Collection[str]) -> Reading:
    """Say what a message is and which of ours it answers.

    Args:
        message: as parsed by the standard library.
        sent: look-ups among our messages.
        own_addresses: normal forms of the operator's addresses; mail from these is never a reply.
    """
    sender = next(iter(addresses_in(message, "From")), "")
    known, matched_by = match(message, sender, sent)
    recipients = complaint_recipients(message)
    if recipients is not None:
        return Reading("complaint", known, matched_by, ("feedback-report",), sender, concerns=recipients)
    report = read_delivery_report(message)
    if report:
        reasons = tuple(part for part in (report.action, report.kind, report.status) if part)
        kind: Classification = "auto_reply" if report.action == "delivered" else "bounce"
        if kind == "auto_reply" and not known:
            kind = "unrelated"
        return Reading(kind, known, matched_by, reasons, sender, report=report, concerns=report.recipients)
    if not sender or normal_address(sender) in own_addresses:
        return Reading("unrelated", known, matched_by, ("from ourselves" if sender else "no sender",), sender)
    if _asks_by_address(message, known):
        return Reading("unsubscribe", known, matched_by, ("unsubscribe address",), sender, concerns=(sender,))
    signs = automatic_signs(message)
    if known is None:
        return Reading("unrelated", None, None, signs or ("answers none of our messages",), sender)
    if signs:
        return Reading("auto_reply", known, matched_by, signs, sender, words=own_text(message))
    words = own_text(message)
    if is_stop_request(words):
        return Reading("unsubscribe", known, matched_by, ("its own words",), sender, concerns=(sender,), words=words)
    return Reading("reply", known, matched_by, (f"matched by {matched_by}",), sender, words=words)


def match(message: Message, sender: str, sent: SentMessages) -> tuple[KnownMessage | None, MatchedBy | None]:
    """Which of our messages this one answers: tokens and ids first, the sender's address only with our subject."""
    known = _by_token(message, sent)
    if known:
        return known, "token"
    known = _first(sent.by_message_id, reversed(message_ids_in(message, "In-Reply-To")))
    if known:
        return known, "in_reply_to"
    known = _first(sent.by_message_id, reversed(message_ids_in(message, "References")))
    if known:
        return known, "references"
    for inner in embedded_messages(message):
        ids = [*message_ids_in(inner, "Message-ID"), *message_ids_in(inner, "X-Original-Message-ID")]
        known = _by_token(inner, sent, "Reply-To", "Return-Path", "From") or _first(sent.by_message_id, ids)
        if known:
            return known, "enclosed"
    known = _first(sent.by_link_token, list(dict.fromkeys(_LINK.findall(link_text(message))))[:20])
    if known:
        return known, "link"
    subject = plain_subject(header_text(message, "Subject"))
    for candidate in sent.to_address(sender) if sender and subject else []:
        if plain_subject(candidate.subject) == subject:
            return candidate, "sender_and_subject"
    return None, None


def automatic_signs(message: Message) -> tuple[str, ...]:
    """Signs that no person wrote this message (RFC 3834 and what is used beside it); headers before subjects."""
    signs = []
    submitted = header_text(message, "Auto-Submitted").lower().split(";")[0].strip()
    if submitted and submitted != "no":
        signs.append(f"Auto-Submitted: {submitted[:40]}")
    if header_text(message, "Precedence").lower() in {"auto_reply", "bulk", "junk", "list"}:
        signs.append("Precedence")
    present = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Response-Suppress", "X-Vacation", "List-Id")
    signs += [name for name in present if message.get(name)]
    if header_text(message, "Return-Path") == "<>":
        signs.append("empty Return-Path")
    if is_report(message, "disposition-notification"):
        signs.append("read receipt")
    if any(_ROBOT_SENDER.match(address) for address in addresses_in(message, "From")):
        signs.append("sender is a machine")
    if not signs and is_automatic_subject(header_text(message, "Subject")):
        signs.append("subject of an automatic reply")
    return tuple(signs)


def plain_subject(subject: str) -> str:
    """A subject without reply and forward prefixes, lower case."""
    return " ".join(_REPLY_PREFIX.sub("", subject.strip()).split()).casefold()


def _by_token(message: Message, sent: SentMessages, *more_headers: str) -> KnownMessage | None:
    tokens = [found[1] for address in addresses_in(message, *_RECIPIENT_HEADERS, *more_headers)
              if (found := _TOKEN.search(address))]  # fmt: skip
    return _first(sent.by_outreach_id, [UUID(hex=token) for token in tokens])


def _asks_by_address(message: Message, known: KnownMessage | None) -> bool:
    """A message to the List-Unsubscribe address: mail clients write these when their button is pressed."""
    if any(_UNSUBSCRIBE_BOX.search(address) for address in addresses_in(message, *_RECIPIENT_HEADERS)):
        return True
    return known is not None and header_text(message, "Subject").lower() in {"unsubscribe", "unsubscribe me"}


def _first(look_up: Callable[[Key], KnownMessage | None], keys: Iterable[Key]) -> KnownMessage | None:
    return next((found for key in keys if (found := look_up(key))), None)
