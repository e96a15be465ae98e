"""The town's people and machines, against a small server that records what they ask and stands in for the product's."""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path

import pytest

from leadgen_assets.rehearsal.servers.mailbox import Mailbox
from leadgen_assets.rehearsal.simulation import Simulation
from leadgen_assets.rehearsal.truth import Business
from leadgen_assets.rehearsal.visitors import Visitors
from tests.conftest import MONDAY
from tests.integration.rehearsal.town import business, outreach_mail
from tracking_service.clock import FileClock

COMPANY = "https://studio.test/offer"
PAGE = b'<p>Sure?</p><form method="post"><input type="hidden" name="sure" value="yes"><button>Yes</button></form>'
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass
class Door:
    """A public door that answers as the tracking service should, or with `status` and `location` where told."""

    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    status: int | None = None
    location: str = COMPANY
    url: str = ""

    def paths(self, prefix: str = "", method: str = "GET") -> list[str]:
        return [path for verb, path, _, _ in self.asked if verb == method and path.startswith(prefix)]


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            door.asked.append((self.command, self.path, headers, body))
            pixel, click = self.path.startswith("/track/open"), self.path.startswith("/track/click")
            content = b"GIF89a" if pixel else b"" if click else PAGE
            self.send_response(door.status or (302 if click else 200))
            self.send_header("Content-Type", "image/gif" if pixel else "text/html")
            if click:
                self.send_header("Location", door.location)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    door.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield door
    server.shutdown()
    server.server_close()
    thread.join()


class Inbox:
    """A mailbox that only keeps what it gets."""

    def __init__(self) -> None:
        self.messages = []

    def accepts(self, address: str) -> bool:
        return Mailbox.accepts(self, address)  # type: ignore[arg-type]

    def deliver(self, content: bytes) -> None:
        self.messages.append(message_from_bytes(content, policy=default_policy))


@dataclass
class Town:
    simulation: Simulation
    visitors: Visitors
    inbox: Inbox
    door: Door

    def send(self, *businesses: Business, numbers: range = range(1, 2)) -> None:
        for number in numbers:
            for b in businesses:
                mail = outreach_mail(b.email, self.door.url, f"{b.key.rpartition('/')[2]}{number}")
                self.visitors.mail_arrived(b.email, mail, "replies+bounce@studio.test")

    def wait(self, span: timedelta = WEEK) -> "Town":
        self.simulation.run_until(self.simulation.clock.now() + span)
        return self


def town_of(businesses: list[Business], door: Door, folder: Path, seed: int = 1) -> Town:
    simulation = Simulation(FileClock.create(folder / "clock", MONDAY))
    inbox = Inbox()
    visitors = Visitors(businesses, simulation, door.url, inbox, seed, company_website="https://studio.test")
    return Town(simulation, visitors, inbox, door)


def crowd(size: int) -> list[Business]:
    """Some of every temper and machine, and some whose mail bounces."""
    tempers = ("silent", "opener", "clicker", "replier", "unsubscriber", "out_of_office")
    machines = ("none", "apple_prefetch", "gmail_proxy", "link_scanner")
    people = [
        business(f"{temper[:4]}{machine[:4]}{n}".replace("_", ""), temper=temper, machine=machine)
        for temper in tempers
        for machine in machines
        for n in range(size)
    ]
    return [*people, *(business(f"gone{n}", mailbox="bounces_later", temper="clicker") for n in range(size))]


def test_one_day_shows_every_kind_of_act_and_none_was_answered_wrongly(door, tmp_path):
    town = town_of(crowd(3), door, tmp_path)
    town.send(*crowd(3))
    town.wait(DAY)
    acts = town.visitors.acts
    kinds = {"open_person", "open_machine", "click_person", "click_machine", "unsubscribe_person", "reply_person"}
    assert set(acts.counts()) == kinds | {"auto_reply_machine", "bounce_machine"}
    assert acts.bad_answers == []
    assert acts.unacknowledged == []
    assert acts.count("auto_reply") == acts.count("reply") == acts.count("unsubscribe") == 4 * 3
    assert acts.count("bounce") == 3
    assert len({act.at_us for act in acts.acts}) == len(acts.acts)
    before = len(acts.acts)
    town.wait()
    assert len(acts.acts) > before  # some are late, some come back


def test_the_same_seed_repeats_every_act_whatever_the_order_of_arrival_and_another_does_not(door, tmp_path):
    def story(seed: int, businesses: list[Business]) -> tuple[list, list]:
        door.asked.clear()
        town = town_of(crowd(1), door, tmp_path, seed)
        town.send(*businesses)
        town.wait()
        letters = [(m["From"], m["To"], m["Subject"], m["Message-ID"], m.as_bytes()) for m in town.inbox.messages]
        return [(a.at_us, a.kind, a.actor, a.business_key) for a in town.visitors.acts.acts], letters

    first = story(1, crowd(1))
    assert story(1, crowd(1)[::-1]) == first
    assert story(2, crowd(1))[0] != first[0]


