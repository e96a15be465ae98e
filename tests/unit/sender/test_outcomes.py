"""What each SMTP answer means for a message."""

from datetime import timedelta

import pytest

from leadgen_assets.clients.mail_transport import Transmission
from leadgen_assets.sender.outcomes import MAX_ATTEMPTS, outcome_of, outcome_words, provider_message_id

TO = "info@shop.test"
STATES = {4: "deferred", 5: "refused"}


def answer(code: int, phase: str, words: str = "") -> Transmission:
    state = "refused" if code < 410 and code >= 400 else STATES.get(code // 100, "accepted")
    return Transmission(state, phase, code, words)


@pytest.mark.parametrize(
    ("code", "phase", "words", "result", "reason"),
    [
        (250, "final", "OK", "sent", ""),
        (421, "rcpt", "4.3.2 Shutting down", "queued", "refused for now"),
        (450, "rcpt", "4.2.0 Greylisted", "queued", "refused for now"),
        (451, "final", "4.3.0 Local error", "queued", "refused for now"),
        (452, "rcpt", "4.2.2 Mailbox full", "queued", "refused for now"),
        (452, "mail", "4.3.1 Insufficient storage", "queued", "server busy"),
        (525, "mail", "5.7.1 Unauthorized IP address", "queued", "sender refused"),
        (535, "mail", "5.7.8 Authentication failed", "queued", "sender refused"),
        (550, "mail", "5.7.1 Sender rejected", "queued", "sender refused"),
        (550, "rcpt", "5.1.1 No such user", "failed", "no such address"),
        (550, "rcpt", "No such user here", "failed", "no such address"),
        (550, "final", "5.4.5 Daily user sending limit exceeded", "queued", "quota of the account used up"),
        (554, "final", "You have reached your hourly sending quota", "queued", "quota of the account used up"),
        (402, "final", "not_enough_credits You have no more credits", "queued", "quota of the account used up"),
        (401, "final", "unauthorized Key not found", "queued", "sender refused"),
        (400, "final", "invalid_parameter to is not valid", "failed", "refused"),
        (553, "rcpt", "Mailbox name not allowed", "failed", "no such address"),
        (550, "final", "5.1.10 Recipient not found", "failed", "no such address"),
        (550, "rcpt", "5.7.515 Access denied, domain does not meet the requirements", "failed", "refused by policy"),
        (550, "rcpt", "5.1.8 Sender address has no MX", "failed", "refused"),
        (550, "final", "Message rejected", "failed", "refused"),
        (552, "rcpt", "5.2.2 Mailbox full", "failed", "mailbox full or message too big"),
        (552, "mail", "Message size exceeds fixed limit", "failed", "mailbox full or message too big"),
        (554, "final", "5.7.1 Spam", "failed", "refused by policy"),
    ],
)
def test_an_answer_has_one_documented_meaning(code: int, phase: str, words: str, result: str, reason: str) -> None:
    outcome = outcome_of(answer(code, phase, words), attempts=1, recipient=TO)
    assert (outcome.result, outcome.reason) == (result, reason)
    assert outcome.no_such_address is (reason == "no such address")
    assert outcome.must_act is (reason == "sender refused")
    assert (outcome.back_off > timedelta()) is (result == "queued")


def test_temporary_refusals_wait_longer_each_time_and_then_end() -> None:
    outcomes = [outcome_of(answer(450, "rcpt"), attempts, TO) for attempts in range(1, MAX_ATTEMPTS + 1)]
    assert [outcome.result for outcome in outcomes] == ["queued"] * (MAX_ATTEMPTS - 1) + ["failed"]
    waits = [outcome.back_off for outcome in outcomes[:-1]]
    assert waits == sorted(set(waits))


def test_trouble_with_the_sender_never_uses_up_a_messages_attempts() -> None:
    for code, phase in ((535, "mail"), (550, "mail"), (530, "rcpt"), (451, "mail")):
        outcome = outcome_of(answer(code, phase), attempts=MAX_ATTEMPTS + 5, recipient=TO)
        assert (outcome.result, outcome.counts) == ("queued", False)
        assert outcome.stop


def test_a_connection_that_broke_in_time_is_tried_again_and_one_that_broke_later_is_unknown() -> None:
    lost = outcome_of(Transmission("lost", "body", None, "reset"), attempts=1, recipient=TO)
    assert (lost.result, bool(lost.stop)) == ("queued", True)
    unknown = outcome_of(Transmission("unknown", "final", None, "timed out"), attempts=1, recipient=TO)
    assert (unknown.result, bool(unknown.stop)) == ("unknown", True)


def test_the_recipients_address_is_kept_out_of_what_is_stored() -> None:
    refusal = answer(421, "rcpt", "4.3.2 <Info@Shop.test>: try later, info@shop.test")
    assert outcome_words(refusal, "info@shop.test") == "421 4.3.2 <recipient>: try later, recipient"
    outcome = outcome_of(refusal, 1, "info@shop.test")
    assert "shop.test" not in outcome.reason + outcome.stop


def test_the_providers_id_is_read_from_its_reply() -> None:
    assert provider_message_id("2.0.0 OK: queued as <2025.4790@relay.test>") == "2025.4790@relay.test"
    assert provider_message_id("2.0.0 Ok: queued as 4ZxQ1") == "4ZxQ1"
    assert provider_message_id("OK") is None
