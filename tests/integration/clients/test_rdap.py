"""Registrations over RDAP against a server on loopback, and what they and the pages of a site say in `web_presence`."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from leadgen_assets.clients.dns import DnsClient
from leadgen_assets.clients.rdap import RegistryClient
from leadgen_assets.domain.presence import judge_presence
from leadgen_assets.domain.registrations import check_registration
from tests.integration.web_servers import NameServer, Reply, WebServer, name_server
from tests.unit.domain.captured import AT, OWN_TEXT, a_lead, captures_frame, dns, html, http, leads_frame
from tracking_service.clock import FileClock


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    with name_server({"kulta.fi": {"NS": ()}}) as server:
        yield server


def answer(**values: Any) -> Reply:
    events = [
        {"eventAction": "registration", "eventDate": "2011-04-02T08:00:00Z"},
        {"eventAction": "expiration", "eventDate": "2027-04-02T00:00:00Z"},
    ]
    body = {"objectClassName": "domain", "ldhName": "KULTA.FI", "status": ["active"], "events": events} | values
    return Reply(body=json.dumps(body), headers={"Content-Type": "application/rdap+json"})


def ask(names: NameServer, clock: FileClock, url: str, *domains: str) -> list[dict[str, Any]]:
    async def run() -> list[dict[str, Any]]:
        client = RegistryClient(
            url, DnsClient([names.address], 1.0), clock, user_agent="LeadgenBot/0.1", timeout_seconds=2.0
        )
        async with client:
            return [await client.ask_registration(domain) for domain in domains]

    rows = asyncio.run(run())
    return [row | {"captured_at": clock.now()} for row in rows]


def test_the_registry_says_since_when_a_domain_is_registered(names: NameServer, clock: FileClock) -> None:
    replies = {
        "/domain/kulta.fi": answer(), "/domain/moved.fi": Reply(302, "", {"Location": "/registry/domain/moved.fi"}),
        "/registry/domain/moved.fi": answer(ldhName="moved.fi"), "/domain/gone.fi": Reply(404, "{}"), "/domain/busy.fi": Reply(429, "{}"),
        "/domain/other.fi": answer(), "/domain/broken.fi": Reply(body="<html>"), "/domain/away.fi": Reply(302, "", {"Location": "http://192.0.2.1/"}),
    }  # fmt: skip
    with WebServer({"127.0.0.1": replies}) as server:
        url = f"http://127.0.0.1:{server.port}"
        hosts = ("kulta.fi", "moved.fi", "gone.fi", "busy.fi", "other.fi", "broken.fi", "away.fi", "kulta.fi")
        rows = ask(names, clock, url, *hosts)
        asked = [request.path for request in server.asked]
    assert [row["outcome"] for row in rows] == [
        "answered", "answered", "not_found", "unavailable", "unavailable", "unavailable", "unavailable", "answered",
    ]  # fmt: skip
    assert asked.count("/domain/kulta.fi") == 1
    assert check_registration([rows[0]]) == ("present", "kulta.fi is registered since 2011-04-02, for 14 years.")
    assert [check_registration([row])[0] for row in rows[2:4]] == ["absent", "unknown"]


def test_without_a_registry_the_name_servers_are_asked(names: NameServer, clock: FileClock) -> None:
    names.zone = {"kulta.fi": "no_data", "lost.fi": "servfail"}
    rows = ask(names, clock, "", "kulta.fi", "gone.fi", "lost.fi")
    assert {row["outcome"] for row in rows} == {"not_asked"}
    assert [check_registration([row])[0] for row in rows] == ["unknown", "absent", "unknown"]
    detail = json.dumps({"name_servers": ["ns1.test"], "name_servers_outcome": "answered"})
    assert check_registration([rows[0] | {"detail_json": detail}])[0] == "present"
    assert check_registration([]) == ("not_applicable", "No domain is listed.")


def checks(body: str, website: str = "https://kultakorva.fi/") -> dict[str, str]:
    rows = captures_frame(
        dns("kultakorva.fi", origin="record"), http("https://kultakorva.fi/", 200, body, origin="record")
    )
    presence = judge_presence(leads_frame(a_lead(website=website)), rows)
    return {row["check"]: row["state"] for row in presence.iter_rows(named=True)}


def test_an_own_site_is_looked_at_for_more_than_it_is_scored_by() -> None:
    structured = '<script type="application/ld+json">{"@type": "Bakery"}</script>'
    rich = checks(html(text=f"{OWN_TEXT} Varaa pöytä. © 2019-{AT.year}") + structured)
    assert (rich["structured_data"], rich["booking_or_menu"], rich["up_to_date"]) == ("present", "present", "present")
    poor = checks(html(text=f"{OWN_TEXT} Copyright {(AT - timedelta(days=365 * 5)).year}"))
    assert (poor["structured_data"], poor["booking_or_menu"], poor["up_to_date"]) == ("absent", "absent", "absent")
    assert (poor["builder"], poor["registration"]) == ("absent", "not_applicable")
    built = checks("", "https://kultakorva.wixsite.com/home")
    assert (built["builder"], built["structured_data"]) == ("present", "not_applicable")
