"""The public door as visitors see it: a real uvicorn process, a real PostgreSQL."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from tests.conftest import MONDAY
from tests.integration.tracking import (
    DESTINATION,
    PERSON,
    SECRET,
    SIGNER,
    ServiceProcess,
    click_path,
    open_path,
    rows,
    sent_message,
    unsubscribe_path,
)
from tracking_service.clock import FileClock
from tracking_service.hashes import suppression_hash
from tracking_service.histories import hit_from_row
from tracking_service.links import Link, LinkSigner
from tracking_service.verdicts import judge

pytestmark = pytest.mark.xdist_group("tracking service")


@dataclass(frozen=True)
class Door:
    """A running service with its database and clock, shared by the tests of this file; each has its own message."""

    service: ServiceProcess
    conninfo: str
    clock: FileClock
    settings_file: Path

    def message(self, **facts: Any) -> UUID:
        return sent_message(self.conninfo, sent_at=self.clock.now() - facts.pop("age", timedelta(hours=1)), **facts)

    def events(self, message: UUID) -> list[dict[str, Any]]:
        query = (
            "SELECT *, host(network) AS host FROM email_events WHERE outreach_id = %s ORDER BY occurred_at, stored_at"
        )
        return rows(self.conninfo, query, message)

    def lead(self, message: UUID) -> dict[str, Any]:
        return rows(
            self.conninfo, "SELECT l.* FROM leads l JOIN email_outreach o ON o.lead_id = l.id WHERE o.id = %s", message
        )[0]

    def alerts(self, message: UUID) -> int:
        return len(rows(self.conninfo, "SELECT * FROM alert_outbox WHERE lead_id = %s", self.lead(message)["id"]))


@pytest.fixture(scope="module")
def door(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE tracked TEMPLATE template_ledger")
    conninfo, clock, file = postgres.url("tracked"), FileClock.create(folder / "clock", MONDAY), folder / "door.env"
    file.write_text(f"LEADGEN_HOME={folder / 'home'}\nCLOCK_FILE={folder / 'clock'}\nDATABASE_URL={conninfo}\n")
    with ServiceProcess(file) as service:
        yield Door(service, conninfo, clock, file)


def test_a_persons_open_and_click_are_stored_and_become_facts_and_alerts(door: Door) -> None:
    for prefix in ("", "/api/v1"):
        message, opened_at = door.message(), door.clock.now()
        pixel = door.service.get(prefix + open_path(message))
        assert (pixel.status_code, pixel.headers["content-type"], pixel.content[:6], len(pixel.content)) == (
            200,
            "image/gif",
            b"GIF89a",
            42,
        )
        assert "no-store" in pixel.headers["cache-control"]
        clicked_at = opened_at + timedelta(minutes=5)
        door.clock.advance_to(clicked_at)
        click = door.service.get(prefix + click_path(message) + "?utm_source=mail&url=https://elsewhere.test")
        assert (click.status_code, click.headers["location"]) == (302, DESTINATION)
        opened, clicked = door.events(message)
        assert (opened["event_type"], opened["verdict"], opened["occurred_at"], opened["method"]) == (
            "open",
            "person",
            opened_at,
            "GET",
        )
        assert (clicked["event_type"], clicked["verdict"], clicked["url_clicked"]) == ("click", "person", DESTINATION)
        assert clicked["occurred_at"] == clicked["stored_at"] == clicked_at
        assert (clicked["origin"], clicked["host"], clicked["headers"]["accept-language"]) == (
            "tracking",
            "127.0.0.0",
            "fi-FI,fi;q=0.9",
        )
        lead = door.lead(message)
        assert (lead["status"], lead["first_opened_at"], lead["first_clicked_at"]) == ("clicked", opened_at, clicked_at)
        assert (
            rows(door.conninfo, "SELECT status FROM email_outreach WHERE id = %s", message)[0]["status"] == "delivered"
        )
        assert door.alerts(message) == 3


def test_a_scanner_in_disguise_takes_back_what_its_first_hit_seemed_to_be(door: Door) -> None:
    message = door.message()
    assert door.service.get(click_path(message)).status_code == 302
    assert (door.lead(message)["status"], door.alerts(message)) == ("clicked", 2)
    waiting = rows(
        door.conninfo,
        "SELECT not_before - created_at AS wait FROM alert_outbox WHERE lead_id = %s",
        door.lead(message)["id"],
    )
    assert {row["wait"] for row in waiting} == {timedelta(seconds=10)}
    assert door.service.get(click_path(message, "https://company.test/example")).status_code == 302
    assert [event["verdict"] for event in door.events(message)] == ["machine", "machine"]
    assert (door.lead(message)["status"], door.alerts(message)) == ("email_sent", 0)


def test_the_link_that_no_person_sees_leads_on_and_marks_a_machine(door: Door) -> None:
    message = door.message()
    trap = SIGNER.token(Link("honeypot", message, DESTINATION))
    assert door.service.get(f"/track/click/{trap}").headers["location"] == DESTINATION
    assert [(event["event_type"], event["verdict"]) for event in door.events(message)] == [("click", "machine")]
    assert door.service.get(f"/track/open/{trap}").headers["content-type"] == "image/gif"
    assert len(door.events(message)) == 1


def test_the_operators_own_look_is_kept_as_a_machines_and_rings_no_phone(door: Door, tmp_path: Path) -> None:
    message = door.message()
    with ServiceProcess(door.settings_file, LEADGEN_HOME=tmp_path, OWN_NETWORKS="192.0.2.0/24,127.0.0.1") as service:
        assert service.get(open_path(message)).status_code == 200
        assert service.get(click_path(message)).headers["location"] == DESTINATION
    seen = [(event["verdict"], event["headers"]["own_view"]) for event in door.events(message)]
    assert seen == [("machine", True)] * 2
    assert (door.lead(message)["status"], door.alerts(message)) == ("email_sent", 0)


def test_a_scanner_that_follows_every_link_advances_nothing(door: Door) -> None:
    message = door.message(age=timedelta(seconds=3))
    scanner = {"User-Agent": "python-requests/2.32"}
    for path in (click_path(message), unsubscribe_path(message), open_path(message)):
        httpx.head(door.service.url + path, headers=scanner)
        door.service.get(path, headers=scanner)
    assert {(e["event_type"], e["verdict"]) for e in door.events(message)} == {
        ("click", "machine"),
        ("open", "machine"),
    }
    assert (door.lead(message)["status"], door.alerts(message)) == ("email_sent", 0)


def test_a_stored_event_can_be_judged_again_with_the_same_result(door: Door) -> None:
    message = door.message(age=timedelta(seconds=3))
    httpx.head(door.service.url + click_path(message), headers=PERSON)
    door.service.get(click_path(message), headers=PERSON)
    door.service.get(open_path(message))
    query = (
        "SELECT e.*, o.transmitting_at, o.sent_at FROM email_events e"
        " JOIN email_outreach o ON o.id = e.outreach_id WHERE o.id = %s"
    )
    stored = rows(door.conninfo, query, message)
    assert {row["verdict"] for row in stored} == {"machine", "unsure"}
    for row in stored:
        judgement = judge(hit_from_row(row))
        assert (judgement.verdict, list(judgement.reasons)) == (row["verdict"], row["reasons"])


def test_the_first_hit_of_a_message_is_judged_by_its_age_as_well_as_the_next(door: Door) -> None:
    """When a message was sent is not known before its first hit is stored; the verdict is chosen there."""
    for seconds, first in ((3, "machine"), (10, "unsure"), (59, "unsure"), (60, "person"), (86_400, "person")):
        message = door.message(age=timedelta(seconds=seconds))
        door.service.get(click_path(message))
        door.service.get(click_path(message))
        assert [event["verdict"] for event in door.events(message)] == [first, first], seconds


def test_head_is_answered_like_get_and_never_counts(door: Door) -> None:
    message = door.message()
    pixel = httpx.head(door.service.url + open_path(message), headers=PERSON)
    click = httpx.head(door.service.url + click_path(message), headers=PERSON)
    page = httpx.head(door.service.url + unsubscribe_path(message), headers=PERSON)
    assert (pixel.status_code, click.status_code, click.headers["location"], page.status_code) == (
        200,
        302,
        DESTINATION,
        200,
    )
    assert pixel.content + page.content == b""
    assert door.events(message) == []


def test_looking_at_the_unsubscribe_page_changes_nothing_and_its_button_posts_to_itself(door: Door) -> None:
    message = door.message()
    page = door.service.get(unsubscribe_path(message))
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert "owner@bakery.test" not in page.text
    assert "set-cookie" not in page.headers
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert (door.events(message), door.lead(message)["status"]) == ([], "email_sent")


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {},
        {"content": b"\xff\xfe{", "headers": {"Content-Type": "application/json"}},
    ],
    ids=["urlencoded", "multipart", "empty", "nonsense"],
)
def test_a_post_unsubscribes_once_however_often_it_comes(door: Door, body: dict[str, Any]) -> None:
    email, organisation = f"{uuid4().hex}@bakery.test", f"Bakery {uuid4().hex}"
    message = door.message(email=email, organisation=organisation)
    for _ in range(2):
        answer = httpx.post(door.service.url + unsubscribe_path(message), **body)
        assert answer.status_code == 200
        assert "You are unsubscribed" in answer.text
        assert "set-cookie" not in answer.headers
    assert {(e["event_type"], e["verdict"]) for e in door.events(message)} == {("unsubscribe", "person")}
    assert door.lead(message)["status"] == "unsubscribed"
    hashes = [suppression_hash(SECRET, "address", email), suppression_hash(SECRET, "organisation", organisation)]
    kept = rows(door.conninfo, "SELECT kind FROM suppressions WHERE hash = ANY(%s) ORDER BY kind", hashes)
    assert [row["kind"] for row in kept] == ["address", "organisation"]


def foreign_tokens(message: UUID) -> list[str]:
    good = SIGNER.token(Link("click", message, DESTINATION))
    return [
        "x",
        good[:-1],
        good[:30] + ("A" if good[30] != "A" else "B") + good[31:],
        good + "A",
        SIGNER.token(Link("open", message)),
        SIGNER.token(Link("unsubscribe", message)),
        LinkSigner({0: "another-secret-of-somebody-else"}).token(Link("click", message, DESTINATION)),
        SIGNER.token(Link("click", message, "javascript:alert(1)")),
        SIGNER.token(Link("click", message, "//elsewhere.test/")),
        SIGNER.token(Link("click", message, "https://elsewhere.test\r\nSet-Cookie: a=b")),
        SIGNER.token(Link("click", message, "https:\\\\elsewhere.test")),
        "%00%ff%0d%0aLocation:%20https:",
        "A" * 5000,
    ]


def test_no_token_but_ours_leads_anywhere(door: Door) -> None:
    message = door.message()
    with httpx.Client(base_url=door.service.url, headers=PERSON) as visitor:
        for token in foreign_tokens(message):
            answer = visitor.get(f"/track/click/{token}?url=https://elsewhere.test")
            assert (answer.status_code, answer.headers.get("location")) == (404, None), token
        for token in ("x", "%ff", SIGNER.token(Link("click", message, DESTINATION)), "A" * 5000):
            pixel = visitor.get(f"/track/open/{token}")
            assert (pixel.status_code, pixel.headers["content-type"]) == (200, "image/gif")
            assert visitor.post(f"/unsubscribe/{token}").status_code == 404
    assert door.events(message) == []


def test_a_destination_with_other_letters_is_encoded_and_one_that_is_encoded_stays(door: Door) -> None:
    message = door.message()
    for destination, location in (
        ("https://company.test/päivä", "https://company.test/p%C3%A4iv%C3%A4"),
        ("https://company.test/a%20b?c=%26&d=e#f", "https://company.test/a%20b?c=%26&d=e#f"),
    ):
        assert door.service.get(click_path(message, destination)).headers["location"] == location


def test_hits_of_erased_and_unknown_messages_are_answered_and_not_stored(door: Door) -> None:
    message = door.message()
    suppressions = rows(door.conninfo, "SELECT * FROM suppressions")
    rows(door.conninfo, "SELECT erase_lead(%s, %s)", door.lead(message)["id"], MONDAY)
    for gone in (message, uuid4()):
        assert door.service.get(open_path(gone)).status_code == 200
        assert door.service.get(click_path(gone)).status_code == 302
        assert httpx.post(door.service.url + unsubscribe_path(gone)).status_code == 200
        assert door.events(gone) == []
    assert rows(door.conninfo, "SELECT * FROM suppressions") == suppressions


def test_health_is_bare_and_the_service_leaves_a_heartbeat(door: Door) -> None:
    for path in ("/health", "/api/v1/health"):
        answer = door.service.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    beat = rows(door.conninfo, "SELECT * FROM heartbeats")[0]
    assert (beat["name"], beat["detail"]["lost"]) == ("tracking_service", 0)
    assert MONDAY <= beat["beat_at"] <= door.clock.now()


def test_forwarded_addresses_are_believed_from_our_own_proxies_only(door: Door, tmp_path: Path) -> None:
    message = door.message()
    forwarded = PERSON | {"X-Forwarded-For": "198.51.100.1, 203.0.113.77, 127.0.0.9"}
    door.service.get(open_path(message), headers=forwarded)
    with ServiceProcess(door.settings_file, LEADGEN_HOME=tmp_path, TRUSTED_PROXIES="127.0.0.0/8") as behind_proxies:
        behind_proxies.get(open_path(message), headers=forwarded)
    assert sorted(event["host"] for event in door.events(message)) == ["127.0.0.0", "203.0.113.0"]


def test_it_stops_in_time_and_logs_neither_tokens_nor_addresses(door: Door, tmp_path: Path) -> None:
    message = door.message()
    with ServiceProcess(door.settings_file, LEADGEN_HOME=tmp_path) as service, httpx.Client() as kept_alive:
        kept_alive.get(service.url + click_path(message), headers=PERSON)
        httpx.post(service.url + unsubscribe_path(message))
        code, seconds = service.terminate()
        assert (code, seconds < 3) == (0, True)
        log = service.log.read_text()
        assert '"stored": 2' in log
        for secret in (click_path(message)[13:40], "127.0.0.1", "bakery.test"):
            assert secret not in log


def test_trouble_at_the_start_is_one_sentence(door: Door, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for wrong, said in (
            ({"TRACKING_PORT": taken.getsockname()[1], "LEADGEN_HOME": tmp_path}, "Cannot listen on 127.0.0.1"),
            ({}, "Another tracking service uses"),
            ({"TRUSTED_PROXIES": "nonsense", "LEADGEN_HOME": tmp_path}, "TRUSTED_PROXIES names 'nonsense'"),
            ({"DATABASE_URL": "", "LEADGEN_HOME": tmp_path}, "needs DATABASE_URL"),
        ):
            failing = ServiceProcess(door.settings_file, **wrong)
            with pytest.raises(AssertionError):
                failing.start()
            assert failing.process.wait(5) == 2
            failing.process.stdout.close()
            log = failing.log.read_text().strip()
            assert said in log
            assert "\n" not in log
    assert door.service.get("/health").status_code == 200


def test_the_service_loads_neither_the_pipeline_nor_its_engines() -> None:
    heavy = ("leadgen_assets", "dagster", "polars", "duckdb", "sqlalchemy")
    script = (
        f"import sys, tracking_service.app, tracking_service.server; print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_hits_over_a_limit_are_answered_and_not_stored_and_metrics_and_readiness_tell(door: Door) -> None:
    message = door.message()
    strict = {
        "LEADGEN_HOME": door.settings_file.parent / "strict",
        "HITS_PER_MINUTE_AND_LINK": 2,
        "API_KEY": "a-key-of-this-test-and-no-other",
    }
    with ServiceProcess(door.settings_file, **strict) as service:
        for _ in range(4):
            assert service.get(click_path(message)).headers["location"] == DESTINATION
        assert len(door.events(message)) == 2
        assert service.get("/ready").json() == {"status": "ready", "events": "database"}
        assert (
            service.get("/metrics").status_code,
            service.get("/metrics", headers={"X-API-Key": "x"}).status_code,
        ) == (401, 401)
        metrics = service.get("/metrics", headers={"Authorization": "Bearer a-key-of-this-test-and-no-other"})
        assert metrics.headers["cache-control"].startswith("no-store")
        assert 'leadgen_hits_total{outcome="limited"} 2.0' in metrics.text
        assert 'leadgen_hits_total{outcome="stored"} 2.0' in metrics.text


def test_the_bare_address_says_whose_it_is_and_every_answer_is_guarded(door: Door) -> None:
    front = door.service.get("/")
    assert (front.status_code, front.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "mailto:" in front.text
    assert door.service.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    for path, status in (("/", 200), ("/robots.txt", 200), ("/health", 200), ("/ready", 200), ("/api/v1/health", 200)):
        asked, checked = (httpx.request(method, door.service.url + path) for method in ("GET", "HEAD"))
        assert (asked.status_code, checked.status_code, checked.content) == (status, status, b"")
    for path in ("/", "/robots.txt", "/health", "/ready", "/metrics", "/nothing", "/track/click/x", "/api/v1/leads"):
        answer = door.service.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["cache-control"].startswith("no-store"), path
        if answer.status_code >= 400 and "html" not in answer.headers["content-type"]:
            assert answer.headers["content-type"] == "application/problem+json", path
            assert answer.json()["detail"], path


def test_networks_are_forgotten_after_the_days_that_were_set(door: Door) -> None:
    message = door.message()
    assert door.service.get(open_path(message)).status_code == 200
    query = "UPDATE email_events SET occurred_at = occurred_at - interval '31 days' WHERE outreach_id = %s RETURNING 1"
    assert rows(door.conninfo, query, message)
    recent = door.message()
    assert door.service.get(open_path(recent)).status_code == 200
    with ServiceProcess(door.settings_file, LEADGEN_HOME=door.settings_file.parent / "forgetful"):
        deadline = time.monotonic() + 10
        while door.events(message)[0]["network"] is not None and time.monotonic() < deadline:
            time.sleep(0.05)
    assert door.events(message)[0]["network"] is None
    assert door.events(recent)[0]["network"] is not None


def test_a_linked_proposal_is_handed_out_for_its_own_signed_link_alone(door: Door) -> None:
    message, other = door.message(), door.message()
    folder = door.settings_file.parent / "home" / "proposals"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{message}.pdf").write_bytes(b"%PDF-1.7 proposal")
    answer = door.service.get(f"/proposal/{SIGNER.token(Link('proposal', message))}")
    assert (answer.status_code, answer.content) == (200, b"%PDF-1.7 proposal")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="Proposal.pdf"'
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    forged = LinkSigner({0: "somebody-elses-secret-key-012345"}).token(Link("proposal", message))
    for token in (SIGNER.token(Link("open", message)), SIGNER.token(Link("proposal", other)), forged, "..%2f..%2fetc"):
        assert door.service.get(f"/proposal/{token}").status_code == 404
    assert door.events(message) == []
