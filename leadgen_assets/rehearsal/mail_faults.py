"""What goes wrong while a message is handed over: refusals for now and for good, broken and silent connections.

What a message's fate is when nothing goes wrong (no such user, no room) belongs to the population.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType

from leadgen_assets.rehearsal.fault_log import FaultLog, dealt
from leadgen_assets.rehearsal.servers.mail_exchanger import Step
from leadgen_assets.rehearsal.truth import Business


@dataclass(frozen=True, slots=True)
class MailFault:
    """One fault: when it happens, what the server says or does, whether it goes on, and its share of the recipients."""

    step: Step
    answer: str
    share: float
    is_lasting: bool = False


MAIL_FAULTS = MappingProxyType({
    "smtp_450": MailFault("rcpt", "450 4.2.0 Greylisted, please come back later", 0.10),
    "smtp_451": MailFault("data", "451 4.3.0 Requested action aborted: local error in processing", 0.05),
    "smtp_452": MailFault("rcpt", "452 4.3.1 Insufficient system storage", 0.05),
    "smtp_421": MailFault("rcpt", "421 4.7.0 Too many messages, closing transmission channel", 0.04),
    "smtp_552": MailFault("rcpt", "552 5.2.2 Mailbox exceeds its quota", 0.03, is_lasting=True),
    "smtp_554": MailFault("data", "554 5.7.1 Message rejected by policy", 0.03, is_lasting=True),
    "smtp_reset_before_data": MailFault("rcpt", "reset", 0.04),
    "smtp_hang_after_data": MailFault("data", "hang", 0.03),
    "smtp_reset_after_data": MailFault("data", "reset", 0.03),
})  # fmt: skip
# The server has the message and never says so: nobody can know, so its state is `unknown`.
WITHOUT_ANSWER = ("smtp_hang_after_data", "smtp_reset_after_data")


class MailFaults:
    """The hook of the mail server.

    Args:
        businesses: the town's; those that ought to be written to are dealt the faults.
        seed: the same seed gives the same recipients the same faults.
        log: where injected faults are counted.
        at_message: called in the server's thread during the hand-over of the message of that number, before the 250.
    """

    def __init__(
        self,
        businesses: Iterable[Business],
        seed: int,
        log: FaultLog,
        at_message: tuple[int, Callable[[], object]] | None = None,
    ) -> None:
        needy = [b for b in businesses if b.email and b.needs_site and b.mailbox == "accepts"]
        recipients = sorted({str(b.email).lower() for b in needy})
        random.Random(f"faults:mail:{seed}").shuffle(recipients)
        published = {str(b.email).lower() for b in needy if b.email_on == "record"}
        recipients.sort(key=lambda address: address not in published)  # the surest to get a message come first
        self._dealt = dealt(recipients, {name: fault.share for name, fault in MAIL_FAULTS.items()})
        self._log, self._at_message = log, at_message
        self._messages = 0

    def at(self, step: Step, recipient: str) -> str | None:
        """The fault at one step for one recipient: `hang`, `reset`, the reply line to give, or None."""
        name = self._dealt.get(recipient.lower())
        fault = MAIL_FAULTS[name] if name else None
        if (
            name
            and fault
            and fault.step == step
            and (fault.is_lasting or self._log.is_first("mail", recipient.lower()))
        ):
            self._log.note(name)
            return fault.answer
        if step == "data":
            self._messages += 1
            if self._at_message and self._messages == self._at_message[0]:
                self._at_message[1]()
        return None
