"""Pages on shared hosts, read from servers on loopback: robots.txt first, social networks never, and what links lead to."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from leadgen_assets.clients.address_guard import AddressGuard
from leadgen_assets.clients.dns import DnsClient
from leadgen_assets.clients.probing import Prober
from leadgen_assets.clients.web import WebClient
from leadgen_assets.domain.hosts import host_kind
from leadgen_assets.domain.probe_plan import probe_lead
from tests.integration.web_servers import Reply, WebServer, name_server
from tests.unit.domain.captured import AT, OWN_TEXT, a_lead, html
from tracking_service.clock import FileClock

HOSTS = ("linktr.ee", "kulta.wixsite.com", "www.facebook.com", "bread-and-buns.test")
CLOSED = Reply(body="User-agent: *\nDisallow: /\n", headers={"Content-Type": "text/plain"})
LINK_PAGE = html(title="Kulta", text='<a href="https://bread-and-buns.test/">Our website</a>')


class Web:
    """Every host behind one name server and one https server."""

    def __init__(self, names: Any, server: WebServer, ca_file: Path, clock: FileClock) -> None:
        self._names, self.server, self._ca_file, self._clock = names, server, ca_file, clock

    def probe(self, **lead: Any) -> list[dict[str, Any]]:
        async def run() -> list[dict[str, Any]]:
            dns = DnsClient([self._names.address], 1.0)
            guard = AddressGuard({"*:443": f"127.0.0.1:{self.server.port}"})

            def open_web(resolve: Any) -> WebClient:
                return WebClient(
                    resolve, guard, user_agent="LeadgenBot/0.1", timeout_seconds=2.0, ca_file=self._ca_file,
                    is_elsewhere=lambda host: host_kind(host) is not None,
                )  # fmt: skip

            async with Prober(dns, open_web, self._clock) as prober:
                business = a_lead(city="Helsinki", **lead)
                return await probe_lead(prober.probe, business, ["test"], AT, read_page=prober.read_public_page)

        return asyncio.run(run())

    def asked(self, host: str) -> list[str]:
        return [request.path for request in self.server.asked if request.host == host]


@pytest.fixture
def web(tmp_path: Path, clock: FileClock) -> Iterator[Web]:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate = ca.issue_cert(*HOSTS)
    with name_server(dict.fromkeys(HOSTS, "192.0.2.7")) as names, WebServer({}, certificate) as server:
        yield Web(names, server, tmp_path / "ca.pem", clock)


def public(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["url"], row["outcome"]) for row in rows if row["kind"] == "public_page"]


def test_a_link_page_is_read_and_leads_to_its_own_site(web: Web) -> None:
    web.server.sites = {"linktr.ee": {"/kulta": Reply(body=LINK_PAGE)}, "bread-and-buns.test": {"/": Reply(body=html(text=OWN_TEXT))}}  # fmt: skip
    rows = web.probe(website="http://linktr.ee/kulta")
    plan = json.loads(rows[0]["detail_json"])
    assert public(rows) == [("https://linktr.ee/kulta", "answered")]
    assert plan["settled_by"] == "bread-and-buns.test"
    assert {"host": "bread-and-buns.test", "url": "https://bread-and-buns.test/", "origin": "social"} in plan[
        "candidates"
    ]
    assert web.asked("linktr.ee") == ["/robots.txt", "/kulta"]


def test_robots_txt_is_obeyed_also_for_the_first_page_of_a_host(web: Web) -> None:
    web.server.sites = {"linktr.ee": {"/robots.txt": CLOSED, "/": Reply(body=LINK_PAGE)}}
    assert public(web.probe(website="https://linktr.ee/")) == [("https://linktr.ee/", "disallowed")]
    web.server.sites = {"linktr.ee": {"/robots.txt": Reply(503), "/": Reply(body=LINK_PAGE)}}
    assert public(web.probe(website="https://linktr.ee/")) == [("https://linktr.ee/", "robots_unknown")]
    assert set(web.asked("linktr.ee")) == {"/robots.txt"}


def test_a_redirect_within_a_builder_is_followed_and_its_new_page_is_asked_of_robots_txt_too(web: Web) -> None:
    closed = Reply(body="User-agent: *\nDisallow: /private\n", headers={"Content-Type": "text/plain"})
    moved = Reply(301, "", {"Location": "https://kulta.wixsite.com/bakery"})
    hidden = Reply(301, "", {"Location": "https://kulta.wixsite.com/private"})
    pages = {"/robots.txt": closed, "/old": moved, "/bakery": Reply(body=html(text=OWN_TEXT)), "/older": hidden}
    web.server.sites = {"kulta.wixsite.com": pages}
    assert public(web.probe(website="https://kulta.wixsite.com/old")) == [
        ("https://kulta.wixsite.com/bakery", "answered")
    ]
    assert public(web.probe(website="https://kulta.wixsite.com/older")) == [
        ("https://kulta.wixsite.com/private", "disallowed")
    ]
    pages["/away"] = Reply(301, "", {"Location": "https://www.facebook.com/kulta"})
    assert public(web.probe(website="https://kulta.wixsite.com/away")) == [
        ("https://kulta.wixsite.com/away", "answered")
    ]
    assert web.asked("www.facebook.com") == []
    assert "/private" not in web.asked("kulta.wixsite.com")


def test_social_networks_are_asked_nothing(web: Web) -> None:
    web.server.sites = {"www.facebook.com": {"*": Reply(body=html(text="mail kulta@leipomokultakorva.fi"))}}
    rows = web.probe(website="https://www.facebook.com/kulta", facebook="https://www.facebook.com/kulta")
    assert public(rows) == []
    assert web.server.asked == []
