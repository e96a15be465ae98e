"""A town's name server and web, and the captures, checks and scores of its businesses, without Dagster and database.

What `benchmarks/qualification.py` measures and `tests/integration/stages/test_judgement.py` holds at a small size.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import trustme

from leadgen_assets.domain.leads import new_leads
from leadgen_assets.domain.presence import judge_presence
from leadgen_assets.domain.rechecks import due_for_capture
from leadgen_assets.domain.scoring import score_leads
from leadgen_assets.rehearsal.search_index import with_search_engine
from leadgen_assets.rehearsal.servers.dns_server import DnsServer
from leadgen_assets.rehearsal.servers.search_api import SearchApi
from leadgen_assets.rehearsal.servers.web_sites import WebSites
from leadgen_assets.rehearsal.truth import Business
from leadgen_assets.settings import Settings
from leadgen_assets.stages.qualification import captures_frame, probe_leads
from leadgen_assets.storage.schemas import frame_of
from tracking_service.clock import FileClock

FIRST_DAY = datetime(2026, 3, 2, 8, tzinfo=UTC)


@dataclass
class JudgedTown:
    """Businesses with their truth, and what the product decided about each of them so far.

    Attributes:
        decisions: by lead id, the latest.
        captures: every captured row by day.
    """

    businesses: Sequence[Business]
    dns: DnsServer
    web: WebSites
    settings: Settings
    clock: FileClock
    search: SearchApi | None = None
    decisions: dict[str, str] = field(default_factory=dict)
    presences: dict[str, str] = field(default_factory=dict)
    captures: dict[date, pl.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        by_key = {key: business for business in self.businesses for key in business.source_keys}
        places = frame_of("places", [_place(business) for business in self.businesses])
        self.leads = new_leads(places, places.clear(), FIRST_DAY.date())
        self.truth = {row["lead_id"]: by_key[row["place_key"]] for row in self.leads.iter_rows(named=True)}
        self._captured: dict[str, list[date]] = {}

    def judge(self, number: int) -> int:
        """Capture whoever is due on a day (0 is the first) and decide; returns how many were due."""
        at = FIRST_DAY + timedelta(days=number)
        if self.clock.now() < at:
            self.clock.advance_to(at)
        unknown = {lead_id for lead_id, decision in self.decisions.items() if decision == "unknown"}
        due = due_for_capture(self.leads, self._captured, unknown, at.date(), catch_up_days=7)
        rows: list[dict[str, Any]] = []

        def store(lead: Any, found: list[dict[str, Any]]) -> None:
            self._captured.setdefault(lead["lead_id"], []).append(at.date())
            rows.extend(row | {"lead_id": lead["lead_id"], "ordinal": place} for place, row in enumerate(found))

        asyncio.run(probe_leads(self.settings, self.clock, due.rows(named=True), store))
        captures = captures_frame(rows)
        earlier = pl.concat([captures.clear(), *self.captures.values()])
        presence = judge_presence(self.leads, captures, earlier)
        for score in score_leads(presence).iter_rows(named=True):
            self.decisions[score["lead_id"]] = score["decision"]
            self.presences[score["lead_id"]] = score["presence"]
        self.captures[at.date()] = captures.with_columns(body=pl.lit(None, pl.String))
        return due.height

    def figures(self) -> dict[str, Any]:
        """What was decided rightly and wrongly so far."""
        judged = [(self.truth[lead_id], decision) for lead_id, decision in self.decisions.items()]
        needy = [decision for business, decision in judged if business.needs_site]
        wrong = [b for b, decision in judged if decision == "qualified" and not b.needs_site]
        return {
            "leads": len(judged),
            **{name: sum(d == name for _, d in judged) for name in ("qualified", "disqualified", "unknown")},
            "decided_share": round(1 - sum(d == "unknown" for _, d in judged) / len(judged), 4),
            "false_qualified": sum(not business.undiscoverable for business in wrong),
            "undiscoverable": sum(business.undiscoverable for business in wrong),
            "false_disqualified": needy.count("disqualified"),
            "needy": len(needy),
            "needy_qualified_share": round(needy.count("qualified") / max(1, len(needy)), 4),
        }

    def decisions_by_kind(self) -> dict[str, dict[str, int]]:
        """How often each decision was made for each kind of site, or quirk where it has one."""
        found: dict[str, Counter[str]] = {}
        for lead_id, decision in self.decisions.items():
            business = self.truth[lead_id]
            plain = business.site_quirk in {"none", "wildcard_dns"}
            found.setdefault(business.site_kind if plain else business.site_quirk, Counter())[decision] += 1
        return {kind: dict(counts) for kind, counts in sorted(found.items())}


@contextmanager
def judged_town(
    businesses: Sequence[Business], folder: Path, *, has_search: bool = False, **settings: Any
) -> Iterator[JudgedTown]:
    """A town with its servers running; `settings` are further ones of the product."""
    businesses = with_search_engine(businesses) if has_search else businesses
    clock = FileClock.create(folder / "clock", FIRST_DAY)
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "town-ca.pem"))
    dns, web = DnsServer(businesses, clock), WebSites(businesses, clock, ca)
    search = SearchApi(businesses, clock) if has_search else None
    servers = [server for server in (dns, web, search) if server]
    for server in servers:
        server.start()
    lines = {"ca_file": folder / "town-ca.pem", "probe_timeout_seconds": 2.0, **settings}
    for server in servers:
        lines |= {name.lower(): value for name, value in server.settings().items()}
    lines["web_dial_map"] = json.loads(lines["web_dial_map"])
    try:
        yield JudgedTown(businesses, dns, web, Settings(leadgen_home=folder, **lines), clock, search)
    finally:
        for server in servers:
            server.stop()


def _place(business: Business) -> dict[str, Any]:
    source, _, source_id = business.source_keys[0].partition(":")
    known = {name: value for name, value in business.record.items() if name not in {"source", "source_id", "website"}}
    names = {"place_key": business.source_keys[0], "source": source, "source_id": source_id}
    return known | names | {"website": business.listed_website, "captured_at": FIRST_DAY}
