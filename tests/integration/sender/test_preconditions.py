"""Live mode sends nothing while anything it needs is missing, and says what to mend; against real DNS and web servers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from leadgen_assets.runtime.checkup import examine
from leadgen_assets.sender.batch import send_due
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import Connection
from tests.integration.mail_server import MailServer
from tests.integration.outreach import pointed_at, queue_mail, row_of
from tests.integration.web_servers import NameServer, Reply, WebServer, Zone, name_server
from tracking_service.clock import FileClock

ZONE: Zone = {
    "agency.test": {"TXT": ["v=spf1 include:_spf.mailhost.test ~all"]},
    "s1._domainkey.agency.test": {"TXT": ["v=DKIM1; p=abc"]},
    "_dmarc.agency.test": {"TXT": ["v=DMARC1; p=none"]},
    **{f"shop{number}.test": {"MX": [(10, "mx.shop.test")]} for number in range(4)},
}


@pytest.fixture
def resolver() -> Iterator[NameServer]:
    with name_server(dict(ZONE)) as server:
        yield server


@pytest.fixture
def page(tmp_path: Path, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """A web server whose certificate, like the mail server's, counts as signed by a public authority."""
    authority, bundle = trustme.CA(), tmp_path / "public-authorities.pem"
    bundle.write_bytes(authority.cert_pem.bytes() + Path(mail_server.ca_file).read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with WebServer({"127.0.0.1": {"*": Reply(200, "Unsubscribe?")}}, authority.issue_cert("127.0.0.1")) as server:
        yield server


@pytest.fixture
def live(settings: Settings, mail_server: MailServer, resolver: NameServer, page: WebServer) -> Settings:
    """Everything that live mode asks for."""
    return pointed_at(mail_server).model_copy(
        update={
            "leadgen_mode": "live",
            "app_url": f"https://127.0.0.1:{page.port}",
            "app_secret_key": "a-secret-of-this-installation",
            "admin_email": "anna@agency.test",
            "company_website": "https://agency.test",
            "dns_resolvers": (resolver.address,),
            "dkim_selector": "s1",
            "services_file": Path("packages_of_our_own.toml"),
        }
    )


def test_with_everything_in_order_it_sends(
    live: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer, page: WebServer
) -> None:
    queue_mail(ledger, live, 1)
    queue_mail(ledger, live, 2)
    summary = send_due(live, clock)
    assert (summary.stopped, summary.sent) == ("", 2)
    assert [request.path.startswith("/unsubscribe/") for request in page.asked] == [True]  # once a batch


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"postal_address": " "}, "POSTAL_ADDRESS is empty"),
        ({"from_email": "you@example.com"}, "addresses of your own"),
        ({"company_website": "https://example.com"}, "COMPANY_WEBSITE"),
        ({"app_url": "http://t.agency.test"}, "APP_URL must be the https address"),
        ({"app_secret_key": Settings.model_fields["app_secret_key"].default}, "APP_SECRET_KEY"),
        ({"dkim_selector": ""}, "DKIM_SELECTOR is empty"),
        ({"dkim_selector": "s2"}, "s2._domainkey.agency.test holds no DKIM key"),
        ({"reply_to_email": "replies@elsewhere.test"}, "elsewhere.test has no SPF record"),
        ({"emails_per_day": 1}, "EMAILS_PER_DAY"),
        ({"app_url": "https://127.0.0.1:9"}, "does not answer"),
        ({"services_file": None}, "SERVICES_FILE must name your own packages and prices"),
        ({"smtp_host": "smtp-relay.brevo.com"}, "add brevo to PROVIDER_TERMS_ACKNOWLEDGED"),
        ({"google_places_api_key": "key"}, "add google_places to PROVIDER_TERMS_ACKNOWLEDGED"),
    ],
)
def test_whatever_is_missing_stops_everything_and_says_what_to_mend(
    live: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
    change: dict[str, Any],
    said: str,
) -> None:
    outreach_id = queue_mail(ledger, live, 1)
    summary = send_due(live.model_copy(update=change), clock)
    assert said in summary.stopped + summary.waiting_for
    assert (summary.sent, mail_server.connections) == (0, 0)
    assert row_of(ledger, outreach_id)["status"] == "queued"


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ({"agency.test": None}, "agency.test has no SPF record"),
        ({"agency.test": {"TXT": ["v=spf1 +all"]}}, "permits everybody"),
        ({"_dmarc.agency.test": None}, "agency.test has no DMARC record"),
        ({"s1._domainkey.agency.test": {"TXT": ["v=DKIM1; p="]}}, "revoked"),
        ({"agency.test": "servfail"}, "DNS does not answer for agency.test"),
    ],
)
def test_the_senders_domain_is_asked_before_each_batch(
    live: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
    resolver: NameServer,
    records: Zone,
    said: str,
) -> None:
    queue_mail(ledger, live, 1)
    resolver.zone |= records
    summary = send_due(live, clock)
    assert said in summary.stopped
    assert (summary.must_act, mail_server.connections) == (True, 0)
    resolver.zone |= ZONE
    assert send_due(live, clock).sent == 1


