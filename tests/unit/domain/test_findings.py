"""How evidence is spoken of: each sentence of qualification leads to wording that claims no more."""

from typing import Any

import polars as pl
import pytest

from leadgen_assets.domain.evidence import shown_evidence
from leadgen_assets.domain.findings import finding_of
from leadgen_assets.domain.presence import judge_presence
from leadgen_assets.domain.scoring import score_leads
from tests.unit.domain.captured import OWN_TEXT, a_lead, captures_frame, dns, html, http, leads_frame
from tests.unit.domain.letters_data import BROKEN, DEAD, FOREIGN, NO_SITE, PARKED, SOCIAL, WEAK


@pytest.mark.parametrize(
    ("presence", "kind"),
    [
        (NO_SITE, "no_site"),
        (SOCIAL, "social_only"),
        (
            "The listed address f.test leads to a social network or a directory, not to a site of its own.",
            "social_only",
        ),
        (DEAD, "dead_domain"),
        ("The listed address a.test has no web address (its domain takes mail).", "dead_domain"),
        (BROKEN, "page_error"),
        ("The listed address a.test answers with the error 404 everywhere.", "page_error"),
        ("The listed address a.test does not answer (an error on every port).", "page_error"),
        (PARKED, "parked"),
        (FOREIGN, "foreign"),
        (WEAK, "weak_site"),
        ("Its own website a.test is in order.", "unclear"),
        ("Not known yet: a.test asks whether we are human.", "unclear"),
        ("The listed address no-website-found.test is something new.", "unclear"),
        ("", "unclear"),
        (None, "unclear"),
    ],
)
def test_each_sentence_of_qualification_is_understood(presence: str | None, kind: str) -> None:
    assert finding_of(presence).kind == kind


def _presence_of(lead: dict[str, Any], captures: pl.DataFrame) -> str:
    return score_leads(judge_presence(leads_frame(lead), captures, captures.clear()))["presence"][0]


def test_the_sentences_understood_are_those_that_qualification_writes() -> None:
    tag, bad = "http://kultakorva.fi/", html(viewport=False, text=f"Leipomo Kultakorva. {OWN_TEXT}")
    asked = dns("kultakorva.fi", "nxdomain", origin="record")
    social = _presence_of(a_lead(website="https://www.facebook.com/kultakorva"), captures_frame())
    assert finding_of(social).kind == "social_only", social
    nothing = _presence_of(a_lead(), captures_frame(dns("kultakorva.fi", "nxdomain")))
    assert finding_of(nothing).kind == "no_site", nothing
    dead = _presence_of(a_lead(website=tag), captures_frame(asked, planned=("kultakorva.fi",)))
    assert finding_of(dead).kind == "dead_domain", dead
    weak = captures_frame(dns("kultakorva.fi", origin="record"), http(tag, 200, bad, origin="record"))
    assert finding_of(_presence_of(a_lead(website=tag), weak)).kind == "weak_site"


def test_a_weak_site_is_told_what_it_lacks_and_nothing_else() -> None:
    sentence = finding_of(WEAK).sentence()
    assert sentence.endswith(
        "it works, and it lacks a secure connection (https), a layout for telephones and a page title."
    )


def test_a_host_name_is_no_evidence() -> None:
    assert finding_of("The listed address parked-error.test does not exist.").kind == "dead_domain"


def test_only_what_is_known_is_shown_as_evidence() -> None:
    rows = [
        {"check": "social_page", "state": "unknown", "detail": "Its site is not known yet."},
        {"check": "own_site", "state": "absent", "detail": NO_SITE},
        {"check": "https", "state": "not_applicable", "detail": "There is no own site to look at."},
        {"check": "rating", "state": "present", "detail": "It is rated 4.6 of 5."},
    ]
    assert shown_evidence(rows) == [("Website", NO_SITE), ("Rating", "It is rated 4.6 of 5.")]
