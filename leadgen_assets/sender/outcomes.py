"""What an SMTP answer means for a message: sent, tried again later, given up, or unknown. Pure rules.

Speaking SMTP belongs to `clients/smtp.py`, writing the outcome down to `batch`.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from leadgen_assets.clients.mail_transport import Transmission

Result = Literal["sent", "queued", "failed", "unknown"]
MAX_ATTEMPTS = 5
_BACK_OFF_MINUTES = (15, 60, 180, 720)
_LOST_BACK_OFF = timedelta(minutes=5)
_AUTHENTICATION_CODES = {525, 530, 534, 535, 538, 401, 403}  # the last two are an API's
_PAYMENT_REQUIRED = 402
_TOO_MANY_REQUESTS = 429
_QUOTA_BACK_OFF = timedelta(hours=3)
_QUOTA_WORDS = re.compile(r"\b(daily|hourly|monthly|sending)\b.{0,40}\b(quota|limit)\b", re.IGNORECASE)
_ADDRESS_CODES = {550, 551, 553}
_ENHANCED = re.compile(r"(?:^|\s)([245]\.\d{1,3}\.\d{1,3})(?=\s|:|$)")
_QUEUED_AS = re.compile(r"queued as\s+<?([^\s<>]+)>?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is written down about one attempt, and what follows.

    Attributes:
        result: the message's next status.
        reason: one phrase for people; empty where it was sent.
        back_off: how long to wait before the next attempt, where it is queued again.
        counts: whether this attempt counts against the message's limit of attempts.
        no_such_address: the server says that nobody lives there.
        stop: the trouble is not this message's, so the batch ends here; one phrase.
        must_act: somebody has to mend it first, so all sending is paused until then.
    """

    result: Result
    reason: str = ""
    back_off: timedelta = timedelta()
    counts: bool = True
    no_such_address: bool = False
    stop: str = ""
    must_act: bool = False


def outcome_of(attempt: Transmission, attempts: int, recipient: str) -> Outcome:
    """Decide what one attempt means.

    Args:
        attempt: what the client saw.
        attempts: how many there were for this message, this one included.
        recipient: the address, which is kept out of every reason.
    """
    said = outcome_words(attempt, recipient)
    if attempt.state == "accepted":
        return Outcome("sent")
    if attempt.state == "unknown":
        return Outcome(
            "unknown",
            f"no answer after the message ({said})",
            stop=f"the mail server did not answer after a message ({said})",
        )
    if attempt.state == "lost":
        stop = f"the connection to the mail server broke ({said})"
        return _later(attempts, "connection lost", _LOST_BACK_OFF, stop)
    if attempt.state == "deferred" and (attempt.phase == "mail" or attempt.code == _TOO_MANY_REQUESTS):
        stop = f"the mail server takes nothing for now ({said})"
        return Outcome("queued", "server busy", _LOST_BACK_OFF, counts=False, stop=stop)
    if attempt.state == "deferred":
        stop = f"the mail server closes the connection ({said})" if attempt.code == 421 else ""
        return _later(attempts, "refused for now", _back_off(attempts), stop)
    return _refused(attempt, said)


def outcome_words(attempt: Transmission, recipient: str) -> str:
    """The server's words as they are kept: without the recipient's address, which they often repeat."""
    said = f"{attempt.code or ''} {attempt.reply}".strip()
    return re.sub(re.escape(recipient), "recipient", said, flags=re.IGNORECASE)


def provider_message_id(reply: str) -> str | None:
    """The id under which the server queued the message, where its reply names one."""
    found = _QUEUED_AS.search(reply)
    return found[1] if found else None


def _later(attempts: int, reason: str, back_off: timedelta, stop: str) -> Outcome:
    if attempts >= MAX_ATTEMPTS:
        return Outcome("failed", f"{reason}, {attempts} times", stop=stop)
    return Outcome("queued", reason, back_off, stop=stop)


def _back_off(attempts: int) -> timedelta:
    return timedelta(minutes=_BACK_OFF_MINUTES[min(attempts, len(_BACK_OFF_MINUTES)) - 1])


def _refused(attempt: Transmission, said: str) -> Outcome:
    enhanced = _enhanced(attempt.reply)
    if _is_own_quota(attempt, enhanced):
        stop = f"the mail server takes no more from this account for now ({said})"
        return Outcome("queued", "quota of the account used up", _QUOTA_BACK_OFF, counts=False, stop=stop)
    if attempt.code in _AUTHENTICATION_CODES or (attempt.phase == "mail" and attempt.code != 552):
        # The server refuses the sender, not this message: every other one would burn in the same way.
        stop = f"the mail server refuses the sender ({said}); check SMTP_USER, FROM_EMAIL and REPLY_TO_EMAIL"
        return Outcome(
            "queued", "sender refused", timedelta(minutes=_BACK_OFF_MINUTES[0]), counts=False, stop=stop, must_act=True
        )
    if _says_no_such_address(attempt, enhanced):
        return Outcome("failed", "no such address", no_such_address=True)
    if attempt.code == 552 or enhanced.startswith(("5.2.2", "5.2.3", "5.3.4")):
        return Outcome("failed", "mailbox full or message too big")
    if enhanced.startswith("5.7.") or attempt.code == 554:
        return Outcome("failed", "refused by policy")
    return Outcome("failed", "refused")


def _is_own_quota(attempt: Transmission, enhanced: str) -> bool:
    """What the account may send is used up; a full mailbox of the recipient (5.2.2) is another thing."""
    if attempt.code == _PAYMENT_REQUIRED or enhanced.startswith("5.4.5"):
        return True
    return not enhanced.startswith("5.2.") and attempt.code != 552 and bool(_QUOTA_WORDS.search(attempt.reply))


def _says_no_such_address(attempt: Transmission, enhanced: str) -> bool:
    """A refusal of the recipient; a code for policy or a full mailbox says nothing about the address."""
    if enhanced:
        return enhanced.startswith("5.1.") and not enhanced.startswith(("5.1.7", "5.1.8"))  # those are the sender's
    return attempt.phase == "rcpt" and attempt.code in _ADDRESS_CODES


def _enhanced(reply: str) -> str:
    found = _ENHANCED.search(reply)
    return found[1] if found else ""
