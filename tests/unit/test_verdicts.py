"""Who made a hit, by the signals that mail programs, proxies, scanners and browsers really send."""

import json
from bisect import bisect_right
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.verdicts import CASES, judged, read_cases, score
from tests.conftest import MONDAY
from tracking_service.histories import Moment, hit_from_row, in_context
from tracking_service.verdicts import AGE_LIMITS_SECONDS, TELLING_AGES_SECONDS, Hit, judge

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1"
    " Mobile/15E148 Safari/604.1"
)
CUBOT = "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36"
APPLE_MAIL = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
OUTLOOK = "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"
THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
HEADLESS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36"
)
FINNISH = {"accept-language": "fi-FI,fi;q=0.9,en;q=0.8"}
HOUR = 3600.0


def hit(event_type: str, agent: str | None, seconds: float | None = HOUR, **signals: object) -> Hit:
    return replace(Hit(event_type, user_agent=agent, headers=FINNISH, seconds_since_sent=seconds), **signals)


@pytest.mark.parametrize("agent", [CHROME, FIREFOX, IPHONE, CUBOT])
@pytest.mark.parametrize("seconds", [61, 5 * 60, 20 * 24 * HOUR])
@pytest.mark.parametrize("event_type", ["open", "click"])
def test_people_in_browsers_are_people(event_type: str, seconds: float, agent: str) -> None:
    assert judge(hit(event_type, agent, seconds)).verdict == "person"


@given(
    event_type=st.sampled_from(["open", "click", "unsubscribe"]),
    agent=st.sampled_from([None, CHROME, APPLE_MAIL, GMAIL, "Mozilla/5.0", HEADLESS]),
    language=st.booleans(),
    links=st.integers(1, 3),
    seconds=st.one_of(st.floats(-100, 200), st.floats(-1e6, 1e9)),
)
def test_every_age_leads_to_the_judgement_of_the_telling_age_between_the_same_limits(
    event_type: str, agent: str | None, language: bool, links: int, seconds: float
) -> None:
    at_any_age = hit(event_type, agent, seconds, headers=FINNISH if language else {}, links_in_burst=links)
    telling = TELLING_AGES_SECONDS[1 + bisect_right(AGE_LIMITS_SECONDS, seconds)]
    assert judge(at_any_age) == judge(replace(at_any_age, seconds_since_sent=telling))
    assert TELLING_AGES_SECONDS[0] is None


@pytest.mark.parametrize("agent", [APPLE_MAIL, OUTLOOK, THUNDERBIRD, GMAIL, YAHOO])
def test_mail_programs_and_proxies_fetch_when_a_person_opens_with_or_without_a_language(agent: str) -> None:
    assert judge(hit("open", agent)).verdict == "person"
    assert judge(hit("open", agent, headers={})).verdict == "person"


@pytest.mark.parametrize("seconds", [0.5, 30, 60, 9 * HOUR])
def test_apples_prefetch_is_a_machine_whenever_it_comes(seconds: float) -> None:
    assert judge(hit("open", "Mozilla/5.0", seconds, headers={})).verdict == "machine"
    assert judge(hit("open", "Mozilla/5.0", seconds)).verdict == "machine"


@pytest.mark.parametrize(
    "agent",
    [
        "python-requests/2.32.3",
        "BarracudaCentral/1.0",
        "Mozilla/5.0 (compatible; Mimecast)",
        "Mozilla/5.0 (Windows NT 10.0) Proofpoint URL Defense",
        "Zscaler",
        HEADLESS,
        CHROME + " BingPreview/1.0b",
        "curl/8.5.0",
        "Go-http-client/2.0",
        "Microsoft Office Existence Discovery",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "facebookexternalhit/1.1",
        "WhatsApp/2.24",
        "Java/17.0.2",
        "okhttp/4.12.0",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    ],
)
@pytest.mark.parametrize("event_type", ["open", "click"])
def test_scanners_that_name_themselves_are_machines_at_any_time(event_type: str, agent: str) -> None:
    assert judge(hit(event_type, agent)).verdict == "machine"


