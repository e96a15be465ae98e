"""The operator's test: one message to an address of the operator's own, over the carrier that every message goes over.

Nothing of it is written down: no row, no quota, no pacing. Messages to leads are sent by `batch`; which letter a test
shows is decided in `stages/sample_letter`.
"""

from uuid import UUID

from leadgen_assets.clients.errors import ClientError, LoginRefusedError
from leadgen_assets.clients.mail_transport import Transmission, transport_of
from leadgen_assets.domain.hosts import is_free_mail
from leadgen_assets.domain.identity import reply_address
from leadgen_assets.domain.message import dated
from leadgen_assets.sender.outcomes import outcome_of, outcome_words
from leadgen_assets.settings import Settings
from tracking_service.clock import Clock
from tracking_service.hashes import domain_of, normal_address


class TestRefusedError(Exception):
    """The test was not sent, or was not taken over; one sentence that says why."""

    __test__ = False  # no test of pytest's


def require_own_address(settings: Settings, address: str) -> None:
    """Pass an address of the operator's: one that the settings name, or another one under its domain.

    A mail provider's domain is everybody's, so there only the address itself counts.

    Raises:
        TestRefusedError: naming the addresses that count.
    """
    own = (settings.from_email, settings.reply_to_email, settings.admin_email)
    domains = sorted({domain for domain in map(domain_of, own) if not is_free_mail(domain)})
    if normal_address(address) in map(normal_address, own) or domain_of(address) in domains:
        return
    named = f"FROM_EMAIL, REPLY_TO_EMAIL or ADMIN_EMAIL ({', '.join(own)})"
    under = f", or to an address under {' or '.join(domains)}" if domains else ""
    raise TestRefusedError(f"{address} is not yours: a test goes to {named}{under}.")


def require_mail_server(settings: Settings) -> None:
    """Log in to the carrier and let go again, so that a rehearsal without a town says what it lacks.

    Raises:
        TestRefusedError: saying how to get one.
        LoginRefusedError: if there is one that does not know us.
    """
    try:
        with transport_of(settings):
            return
    except LoginRefusedError:
        raise
    except ClientError as error:
        raise TestRefusedError(
            f"In rehearsal mode a test goes to the town's mail server, and none is running ({str(error).rstrip('.')}):"
            " start `leadgen up`, then say `leadgen send-test operator@studio.test --in town`;"
            " with LEADGEN_MODE=live it goes over your own mail account."
        ) from None


def send_trial(settings: Settings, clock: Clock, outreach_id: UUID, content: bytes, to_email: str) -> Transmission:
    """Hand one frozen message over as the sender does, and return what the other side said.

    Args:
        settings: name the carrier.
        clock: the moment in the Date.
        outreach_id: of the message; no ledger knows it.
        content: the frozen bytes.
        to_email: the operator's address.

    Raises:
        ClientError: if the carrier cannot be reached or refuses the login.
        TestRefusedError: if the message was not taken over, or nobody can know.
    """
    with transport_of(settings) as transport:
        envelope_sender = reply_address(settings.reply_to_email, outreach_id)
        attempt = transport.transmit(envelope_sender, to_email, dated(content, clock.now()))
    if attempt.state == "accepted":
        return attempt
    outcome = outcome_of(attempt, 1, to_email)
    why = outcome.stop or f"{outcome.reason} ({outcome_words(attempt, to_email)})"
    if attempt.state == "unknown":
        raise TestRefusedError(f"Whether the test arrives is not known: {why}.")
    raise TestRefusedError(f"The test was not taken over: {why}.")
