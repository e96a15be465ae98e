"""The town's name server and web as real resolvers and browsers see them."""

import json
import ssl
import time
from urllib.parse import urlsplit

import dns.exception
import dns.message
import dns.query
import dns.rcode
import httpx
import pytest
import trustme

from leadgen_assets.rehearsal.servers.dns_server import DnsServer
from leadgen_assets.rehearsal.servers.site_answers import Answer
from leadgen_assets.rehearsal.servers.web_sites import WebSites

pytestmark = pytest.mark.xdist_group("town web")


@pytest.fixture(scope="module")
def shared_dns_server(town_businesses, town_clock):
    server = DnsServer(town_businesses, town_clock)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def dns_server(shared_dns_server):
    yield shared_dns_server
    shared_dns_server.requests.clear()
    shared_dns_server.interrupt = lambda host: None


@pytest.fixture(scope="module")
def web(town_businesses, town_clock):
    ca = trustme.CA()
    server = WebSites(town_businesses, town_clock, ca)
    server.start()
    yield Browser(server, ca)
    server.stop()


class Browser:
    """An httpx client that dials the town instead of the real host, as the product's dial map does."""

    def __init__(self, server, ca):
        self.server = server
        self._dial = json.loads(server.settings()["WEB_DIAL_MAP"])
        self._trust = ssl.create_default_context()
        ca.configure_trust(self._trust)

    def get(self, url):
        parts = urlsplit(url)
        port = 443 if parts.scheme == "https" else 80
        target = f"{parts.scheme}://{self._dial[f'*:{port}']}{parts.path or '/'}"
        with httpx.Client(verify=self._trust, trust_env=False) as client:
            return client.get(target, headers={"Host": parts.hostname}, extensions={"sni_hostname": parts.hostname})

    def visit(self, url):
        answer = self.get(url)
        for _ in range(5):
            if answer.status_code not in {301, 302}:
                return answer
            answer = self.get(answer.headers["Location"])
        raise AssertionError(f"{url} redirects in a loop.")


def question(server, name, kind, tcp=False, timeout=2):
    host, _, port = server.settings()["DNS_RESOLVERS"].partition(":")
    query = dns.message.make_query(name, kind)
    return (dns.query.tcp if tcp else dns.query.udp)(query, host, port=int(port), timeout=timeout)


def of_kind(businesses, kind, **traits):
    found = [one for one in businesses if one.site_kind == kind]
    return [one for one in found if all(getattr(one, name) == value for name, value in traits.items())]


@pytest.mark.parametrize("tcp", [False, True])
def test_a_site_resolves_into_the_documentation_ranges(dns_server, town_businesses, tcp):
    for business in of_kind(town_businesses, "healthy")[:5]:
        for name in (business.site_host, f"www.{business.site_host}"):
            reply = question(dns_server, name, "A", tcp)
            assert reply.answer[0][0].address.startswith(("192.0.2.", "198.51.100.", "203.0.113."))
            assert question(dns_server, name, "AAAA", tcp).rcode() == dns.rcode.NOERROR
            assert not question(dns_server, name, "AAAA", tcp).answer


def test_dead_domains_and_unknown_names_do_not_exist(dns_server, town_businesses):
    dead = of_kind(town_businesses, "dead_domain")[0].site_host
    for name in (dead, f"www.{dead}", "nobody-of-this-name.test"):
        assert question(dns_server, name, "A").rcode() == dns.rcode.NXDOMAIN


def test_every_address_has_a_mail_exchanger_and_a_mail_only_domain_has_no_site(dns_server, town_businesses):
    for business in town_businesses:
        if business.email:
            reply = question(dns_server, business.email.partition("@")[2], "MX")
            assert reply.answer[0][0].exchange.to_text() == "mx.town.test."
    siteless = of_kind(town_businesses, "none", email_on="record")[0]
    reply = question(dns_server, siteless.email.partition("@")[2], "A")
    assert (reply.rcode(), reply.answer) == (dns.rcode.NOERROR, [])


def test_faults_of_the_name_server_hit_the_named_host_only(dns_server, town_businesses):
    first, second, third = [one.site_host for one in of_kind(town_businesses, "healthy")[:3]]
    dns_server.interrupt = lambda host: {first: "drop", second: "servfail"}.get(host)
    with pytest.raises(dns.exception.Timeout):
        question(dns_server, first, "A", timeout=0.2)
    assert question(dns_server, second, "A").rcode() == dns.rcode.SERVFAIL
    assert question(dns_server, third, "A").answer
    assert [request.code for request in dns_server.requests] == ["DROPPED", "SERVFAIL", "NOERROR"]