@pytest.mark.parametrize(
    "signals",
    [
        {"method": "HEAD"},
        {"head_before": True},
        {"links_in_burst": 3},
        {"links_in_burst": 2, "link_gap_seconds": 0.7},
        {"requests_in_burst": 8},
        {"honeypot": True},
        {"own_view": True},
        {"seconds_since_sent": 9.9},
        {"seconds_since_sent": -2.0},
        {"seconds_since_sent": 45.0, "headers": {}},
        {"headers": FINNISH | {"sec-purpose": "prefetch;prerender"}},
        {"headers": FINNISH | {"purpose": "prefetch"}},
        {"headers": FINNISH | {"x-moz": "prefetch"}},
        {"headers": FINNISH | {"x-purpose": "preview"}},
        {"user_agent": None},
        {"user_agent": GMAIL},
    ],
    ids=str,
)
def test_a_click_that_behaves_like_a_machine_is_one_whatever_it_calls_itself(signals: dict[str, object]) -> None:
    assert judge(hit("click", CHROME)).verdict == "person"
    assert judge(replace(hit("click", CHROME), **signals)).verdict == "machine"


@pytest.mark.parametrize(
    ("event_type", "signals"),
    [
        ("click", {"headers": {}}),
        ("click", {"links_in_burst": 2}),
        ("click", {"user_agent": "SomethingNew/1.0"}),
        ("click", {"seconds_since_sent": None}),
        ("click", {"seconds_since_sent": 41.0}),
        ("click", {"headers": FINNISH | {"sec-fetch-dest": "image"}}),
        ("open", {"seconds_since_sent": 4.0}),
        ("open", {"seconds_since_sent": 50.0}),
        ("open", {"user_agent": GMAIL, "seconds_since_sent": 4.0}),
        ("open", {"headers": {}}),
        ("open", {"user_agent": None}),
        ("open", {"seconds_since_sent": None}),
        ("open", {"links_in_burst": 2}),
    ],
    ids=str,
)
def test_what_could_be_either_is_unsure(event_type: str, signals: dict[str, object]) -> None:
    judgement = judge(replace(hit(event_type, CHROME), **signals))
    assert judgement.verdict == "unsure"
    assert len(judgement.reasons) == 1


def test_unsubscribing_by_post_is_always_a_persons_wish() -> None:
    assert judge(hit("unsubscribe", "python-requests/2.32.3", 1.0, method="POST", headers={})).verdict == "person"


@pytest.mark.parametrize("as_text", [False, True])
def test_a_stored_row_carries_every_signal(as_text: bool) -> None:
    burst = {"links": 2, "requests": 5, "link_gap_seconds": 1.5, "head_before": True, "honeypot": True}
    headers = FINNISH | {"burst": burst, "own_view": True}
    row = {
        "event_type": "click",
        "method": "GET",
        "user_agent": CHROME,
        "headers": json.dumps(headers) if as_text else headers,
        "network": "192.0.2.0/24",
        "occurred_at": MONDAY + timedelta(seconds=90),
        "transmitting_at": MONDAY,
        "sent_at": MONDAY + timedelta(seconds=2),
    }
    found = hit_from_row(row)
    assert (found.seconds_since_sent, found.links_in_burst, found.head_before) == (90.0, 2, True)
    assert (found.requests_in_burst, found.link_gap_seconds, found.honeypot, found.own_view) == (5, 1.5, True, True)
    assert found.headers["accept-language"] == FINNISH["accept-language"]
    assert hit_from_row({**row, "transmitting_at": None, "sent_at": None}).seconds_since_sent is None
    assert hit_from_row({**row, "headers": None}).links_in_burst == 1


def test_the_first_hit_of_a_burst_is_seen_for_what_it_is_once_the_rest_has_arrived() -> None:
    moments = [
        Moment(at, link, hit("click", CHROME)) for at, link in ((0.0, "offer"), (0.6, "example"), (40.0, "offer"))
    ]
    assert [judge(moment.hit).verdict for moment in moments] == ["person"] * 3
    assert [judge(found).verdict for found in in_context(moments)] == ["machine", "machine", "person"]


def test_the_labelled_hits_are_judged_as_well_as_promised() -> None:
    cases = read_cases(CASES)
    found = score(cases, judged(cases))
    assert found["people_clicks"] >= 100
    assert found["checks"] == dict.fromkeys(found["checks"], True)
