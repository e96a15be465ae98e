"""Whole small towns judged against their truth, with sites of every quirk; `benchmarks/qualification.py` is the large form."""

from pathlib import Path

import polars as pl
import pytest

from benchmarks.judged_town import JudgedTown, judged_town
from leadgen_assets.rehearsal.population import populate
from leadgen_assets.rehearsal.quirks import OF_HEALTHY, OF_NEEDY, with_quirks
from leadgen_assets.rehearsal.truth import Business
from leadgen_assets.storage.place_files import packaged_sample

UNREADABLE = {"geo_block", "challenge", "maintenance", "slow_tls", "pdf_home", "script_only", "gzip_bomb"}


@pytest.fixture(scope="module")
def businesses() -> list[Business]:
    return populate(pl.read_parquet(packaged_sample()), leads=90, seed=4)


def by_quirk(town: JudgedTown) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for lead_id, decision in town.decisions.items():
        found.setdefault(town.truth[lead_id].site_quirk, set()).add(decision)
    return found


def test_sites_of_every_quirk_are_judged_as_the_town_page_says(businesses: list[Business], tmp_path: Path) -> None:
    with judged_town(with_quirks(businesses, 4), tmp_path) as town:
        assert {b.site_quirk for b in town.businesses} == {"none", *OF_HEALTHY, *OF_NEEDY}
        town.judge(0)
        decisions, figures = by_quirk(town), town.figures()
        assert figures["false_qualified"] == 0
        assert figures["false_disqualified"] == 0
        assert {quirk: decisions[quirk] for quirk in UNREADABLE} == {key: {"unknown"} for key in UNREADABLE}
        readable = set(OF_HEALTHY) - UNREADABLE
        assert {quirk: decisions[quirk] for quirk in readable} == {key: {"disqualified"} for key in readable}
        assert decisions["soft_404"] == decisions["redirects_to_social"] == {"qualified"}
        assert decisions["redirect_loop"] == {"unknown"}
        town.judge(1)
        assert by_quirk(town)["redirect_loop"] == {"qualified"}
        assert town.figures()["needy_qualified_share"] == 1
        assert town.figures()["false_qualified"] == 0


def test_a_resolver_that_answers_for_every_name_misleads_nobody(businesses: list[Business], tmp_path: Path) -> None:
    few = [b for b in businesses if b.site_kind in {"none", "dead_domain"} or (b.findable and not b.listed_website)][
        :20
    ]
    with judged_town(with_quirks(few, 4, share=0, wildcard_dns=True), tmp_path) as town:
        town.judge(0)
        figures = town.figures()
        assert (figures["false_qualified"], figures["unknown"]) == (0, 0)
        assert figures["needy_qualified_share"] == 1


def test_a_search_engine_finds_sites_that_nothing_else_leads_to(tmp_path_factory: pytest.TempPathFactory) -> None:
    everybody = populate(pl.read_parquet(packaged_sample()), leads=300, seed=4)
    hidden = [b for b in everybody if b.undiscoverable]
    few = [*hidden, *[b for b in everybody if b.site_kind == "none"][:12]]
    with judged_town(few, tmp_path_factory.mktemp("off")) as town:
        town.judge(0)
        off = town.figures()
        assert (off["undiscoverable"], off["false_qualified"]) == (len(hidden), 0)
    with judged_town(few, tmp_path_factory.mktemp("on"), has_search=True) as town:
        assert town.search is not None
        town.search.interrupt = lambda words: 200  # its engines are silent
        town.judge(0)
        assert {decision for lead_id, decision in town.decisions.items()} == {"unknown"}
        town.search.interrupt = lambda words: None
        town.judge(1)
        on = town.figures()
        assert (on["false_qualified"], on["false_disqualified"], on["unknown"]) == (0, 0, 0)
        assert on["undiscoverable"] < len(hidden)
        assert on["needy_qualified_share"] == 1