def test_every_act_is_exactly_one_request_at_its_virtual_time(door, tmp_path):
    town = town_of(crowd(2), door, tmp_path)
    town.send(*crowd(2))
    town.wait()
    by_web = [act for act in town.visitors.acts.acts if act.detail["by"] != "mail"]
    assert len(door.paths("/track/")) == sum(act.kind in {"open", "click"} for act in by_web)
    assert len(door.paths(method="POST")) == sum(act.kind == "unsubscribe" for act in by_web)
    assert len(door.paths(method="HEAD")) == town.visitors.acts.looks["head"]
    assert len(door.paths("/unsubscribe/")) == town.visitors.acts.looks["unsubscribe_page"]


def test_people_look_like_people_and_machines_like_machines(door, tmp_path):
    reader = business("reader", temper="clicker", machine="none")
    apple = business("apple", temper="silent", machine="apple_prefetch")
    gmail = business("gmail", temper="clicker", machine="gmail_proxy")
    scanned = business("scanned", temper="silent", machine="link_scanner")
    town = town_of([reader, apple, gmail, scanned], door, tmp_path)

    def headers_of(b: Business, prefix: str) -> list[dict[str, str]]:
        name = b.key.rpartition("/")[2]
        return [headers for _, path, headers, _ in door.asked if path.startswith(prefix) and path.endswith(f"{name}1")]

    town.send(reader, apple, gmail, scanned)
    town.wait()
    for prefix in ("/track/open", "/track/click"):
        assert all(headers["accept-language"] for headers in headers_of(reader, prefix))
    [prefetch] = headers_of(apple, "/track/open")
    assert prefetch["user-agent"] == "Mozilla/5.0"
    proxied = headers_of(gmail, "/track/open")[0]
    assert "GoogleImageProxy" in proxied["user-agent"]
    assert proxied["x-forwarded-for"].startswith(("66.249.", "74.125."))
    assert all("GoogleImageProxy" not in headers["user-agent"] for headers in headers_of(gmail, "/track/click"))
    assert all("accept-language" not in headers for headers in [prefetch, *headers_of(scanned, "/")])
    assert not any("httpx" in headers.get("user-agent", "") for _, _, headers, _ in door.asked)


def test_a_scanner_follows_every_link_at_once_hidden_and_unsubscribe_too_and_counts_only_what_it_got(door, tmp_path):
    scanned = business("scanned", machine="link_scanner")
    town = town_of([scanned], door, tmp_path)
    town.send(scanned)
    town.wait(timedelta(seconds=10))
    paths = [(method, path) for method, path, _, _ in door.asked]
    links = ["/track/click/hidden-scanned1", "/track/click/scanned1", "/unsubscribe/scanned1"]
    assert paths == [(method, path) for path in links for method in ("HEAD", "GET")] + [("GET", "/track/open/scanned1")]
    acts = town.visitors.acts
    assert acts.counts() == {"click_machine": 2, "open_machine": 1}
    assert acts.looks == {"head": 3, "unsubscribe_page": 1}


def test_people_never_click_what_they_cannot_see(door, tmp_path):
    town = town_of([clicker := business("clicker", temper="clicker")], door, tmp_path)
    town.send(clicker)
    town.wait()
    assert set(door.paths("/track/click")) == {"/track/click/clicker1"}


def test_whoever_unsubscribed_does_nothing_any_more(door, tmp_path):
    leavers = [business(f"leaver{n}", temper="unsubscriber") for n in range(12)]
    town = town_of(leavers, door, tmp_path)
    town.send(*leavers)
    town.wait()
    acts = town.visitors.acts
    ways = {act.detail["by"] for act in acts.acts if act.kind == "unsubscribe"}
    assert ways == {"one_click", "page", "mail"}
    bodies = {body for method, _, _, body in door.asked if method == "POST"}
    assert b"List-Unsubscribe=One-Click" in bodies
    assert b"sure=yes" in bodies
    assert any(b"form-data" in body for body in bodies)
    assert acts.bad_answers == []
    before = len(acts.acts)
    town.send(*leavers, numbers=range(2, 4))
    town.wait()
    assert len(acts.acts) == before


def test_replies_carry_one_trace_at_least_and_say_whose_message_they_answer(door, tmp_path):
    repliers = [business(f"owner{n}", temper="replier", reply_address=f"me{n}@alias.test") for n in range(24)]
    town = town_of(repliers, door, tmp_path)
    town.send(*repliers)
    town.wait(DAY)
    acts = [act for act in town.visitors.acts.acts if act.kind == "reply"]
    letters = {letter["Message-ID"]: letter for letter in town.inbox.messages}
    traces = set()
    for act in acts:
        token, letter = act.recipient.partition("@")[0] + "1", letters[f"<{act.detail['reply_id']}>"]
        assert act.message_id == f"<{token}.1@studio.test>"
        assert letter["From"].addresses[0].domain == "alias.test"
        assert f"> No more mail: {door.url}/unsubscribe/{token}" in letter.get_content()
        assert letter["In-Reply-To"] in {None, act.message_id}
        tagged = letter["To"].addresses[0].addr_spec == f"replies+{token}@studio.test"
        assert tagged or letter["To"].addresses[0].addr_spec == "replies@studio.test"
        traces.add((tagged, letter["In-Reply-To"] is not None, letter["References"] is not None))
    assert len(acts) == 24
    assert traces == {(True, True, True), (False, True, True), (False, True, False), (True, False, False)}


