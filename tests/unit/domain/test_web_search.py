"""What a web search asks, which results are looked at, and what it means for "no own site"."""

import json
from typing import Any

import polars as pl
import pytest

from leadgen_assets.domain.presence import judge_presence
from leadgen_assets.domain.scoring import score_leads
from leadgen_assets.domain.site_identity import identity_of
from leadgen_assets.domain.web_search import found_candidates, search_words
from tests.unit.domain.captured import AT, OWN_TEXT, a_lead, captures_frame, dns, html, http, leads_frame

NAMED = ("leipomokultakorva.fi", "leipomo-kultakorva.fi")
NOBODY = [dns(host, "nxdomain") for host in NAMED]
ODD = "raven-fjord.fi"


def search(outcome: str = "answered", *results: tuple[str, str], **more: Any) -> dict[str, Any]:
    found = [{"url": url, "title": title} for url, title in results]
    detail = {"results": found, "silent_engines": [], "detail": None} | more
    return dns("x") | {
        "kind": "search", "origin": "search", "url": "Leipomo Kultakorva Helsinki", "outcome": outcome,
        "detail_json": json.dumps(detail), "captured_at": AT,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Leipomo Kultakorva", "Leipomo Kultakorva Helsinki"),
        ('"!Kulta" -Bar :fi', "Kulta Bar fi Helsinki"),
        ("🥐", None),
        ("Oy Ab", None),
        ("ラーメン太郎", "ラーメン太郎 Helsinki"),
    ],
)
def test_name_and_city_are_asked_for_without_what_engines_take_for_commands(name: str, words: str | None) -> None:
    assert search_words(a_lead(name=name)) == words


@pytest.mark.parametrize(
    ("url", "title", "is_asked"),
    [
        (f"https://{ODD}/", "Leipomo Kultakorva | Helsinki", True),
        (f"https://www.{ODD}/fi/", "LEIPOMO KULTAKORVA", True),
        ("https://kultakorva.net/menu/today", "Today's bread", True),
        ("https://directory.fi/helsinki/leipomo-kultakorva", "Leipomo Kultakorva, Helsinki", False),
        ("https://news.fi/", "All news of the day", False),
        ("https://www.facebook.com/kultakorva", "Leipomo Kultakorva", False),
        ("https://www.tripadvisor.com/", "Leipomo Kultakorva", False),
        ("javascript:alert(1)", "Leipomo Kultakorva", False),
        ("http://127.0.0.1/", "Leipomo Kultakorva", False),
        (f"https://{NAMED[0]}/", "Leipomo Kultakorva", False),  # asked already
    ],
)
def test_only_results_that_look_like_its_home_page_are_asked(url: str, title: str, is_asked: bool) -> None:
    found = found_candidates(identity_of(a_lead()), search("answered", (url, title)), NAMED)
    assert bool(found) is is_asked
    assert {candidate.origin for candidate in found} <= {"search"}


def judged(*rows: dict[str, Any], settled_by: str | None = None) -> tuple[str, str, str]:
    frame = captures_frame(*rows, planned=NAMED)
    plan = json.loads(frame["detail_json"][0]) | {"search": True, "settled_by": settled_by}
    details = pl.Series("detail_json", [json.dumps(plan), *frame["detail_json"][1:]])
    presence = judge_presence(leads_frame(a_lead()), frame.with_columns(details))
    [own] = [row for row in presence.iter_rows(named=True) if row["check"] == "own_site"]
    return own["state"], own["detail"], score_leads(presence)["decision"][0]


def test_nothing_is_absent_before_the_search_was_answered_in_full() -> None:
    assert judged(*NOBODY, search())[::2] == ("absent", "qualified")
    for row in (
        search("partial", silent_engines=["bing"]),
        search("unavailable", detail="no answer"),
        search("over_quota"),
    ):
        state, sentence, decision = judged(*NOBODY, row)
        assert (state, decision) == ("unknown", "unknown")
        assert "the web search" in sentence
    assert judged(*NOBODY)[::2] == ("unknown", "unknown")  # planned, and no answer stored


def found_site(text: str) -> list[dict[str, Any]]:
    row = http(f"https://{ODD}/", 200, html(text=text), origin="search")
    return [search("answered", (f"https://{ODD}/", "Leipomo Kultakorva")), dns(ODD, origin="search"), row]


def test_a_found_site_counts_only_with_name_and_phone_address_or_city() -> None:
    assert judged(*NOBODY, *found_site(OWN_TEXT), settled_by=ODD)[::2] == ("present", "disqualified")
    namesake = "Leipomo Kultakorva bakes in Oulu since 1950. Kauppakatu 3, 90100 Oulu. Call 08 123 4567 today."
    assert judged(*NOBODY, *found_site(namesake))[::2] == ("absent", "qualified")
    assert judged(*NOBODY, *found_site("Bread and buns, made with love, every single day of the week."))[0] == "unknown"