@pytest.mark.parametrize(("status", "said"), [(404, "use the same APP_SECRET_KEY"), (503, "answers 503"), (302, "302")])
def test_an_unsubscribe_page_that_does_not_work_stops_everything(
    live: Settings, ledger: Connection, clock: FileClock, page: WebServer, status: int, said: str
) -> None:
    queue_mail(ledger, live, 1)
    page.sites["127.0.0.1"]["*"] = Reply(status, headers={"Location": "/elsewhere"})
    assert said in send_due(live, clock).stopped


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        (None, "the domain shop1.test does not exist"),
        ({"MX": [(0, ".")]}, "the domain shop1.test takes no mail (null MX)"),
        ("no_data", "the domain shop1.test has neither a mail server nor an address"),
    ],
)
def test_a_recipients_domain_that_takes_no_mail_is_not_tried(
    live: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
    resolver: NameServer,
    domain: Any,
    said: str,
) -> None:
    outreach_id = queue_mail(ledger, live, 1)
    resolver.zone["shop1.test"] = domain
    assert send_due(live, clock).cancelled == 1
    assert (row_of(ledger, outreach_id)["status"], row_of(ledger, outreach_id)["status_reason"]) == ("cancelled", said)
    assert mail_server.accepted == []


@pytest.mark.parametrize("domain", ["servfail", "192.0.2.1"])
def test_without_an_mx_record_or_an_answer_the_mail_server_decides(
    live: Settings, ledger: Connection, clock: FileClock, resolver: NameServer, domain: str
) -> None:
    queue_mail(ledger, live, 1)
    resolver.zone["shop1.test"] = domain
    assert send_due(live, clock).sent == 1


@pytest.mark.parametrize(
    ("answer", "state"),
    [(Reply(200, "Unsubscribe?"), "passed"), (Reply(502), "skipped"), (Reply(404), "failed"), (None, "skipped")],
)
def test_live_mode_can_start_before_its_own_service_answers(
    live: Settings, page: WebServer, answer: Reply | None, state: str
) -> None:
    """`up` and the containers examine first and start the tracking service then; until it answers nothing is sent."""
    if answer is None:
        live = live.model_copy(update={"app_url": "https://127.0.0.1:9"})
    else:
        page.sites["127.0.0.1"]["*"] = answer
    found = {finding.name: finding.state for finding in examine(live)}
    assert found["unsubscribe page"] == state
    assert {found[name] for name in ("SPF", "DKIM", "DMARC", "mail server", "secret")} == {"passed"}


def test_a_privacy_notice_is_recommended_and_not_demanded(live: Settings) -> None:
    said = {finding.name: finding for finding in examine(live)}["privacy notice"]
    assert said.state == "skipped"
    assert "PRIVACY_URL is not set; recommended" in said.detail
    with_it = live.model_copy(update={"privacy_url": "https://agency.test/privacy"})
    assert {finding.name: finding.state for finding in examine(with_it)}["privacy notice"] == "passed"