def test_automatic_replies_and_reports_have_the_standard_s_marks(door, tmp_path):
    away, gone = business("away", temper="out_of_office"), business("gone", mailbox="bounces_later")
    town = town_of([away, gone], door, tmp_path)
    town.send(away, gone)
    town.wait(timedelta(hours=1))
    automatic, report = town.inbox.messages
    assert automatic["Auto-Submitted"] == "auto-replied"
    assert automatic["In-Reply-To"] == "<away1.1@studio.test>"
    assert automatic["To"] == report["To"] == "replies+bounce@studio.test"
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    words, status, original = report.iter_parts()
    assert "gone@gone.test" in words.get_content()
    per_message, per_recipient = status.get_payload()
    assert per_message["Reporting-MTA"] == "dns; mx.gone.test"
    assert (per_recipient["Action"], per_recipient["Status"]) == ("failed", "5.1.1")
    assert per_recipient["Final-Recipient"] == "rfc822; gone@gone.test"
    assert "Message-ID: <gone1.1@studio.test>" in original.get_payload()
    assert door.asked == []


def test_a_door_that_answers_wrongly_is_noted(door, tmp_path):
    door.location = "https://evil.test/?to=studio.test"
    town = town_of([clicker := business("clicker", temper="clicker")], door, tmp_path)
    town.send(clicker)
    town.wait()
    assert {answer.problem for answer in town.visitors.acts.bad_answers} == {
        "redirect to https://evil.test/?to=studio.test, expected https://studio.test"
    }


def test_what_was_not_acknowledged_is_not_counted(door, tmp_path):
    town = town_of(crowd(1), door, tmp_path)
    door.status = 503
    town.send(*crowd(1))
    town.wait(DAY)
    assert set(town.visitors.acts.counts()) <= {
        "reply_person",
        "auto_reply_machine",
        "bounce_machine",
        "unsubscribe_person",
    }
    assert {act.kind for act in town.visitors.acts.unacknowledged} == {"open", "click", "unsubscribe"}


def test_nobody_at_the_door_loses_no_visitor(tmp_path):
    nobody = Door(url="http://127.0.0.1:1")
    town = town_of(crowd(1), nobody, tmp_path)
    town.send(*crowd(1))
    town.wait(DAY)
    assert all(act.detail["status"] is None for act in town.visitors.acts.unacknowledged)
    assert town.visitors.acts.unacknowledged


def test_mail_to_nobody_in_town_moves_nobody(door, tmp_path):
    town = town_of(crowd(1), door, tmp_path)
    town.visitors.mail_arrived("stranger@nowhere.test", outreach_mail("stranger@nowhere.test", door.url, "x"))
    assert town.simulation.next_moment is None


def test_links_that_lead_elsewhere_are_not_followed(door, tmp_path):
    scanned = business("scanned", temper="clicker", machine="link_scanner")
    town = town_of([scanned], door, tmp_path)
    town.visitors.mail_arrived(scanned.email, outreach_mail(scanned.email, "http://127.0.0.1:9", "x"))
    town.wait()
    assert (door.asked, town.visitors.acts.acts) == ([], [])


def test_in_real_time_somebody_with_the_temper_for_it_comes_back_every_few_seconds(door, tmp_path):
    people = [business("opener", temper="opener"), business("clicker", temper="clicker"), business("silent")]
    leaver = business("leaver", temper="unsubscriber")
    town = town_of([*people, leaver], door, tmp_path)
    for b in (*people, leaver):
        town.visitors.remember(b.email, outreach_mail(b.email, door.url, b.key.rpartition("/")[2]))
    town.visitors.linger(town.simulation, every_seconds=5)
    town.wait(timedelta(minutes=5))
    acts = town.visitors.acts
    assert len(acts.acts) == 60
    assert set(acts.counts()) == {"open_person", "click_person"}
    assert {act.recipient for act in acts.acts} == {"opener@opener.test", "clicker@clicker.test"}
    assert {act.recipient for act in acts.acts if act.kind == "click"} == {"clicker@clicker.test"}


def test_lingering_before_the_first_mail_waits_for_it(door, tmp_path):
    town = town_of([opener := business("opener", temper="opener")], door, tmp_path)
    town.visitors.linger(town.simulation, every_seconds=5)
    town.wait(timedelta(minutes=1))
    assert town.visitors.acts.acts == []
    town.visitors.remember(opener.email, outreach_mail(opener.email, door.url, "opener"))
    town.wait(timedelta(seconds=10))
    assert town.visitors.acts.count("open", "person") == 2
