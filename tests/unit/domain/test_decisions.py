"""The expected decisions of docs/scoring.md, from captures to the score's interval."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from leadgen_assets.domain.presence import judge_presence
from leadgen_assets.domain.scoring import score_leads
from tests.unit.domain.captured import AT, OWN_TEXT, a_lead, captures_frame, dns, html, http, leads_frame

Rows = list[dict[str, Any]]
NAMED = ("leipomokultakorva.fi", "leipomo-kultakorva.fi")
TAG = "http://kultakorva.fi/"
NOBODY = [dns(host, "nxdomain") for host in NAMED]
HEALTHY = html(text=OWN_TEXT)
NAMESAKE = html(text="Leipomo Kultakorva bakes in Oulu since 1950. Kauppakatu 3, 90100 Oulu. Call 08 123 4567 today.")
STRANGER = html(
    title="Nordic Shipping", text="We ship containers from Turku. Satamakatu 1, 20100 Turku. Call 02 765 4321."
)
WEAK = html(title="", description="", viewport=False, text=f"Leipomo Kultakorva. {OWN_TEXT}")
PARKED = html(title="kultakorva.fi", text="This domain is for sale. Buy this domain today.")
CHALLENGE = html(title="Just a moment...", text="Checking your browser before accessing kultakorva.fi")
SOFT_404 = html(title="Error 404", text="Page not found. The page you asked for does not exist.")
MAINTENANCE = html(title="Under maintenance", text="We are under maintenance and will be back soon, thank you.")
DEFAULT = html(title="Welcome to nginx!", text="Welcome to nginx! If you see this page, the server is installed.")
JAPANESE = html(
    title="町のパン屋",
    text="当店は地元で長年親しまれているパン屋です。どうぞお気軽にお立ち寄りください。皆様のご来店を心よりお待ちしております。",
)


def tag(*answers: dict[str, Any]) -> Rows:
    return [dns("kultakorva.fi", origin="record"), *answers]


def on_tag(status: int | None = 200, body: str | None = None, scheme: str = "https", **more: Any) -> dict[str, Any]:
    return http(f"{scheme}://kultakorva.fi/", status, body, origin="record", **more)


NO_TLS = on_tag(outcome="refused")
ERROR = [dns("kultakorva.fi", origin="record"), on_tag(500, "oops"), on_tag(500, "oops", "http"), *NOBODY]
CASES: dict[str, tuple[dict[str, Any], Rows, tuple[int, int, str]]] = {
    "no tag, every candidate answered, none theirs": ({}, NOBODY, (90, 90, "qualified")),
    "the same without telephone": ({"phone": None}, NOBODY, (85, 85, "qualified")),
    "the same with one resolver time-out": ({}, [NOBODY[0], dns(NAMED[1], "timeout")], (5, 90, "unknown")),
    "the same with one resolver failing": ({}, [NOBODY[0], dns(NAMED[1], "servfail")], (5, 90, "unknown")),
    "every resolver down": ({}, [dns(host, "timeout") for host in NAMED], (5, 90, "unknown")),
    "a candidate was planned and not asked": ({}, NOBODY[:1], (5, 90, "unknown")),
    "no tag, healthy site by its derived host": (
        {}, [dns(NAMED[0]), http(f"https://{NAMED[0]}/", 200, HEALTHY), NOBODY[1]], (15, 15, "disqualified"),
    ),
    "no tag, derived host is a namesake's": (
        {}, [dns(NAMED[0]), http(f"https://{NAMED[0]}/", 200, NAMESAKE), NOBODY[1]], (90, 90, "qualified"),
    ),
    "no tag, derived host carries the name and nothing else": (
        {}, [dns(NAMED[0]), http(f"https://{NAMED[0]}/", 200, html(text="Bread and buns, made with love, every day.")), NOBODY[1]],
        (5, 90, "unknown"),
    ),
    "derived host shows a page that scripts fill": (
        {}, [dns(NAMED[0]), http(f"https://{NAMED[0]}/", 200, "<html><body><div></div><script>x</script></body></html>"), NOBODY[1]],
        (5, 90, "unknown"),
    ),
    "the tag is a Facebook page": ({"website": "https://www.facebook.com/kultakorva"}, NOBODY, (80, 80, "qualified")),
    "the tag's domain does not exist": ({"website": TAG}, [dns("kultakorva.fi", "nxdomain", origin="record"), *NOBODY], (90, 90, "qualified")),
    "the tag answers 404 everywhere": ({"website": TAG}, [*tag(NO_TLS, on_tag(404, "", "http")), *NOBODY], (90, 90, "qualified")),
    "the tag answers 500 once": ({"website": TAG}, ERROR, (5, 90, "unknown")),
    "the tag answers 403": ({"website": TAG}, [*tag(on_tag(403, "Forbidden")), *NOBODY], (5, 90, "unknown")),
    "the tag answers 429": ({"website": TAG}, [*tag(on_tag(429, "")), *NOBODY], (5, 90, "unknown")),
    "the tag answers 503": ({"website": TAG}, [*tag(on_tag(503, ""), on_tag(503, "", "http")), *NOBODY], (5, 90, "unknown")),
    "the tag shows a challenge": ({"website": TAG}, [*tag(on_tag(200, CHALLENGE)), *NOBODY], (5, 90, "unknown")),
    "the tag times out": (
        {"website": TAG}, [*tag(on_tag(outcome="timeout"), on_tag(outcome="timeout", scheme="http")), *NOBODY], (5, 90, "unknown"),
    ),
    "http answers 404 but https timed out": ({"website": TAG}, [*tag(on_tag(outcome="timeout"), on_tag(404, "", "http")), *NOBODY], (5, 90, "unknown")),
    "the tag has an expired certificate only": (
        {"website": TAG}, [*tag(on_tag(outcome="tls_error"), on_tag(outcome="refused", scheme="http")), *NOBODY], (5, 90, "unknown"),
    ),
    "the tag shows a PDF": ({"website": TAG}, [*tag(on_tag(200, None, content_type="application/pdf")), *NOBODY], (5, 90, "unknown")),
    "the tag leads to a refused address": ({"website": TAG}, [*tag(on_tag(outcome="blocked")), *NOBODY], (5, 90, "unknown")),
    "the tag is parked": ({"website": TAG}, [*tag(NO_TLS, on_tag(200, PARKED, "http")), *NOBODY], (90, 90, "qualified")),
    "the tag shows somebody else": ({"website": TAG}, [*tag(on_tag(200, STRANGER)), *NOBODY], (90, 90, "qualified")),
    "the tag redirects to Facebook": (
        {"website": TAG}, [*tag(on_tag(200, html(), final_url="https://www.facebook.com/kultakorva")), *NOBODY], (80, 80, "qualified"),
    ),
    "live without https, viewport, title": ({"website": TAG}, [*tag(NO_TLS, on_tag(200, WEAK, "http")), *NOBODY], (70, 70, "qualified")),
    "live and terrible, but a derived host timed out": (
        {"website": TAG}, [*tag(NO_TLS, on_tag(200, WEAK, "http")), dns(NAMED[0], "timeout"), NOBODY[1]], (5, 90, "unknown"),
    ),
    "the tag is terrible, the derived host healthy": (
        {"website": TAG}, [*tag(NO_TLS, on_tag(200, WEAK, "http")), dns(NAMED[0]), http(f"https://{NAMED[0]}/", 200, HEALTHY)],
        (15, 15, "disqualified"),
    ),
    "the tag shows an error page with status 200": ({"website": TAG}, [*tag(on_tag(200, SOFT_404), on_tag(200, SOFT_404, "http")), *NOBODY], (90, 90, "qualified")),
    "the tag shows a maintenance page": ({"website": TAG}, [*tag(on_tag(200, MAINTENANCE)), *NOBODY], (5, 90, "unknown")),
    "the tag's page is written in another script": ({"website": TAG}, [*tag(on_tag(200, JAPANESE)), *NOBODY], (5, 90, "unknown")),
    "the bare host is parked, www shows the site": (
        {"website": TAG}, tag(on_tag(200, PARKED), http("https://www.kultakorva.fi/", 200, HEALTHY, origin="record")), (15, 15, "disqualified"),
    ),
    "https shows a default page, http timed out": (
        {"website": TAG}, [*tag(on_tag(200, DEFAULT), on_tag(outcome="timeout", scheme="http")), *NOBODY], (5, 90, "unknown"),
    ),
    "https shows a default page, http the site": (
        {"website": TAG}, [*tag(on_tag(200, DEFAULT), on_tag(200, HEALTHY, "http")), *NOBODY], (35, 35, "disqualified"),
    ),
    "healthy behind an expired certificate": (
        {"website": TAG}, [*tag(on_tag(200, HEALTHY, certificate_error="expired")), *NOBODY], (35, 35, "disqualified"),
    ),
    "somebody else behind an invalid certificate": (
        {"website": TAG}, [*tag(on_tag(200, STRANGER, certificate_error="wrong host"), on_tag(outcome="refused", scheme="http")), *NOBODY],
        (5, 90, "unknown"),
    ),
    "the listed page is gone, the home page is healthy": (
        {"website": f"{TAG}old"}, tag(http("https://kultakorva.fi/old", 200, SOFT_404, origin="record"), on_tag(200, HEALTHY)),
        (15, 15, "disqualified"),
    ),
    "robots.txt closes the listed page, the home page is another's": (
        {"website": f"{TAG}old"}, [*tag(http("https://kultakorva.fi/old", outcome="disallowed", origin="record"), on_tag(200, STRANGER)), *NOBODY],
        (5, 90, "unknown"),
    ),
    "live and healthy": ({"website": TAG}, tag(on_tag(200, HEALTHY)), (15, 15, "disqualified")),
    "live and healthy, well rated": ({"website": TAG, "rating": 4.6}, tag(on_tag(200, HEALTHY)), (25, 25, "disqualified")),
    "live and healthy, https timed out": (
        {"website": TAG}, [*tag(on_tag(outcome="timeout"), on_tag(200, HEALTHY, "http")), *NOBODY], (15, 35, "disqualified"),
    ),
    "healthy, of a source without ratings": ({"website": TAG, "sources": ["osm"]}, tag(on_tag(200, HEALTHY)), (17, 17, "disqualified")),
    "none at all, of a source without ratings": ({"sources": ["osm"]}, NOBODY, (100, 100, "qualified")),
    "closed for good": ({"business_status": "closed_permanently"}, NOBODY, (0, 0, "disqualified")),
}  # fmt: skip


# Held by tests of their own below.
OVER_TIME = {
    "the tag answers 500, seen again the next day": (90, 90, "qualified"),
    "the tag answers 500, seen again the same night": (5, 90, "unknown"),
}


def decide(lead: dict[str, Any], rows: Rows, earlier: pl.DataFrame | None = None) -> dict[str, Any]:
    captures = captures_frame(*rows, planned=NAMED if not any(row["status"] == 200 for row in rows) else ())
    presence = judge_presence(leads_frame(lead), captures, earlier)
    return score_leads(presence).row(0, named=True)


@pytest.mark.parametrize("case", CASES)
def test_the_table_of_expected_decisions_holds(case: str) -> None:
    values, rows, expected = CASES[case]
    score = decide(a_lead(**values), rows)
    assert (score["score_lower"], score["score_upper"], score["decision"]) == expected, score["presence"]


def test_the_page_on_scoring_lists_the_same_decisions() -> None:
    text = (Path(__file__).parents[3] / "docs" / "scoring.md").read_text("utf-8").partition("## Expected decisions")[2]
    table = re.findall(r"^\| (?!case|---)(.+?) \| (\d+)(?: to (\d+))? \| (\w+) \|$", text, re.MULTILINE)
    listed = {case: (int(low), int(high or low), decision) for case, low, high, decision in table}
    assert listed == {case: expected for case, (_, _, expected) in CASES.items()} | OVER_TIME


def test_an_error_counts_once_it_was_seen_on_two_days() -> None:
    later = [row | {"captured_at": AT + timedelta(days=1)} for row in ERROR]
    score = decide(a_lead(website=TAG), later, captures_frame(*ERROR))
    assert (score["score_lower"], score["decision"]) == (90, "qualified")
    assert "answers with the error 500" in score["presence"]


def test_an_error_that_a_page_interrupted_counts_from_anew() -> None:
    healthy = [row | {"captured_at": AT + timedelta(days=1)} for row in tag(on_tag(200, HEALTHY))]
    again = [row | {"captured_at": AT + timedelta(days=2)} for row in ERROR]
    earlier = pl.concat([captures_frame(*ERROR), captures_frame(*healthy)])
    assert decide(a_lead(website=TAG), again, earlier)["decision"] == "unknown"


def test_two_captures_within_the_same_night_are_one_observation() -> None:
    later = [row | {"captured_at": AT + timedelta(hours=9)} for row in ERROR]
    assert decide(a_lead(website=TAG), later, captures_frame(*ERROR))["decision"] == "unknown"


def test_a_lead_whose_name_gives_no_address_stays_unknown() -> None:
    captures = captures_frame()
    presence = judge_presence(leads_frame(a_lead(name="& ☕")), captures)
    score = score_leads(presence).row(0, named=True)
    assert score["decision"] == "unknown"
    assert "neither the record nor the name" in score["presence"]


def test_an_erased_lead_leaves_no_rows() -> None:
    assert judge_presence(leads_frame(), captures_frame(*NOBODY)).is_empty()
    assert score_leads(judge_presence(leads_frame(), captures_frame())).is_empty()


def test_every_possible_combination_of_states_stays_within_bounds() -> None:
    states = ("present", "absent", "unknown", "not_applicable")
    checks = ("own_site", "https", "viewport", "title_and_description", "social_page", "rating", "phone_known")
    rows = [
        {"lead_id": f"{number:05d}", "check": check, "state": states[number // 4**place % 4], "detail": "", "evidence_json": "{}"}
        for number in range(4 ** len(checks))
        for place, check in enumerate(checks)
    ]  # fmt: skip
    scores = score_leads(pl.DataFrame(rows))
    assert scores.height == 4 ** len(checks)
    assert scores.filter(~pl.col("score_lower").is_between(0, pl.col("score_upper"))).is_empty()
    assert scores["score_upper"].max() == 100
    sound = presence_of(rows, {"own_site", "https", "viewport", "title_and_description"}, "present")
    assert score_leads(sound)["decision"].unique().to_list() == ["disqualified"]


def presence_of(rows: Rows, checks: set[str], state: str) -> pl.DataFrame:
    return pl.DataFrame([row | {"state": state} if row["check"] in checks else row for row in rows])