def test_the_name_server_comes_back_under_the_same_port(dns_server):
    before = dns_server.settings()
    started = time.monotonic()
    dns_server.stop()
    assert time.monotonic() - started < 3
    with pytest.raises((dns.exception.Timeout, OSError)):
        question(dns_server, "studio.test", "A", timeout=0.2)
    dns_server.start()
    assert dns_server.settings() == before
    assert question(dns_server, "studio.test", "A").answer


def test_a_healthy_site_shows_whose_it_is_from_every_address(web, town_businesses):
    for business in of_kind(town_businesses, "healthy"):
        record = business.record
        for url in (f"http://{business.site_host}/", f"https://www.{business.site_host}/"):
            answer = web.visit(url)
            assert answer.status_code == 200
            page = answer.text.replace("&#39;", "'").replace("&amp;", "&").replace("&#34;", '"')
            for text in filter(None, (record["name"], record["street"], record["city"], record["phone"])):
                assert text in page
            assert 'name="viewport"' in page
            assert "<title>" in page
            assert "application/ld+json" in page


def test_a_weak_site_lives_without_tls_title_or_viewport_and_tells_its_address_on_its_contact_page(
    web, town_businesses
):
    business = of_kind(town_businesses, "weak", email_on="site")[0]
    home = web.get(f"http://www.{business.site_host}/")
    assert home.status_code == 200
    assert business.record["name"].split()[0] in home.text
    assert "<title>" not in home.text
    assert "viewport" not in home.text
    assert business.email not in home.text
    assert business.email in web.get(f"http://{business.site_host}/contact.html").text
    with pytest.raises(httpx.ConnectError):
        web.get(f"https://{business.site_host}/")


def test_every_other_kind_of_site_answers_as_its_truth_says(web, town_businesses):
    gone, broken = of_kind(town_businesses, "not_found")[0], of_kind(town_businesses, "broken")[0]
    assert web.get(f"http://{gone.site_host}/").status_code == 404
    assert web.get(f"https://{broken.site_host}/").status_code == 500
    parked = web.get(f"http://{of_kind(town_businesses, 'parked')[0].site_host}/")
    assert (parked.status_code, "domain is parked" in parked.text) == (200, True)
    foreign = of_kind(town_businesses, "foreign")[0]
    page = web.visit(f"http://{foreign.site_host}/")
    assert page.status_code == 200
    assert foreign.record["name"] not in page.text
    assert foreign.record["city"] not in page.text
    assert foreign.record["phone"] not in page.text
    social = [one.listed_website or one.record["facebook"] for one in of_kind(town_businesses, "social_only")]
    assert all(url.startswith("https://www.facebook.com/") for url in social)
    assert {web.visit(url).status_code for url in social} == {200}


def test_the_companys_own_site_answers_and_an_unknown_host_does_not(web):
    assert web.visit("http://www.studio.test/offer").status_code == 200
    assert web.get("http://nobody.test/").status_code == 404
    with pytest.raises(httpx.ConnectError):
        web.get("https://nobody.test/")


def test_starting_does_not_wait_for_certificates(town_businesses, town_clock):
    started = time.monotonic()
    server = WebSites(town_businesses, town_clock, trustme.CA())
    server.start()
    assert time.monotonic() - started < 1
    server.stop()


def test_a_site_can_answer_late_or_break_off(web, town_businesses):
    late, broken = [f"https://{one.site_host}/" for one in of_kind(town_businesses, "healthy")[:2]]
    answers = {
        urlsplit(late).hostname: Answer(200, "late", delay_seconds=0.2),
        urlsplit(broken).hostname: Answer(200, "in the middle", breaks_off=True),
    }
    web.server.interrupt = lambda host, path: answers.get(host)
    try:
        started = time.monotonic()
        assert web.get(late).text == "late"
        assert time.monotonic() - started >= 0.2
        with pytest.raises(httpx.RemoteProtocolError):
            web.get(broken)
    finally:
        web.server.interrupt = lambda host, path: None
    assert web.get(broken).status_code in {200, 301}
