"""What a probing run asks of other people's servers, read from the town's own logs."""

import dataclasses
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl
import pytest

from benchmarks.judged_town import JudgedTown, judged_town
from leadgen_assets.domain.probe_plan import MOST_BYTES_OF_A_LEAD
from leadgen_assets.rehearsal.population import populate
from leadgen_assets.rehearsal.servers.site_answers import Answer
from leadgen_assets.rehearsal.truth import Business
from leadgen_assets.storage.place_files import packaged_sample

FILLER = "<p>Lorem ipsum dolor sit amet.</p>"


@pytest.fixture(scope="module")
def businesses() -> list[Business]:
    """Sites of every kind, and a dozen branches that are listed with one and the same site."""
    town = populate(pl.read_parquet(packaged_sample()), leads=40, seed=6)
    weak = next(business for business in town if business.site_kind == "weak")
    elsewhere = [one for one in town if one.record["street"] != weak.record["street"]]  # or its address is theirs
    branches = [business.key for business in elsewhere if business.site_kind == "none"][:12]
    address = f"http://{weak.site_host}/branches/here"
    return [
        dataclasses.replace(b, listed_website=address, record=b.record | {"website": address}) if b.key in branches else b
        for b in town
    ]  # fmt: skip


def hosts_asked(town: JudgedTown) -> Counter[str]:
    return Counter((urlsplit(visit.url).hostname or "").removeprefix("www.") for visit in town.web.requests)


def test_a_host_never_has_more_than_two_connections_and_no_page_is_fetched_twice(
    businesses: list[Business], tmp_path: Path
) -> None:
    with judged_town(businesses, tmp_path) as town:
        town.judge(0)
        assert max(visit.open_connections for visit in town.web.requests) <= 2
        assert {visit.user_agent for visit in town.web.requests} == {town.settings.user_agent}
        assert {visit.method for visit in town.web.requests} == {"GET"}
        again = Counter((visit.url, visit.status) for visit in town.web.requests)
        assert max(again.values()) == 1
        assert max(hosts_asked(town).values()) <= 16
        paths = {urlsplit(visit.url).path for visit in town.web.requests}
        assert "/robots.txt" in paths
        assert "facebook.com" not in hosts_asked(town)  # though some are listed with nothing but a page there
        assert any("facebook.com" in (b.listed_website or b.record["facebook"] or "") for b in businesses)
        assert len(paths) > 2  # contact pages were read where robots.txt allows it


def test_beyond_the_home_page_nothing_is_asked_that_robots_txt_closes(
    businesses: list[Business], tmp_path: Path
) -> None:
    def closed(host: str, path: str) -> Answer | None:
        body = "User-agent: LeadgenBot\nDisallow: /\n\nUser-agent: *\nAllow: /\n"
        return Answer(200, body, content_type="text/plain") if path == "/robots.txt" else None

    with judged_town(businesses, tmp_path) as town:
        town.web.interrupt = closed
        town.judge(0)
        assert {urlsplit(visit.url).path for visit in town.web.requests} == {"/", "/robots.txt"}
        assert town.figures()["false_qualified"] == 0
        listed = {lead_id for lead_id, b in town.truth.items() if (b.listed_website or "").endswith("/branches/here")}
        assert {town.decisions[lead_id] for lead_id in listed} == {"unknown"}  # its own page could not be read


def test_the_bytes_read_for_one_lead_are_bounded(businesses: list[Business], tmp_path: Path) -> None:
    few = [b for b in businesses if b.site_kind == "weak"][:1]
    number = iter(range(10_000))

    def endless(host: str, path: str) -> Answer | None:
        links = "".join(f'<a href="/contact/{next(number)}">Contact</a>' for _ in range(3))
        return Answer(200, f"<html><body>{links}{FILLER * 60_000}</body></html>")

    with judged_town(few, tmp_path) as town:
        town.web.interrupt = endless
        town.judge(0)
        visits = hosts_asked(town)
        assert visits.keys() == {b.site_host for b in few}
        [captures] = town.captures.values()
        received = captures.with_columns(
            size=pl.col("detail_json").str.json_path_match("$.received_bytes").cast(pl.Int64)
        )
        assert received.group_by("lead_id").agg(pl.col("size").sum())["size"].max() <= MOST_BYTES_OF_A_LEAD
        assert max(visits.values()) <= 8
        assert set(town.decisions.values()) == {"unknown"}
