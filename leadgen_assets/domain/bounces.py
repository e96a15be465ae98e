"""Reading delivery reports (RFC 3464), what mail servers write instead of them, and complaints (RFC 5965).

Whose message a report is about is matched in `replies`; what follows from it is decided by whoever stores it.
"""

import re
from dataclasses import dataclass
from email.message import Message
from typing import Literal

from leadgen_assets.domain.mail_text import addresses_in, body_text, header_text, parts_of_type

BounceKind = Literal["hard", "soft", "policy"]
Action = Literal["failed", "delayed", "delivered"]

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<!\d)([45]\d\d)[ -]")
_DAEMON = re.compile(r"^(?:mailer-daemon|mail-daemon|postmaster|mdaemon|mail\.?delivery|bounces?)(?:[+.=-].*)?@")
_DAEMON_SUBJECT = re.compile(
    r"undeliver|delivery (?:status|failure|has failed|failed|problem|incomplete)|returned (?:mail|to sender)"
    r"|failure notice|mail delivery|unzustellbar|nicht zugestellt|toimitusvirhe|viestiä ei voitu toimittaa"
    r"|delivery notification",
    re.IGNORECASE,
)
_NO_SUCH_USER = re.compile(
    r"user unknown|unknown user|no such (?:user|recipient|mailbox|address)|invalid recipient"
    r"|(?:user|recipient|mailbox|address)[^.\n]{0,40}"
    r"(?:not found|does not exist|doesn't exist|unknown|unavailable|disabled|inactive)"
    r"|recipient address rejected: access denied|host or domain name not found"
    r"|domain[^.\n]{0,40}(?:not found|does not exist)|no mx",
    re.IGNORECASE,
)
_FULL = re.compile(r"(?:mailbox|quota|inbox)[^.\n]{0,40}(?:full|exceed)|over ?quota|out of storage", re.IGNORECASE)
_POLICY = re.compile(
    r"spam|blacklist|blocklist|blocked|reputation|policy|dmarc|spf|dkim|rejected for|spamhaus", re.IGNORECASE
)
# Address or domain is wrong or closed; 5.2.1 is a disabled mailbox, 5.4.4 a domain without a route.
_HARD_CODES = {"1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1", "4.4", "5.0"}
_ACTIONS: dict[str, Action] = {
    "failed": "failed", "delayed": "delayed", "delivered": "delivered", "relayed": "delivered", "expanded": "delivered",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a mail server says about one message.

    Attributes:
        action: failed (it will not arrive), delayed (still trying) or delivered.
        kind: hard (the address is wrong or closed), soft (full or temporary) or policy (the sender was refused, not the
            address); None unless failed or delayed.
        status: enhanced status code such as 5.1.1, where there is one.
        diagnostic: the server's own words on one line.
        recipients: the addresses it is about, lower case.
    """

    action: Action
    kind: BounceKind | None
    status: str | None
    diagnostic: str
    recipients: tuple[str, ...]


def is_report(message: Message, report_type: str) -> bool:
    """True for a multipart/report of one type, or one that lost its parameter but has the part."""
    if message.get_content_type() != "multipart/report":
        return False
    named = str(message.get_param("report-type") or "").lower()
    return named == report_type if named else any(parts_of_type(message, f"message/{report_type}"))


def read_delivery_report(message: Message) -> DeliveryReport | None:
    """The delivery report that a message is, or None for anything else."""
    if is_report(message, "delivery-status"):
        standard = _standard_report(message)
        if standard:
            return standard
    if not (is_report(message, "delivery-status") or _looks_like_bounce(message)):
        return None
    return _other_report(message)


def complaint_recipients(message: Message) -> tuple[str, ...] | None:
    """The addresses whose owners complained, () where the report hides them, or None if it is no complaint."""
    if not is_report(message, "feedback-report"):
        return None
    fields = next(parts_of_type(message, "message/feedback-report"), None)
    inner = fields.get_payload() if fields is not None else None
    block = inner[0] if isinstance(inner, list) and inner else fields
    if not isinstance(block, Message) or header_text(block, "Feedback-Type").lower() in {
        "not-spam",
        "auth-failure",
        "dmarc",
    }:
        return None
    return tuple(addresses_in(block, "Original-Rcpt-To", "Removal-Recipient"))


def bounce_kind(status: str | None, diagnostic: str) -> BounceKind:
    """Whether a failure condemns the address (hard), the moment (soft) or the sender (policy)."""
    if status is None:
        code = _REPLY_CODE.search(diagnostic)
        status = f"{code[1][0]}.0.0" if code else "5.0.0"
    group, _, detail = status.partition(".")
    if group == "4" or detail == "2.2" or _FULL.search(diagnostic):
        return "soft"
    if detail in _HARD_CODES and not (detail == "5.0" and _POLICY.search(diagnostic)):
        return "hard"
    if detail.startswith("7."):
        return "hard" if _NO_SUCH_USER.search(diagnostic) else "policy"
    if _NO_SUCH_USER.search(diagnostic):
        return "hard"
    if detail.startswith(("3.", "4.")):
        return "soft"
    return "policy" if detail.startswith("6.") or _POLICY.search(diagnostic) else "hard"


def _standard_report(message: Message) -> DeliveryReport | None:
    part = next(parts_of_type(message, "message/delivery-status"), None)
    blocks = part.get_payload() if part is not None else None
    if not isinstance(blocks, list):
        return None
    reports = [block for block in blocks if isinstance(block, Message) and block.get("Action")]
    if not reports:
        return None
    # Several recipients: the worst news is the news.
    order = ("failed", "delayed", "delivered")
    named = [(_ACTIONS.get(header_text(block, "Action").lower().split(" ")[0], "failed"), block) for block in reports]
    action, block = min(named, key=lambda item: order.index(item[0]))
    diagnostic = header_text(block, "Diagnostic-Code").partition(";")[2].strip() or header_text(
        block, "Diagnostic-Code"
    )
    status = _most_telling(header_text(block, "Status"), diagnostic)
    recipients = [_address_field(block, name) for name in ("Original-Recipient", "Final-Recipient")]
    return DeliveryReport(
        action=action,
        kind=None if action == "delivered" else "soft" if action == "delayed" else bounce_kind(status, diagnostic),
        status=status,
        diagnostic=diagnostic[:300],
        recipients=tuple(dict.fromkeys(address for address in recipients if address)),
    )


def _other_report(message: Message) -> DeliveryReport | None:
    from flufl.bounce import all_failures

    temporary, permanent = all_failures(message)
    failed_to = addresses_in(message, "X-Failed-Recipients")
    if not (temporary or permanent or failed_to):
        return None
    text = body_text(message)
    found = _STATUS.search(text)
    status = found[0] if found else None
    diagnostic = _telling_line(text)
    only_temporary = bool(temporary) and not permanent and not failed_to
    recipients = [address.decode("ascii", "replace").lower() for address in sorted(permanent or temporary)] or failed_to
    return DeliveryReport(
        action="delayed" if only_temporary else "failed",
        kind="soft" if only_temporary else bounce_kind(status, f"{diagnostic}\n{text[:2000]}"),
        status=status,
        diagnostic=diagnostic[:300],
        recipients=tuple(recipients),
    )


def _looks_like_bounce(message: Message) -> bool:
    if message.get("X-Failed-Recipients"):
        return True
    sender = next(iter(addresses_in(message, "From")), "")
    from_daemon = bool(_DAEMON.match(sender)) or header_text(message, "Return-Path") == "<>"
    return from_daemon and (
        bool(_DAEMON_SUBJECT.search(header_text(message, "Subject"))) or bool(_DAEMON.match(sender))
    )


def _most_telling(status: str, diagnostic: str) -> str | None:
    """The Status field, unless it says only 5.0.0 while the diagnostic says more."""
    field, inner = _STATUS.search(status), _STATUS.search(diagnostic)
    if field and not (field[0].endswith(".0.0") and inner and inner[1] == field[1]):
        return field[0]
    return inner[0] if inner else None


def _address_field(block: Message, name: str) -> str:
    return header_text(block, name).rpartition(";")[2].strip().strip("<>").lower()


def _telling_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if _STATUS.search(line) or _NO_SUCH_USER.search(line) or _FULL.search(line)]
    return (told or lines or [""])[0]
