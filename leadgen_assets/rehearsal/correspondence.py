"""Mail that the town sends to the reply mailbox, each piece written down as the act that it was.

What the pieces say belongs to `answers.py`; when they are sent, to the people and machines.
"""

import random
from email.message import Message
from email.policy import SMTP
from typing import Protocol

from leadgen_assets.rehearsal import answers
from leadgen_assets.rehearsal.acts import ActKind, ActLog, Actor, microseconds
from leadgen_assets.rehearsal.cases import Case
from leadgen_assets.rehearsal.truth import Act
from tracking_service.clock import Clock

_GONE = "550 5.1.1 The email account that you tried to reach does not exist"


class ReplyMailbox(Protocol):
    """Where answers go."""

    def accepts(self, address: str) -> bool:
        """Whether an address belongs to the mailbox."""
        ...

    def deliver(self, content: bytes) -> None:
        """Put a message into the inbox now."""
        ...


class Correspondence:
    """Writes and delivers answers.

    Every act carries the Message-ID that it answers, its own without angle brackets as `detail["reply_id"]`, and
    `detail["by"] == "mail"`.
    """

    def __init__(self, mailbox: ReplyMailbox, clock: Clock, acts: ActLog, seed: int) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._acts = acts
        self._seed = seed

    def reply(self, case: Case) -> None:
        """The owner answers, from an address that may not be the one we wrote to."""
        self._answer(case, "reply", "person", answers.reply, case.business.reply_address or case.mail.recipient)

    def reply_automatically(self, case: Case) -> None:
        """The owner's mail program says that they are away."""
        self._answer(case, "auto_reply", "machine", answers.automatic_reply, case.mail.recipient)

    def bounce(self, case: Case) -> None:
        """A mail server reports that it could not deliver after all."""
        report_id = self._new_id(case, "bounce")
        report = answers.delivery_report(case.mail, self._clock.now(), report_id, _GONE)
        self._send(case, "bounce", "machine", report, report_id, f"mailer-daemon of {case.mail.recipient}")

    def takes_unsubscribes(self, case: Case) -> bool:
        """Whether the message offers to unsubscribe by a mail to this mailbox."""
        return self._mailbox.accepts((case.mail.unsubscribe_mailto or "").partition("?")[0])

    def unsubscribe(self, case: Case) -> None:
        """The owner's mail program writes to the unsubscribe address."""
        message_id, sender = self._new_id(case, "unsubscribe"), case.mail.recipient
        mailto = case.mail.unsubscribe_mailto or ""
        message = answers.unsubscribe_mail(mailto, sender, case.owner, self._clock.now(), message_id)
        self._send(case, "unsubscribe", "person", message, message_id, sender)

    def _answer(self, case: Case, kind: ActKind, actor: Actor, write: answers.Answer, sender: str) -> None:
        reply_id = self._new_id(case, kind)
        rng = random.Random(f"{reply_id}:{self._seed}")
        message = write(case.mail, sender, case.owner, self._clock.now(), reply_id, rng)
        self._send(case, kind, actor, message, reply_id, sender)

    def _send(self, case: Case, kind: ActKind, actor: Actor, message: Message, reply_id: str, sender: str) -> None:
        self._mailbox.deliver(message.as_bytes(policy=SMTP))
        detail = {"by": "mail", "reply_id": reply_id.strip("<>"), "from": sender}
        at_us = microseconds(self._clock.now())
        business = case.business
        self._acts.record(
            Act(at_us, actor, kind, business.key, case.mail.recipient, True, case.mail.message_id, detail)
        )

    def _new_id(self, case: Case, kind: str) -> str:
        """A Message-ID that the same seed gives again."""
        number = random.Random(f"{self._seed}:{case.name}:{kind}").getrandbits(64)
        return f"<{kind}.{number:016x}@mail.town.test>"
