"""Days of invented partitions before the outreach stage, and the stage materialised over them."""

from datetime import date, datetime

import dagster as dg
import polars as pl
from upath import UPath

from leadgen_assets.domain.identity import lead_id_of
from leadgen_assets.partitions import daily
from leadgen_assets.resources import Platform
from leadgen_assets.settings import Settings
from leadgen_assets.stages import outreach as stage
from leadgen_assets.storage.parquet_io import ParquetIOManager
from leadgen_assets.storage.schemas import conform, frame_of
from tests.conftest import MONDAY
from tests.integration.outreach import draft_of

DAY = MONDAY.date()
INPUTS = ("leads", "web_presence", "qualification_scores", "contacts", "email_drafts", "proposals")
PDF = b"%PDF-1.7" + bytes(range(256)) * 8


class Outreach:
    """Writes the partitions that come before the stage, and materialises the stage."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def write(self, asset: str, rows: list[dict], day: date = DAY) -> None:
        path = self.settings.warehouse_folder / asset / f"{day}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        conform(asset, frame_of(asset, rows)).write_parquet(path)

    def given(
        self, *, email: int, phone: int = 0, disqualified: int = 0, day: date = DAY, seen: datetime = MONDAY
    ) -> None:
        """A day with so many leads of each kind, all invented."""
        total = email + phone + disqualified
        first = 100 * day.toordinal()
        keys = [f"osm:node/{first + number}" for number in range(total)]
        ids = [str(lead_id_of(key)) for key in keys]
        self.write("places", [{"place_key": key, "source": "osm", "captured_at": seen} for key in keys], day)
        self.write(
            "leads",
            [
                {
                    "lead_id": i,
                    "place_key": key,
                    "sources": ["osm"],
                    "name": f"Shop {key}",
                    "first_seen_on": day,
                    "city": "Helsinki",
                    "lat": 60.17,
                    "lon": 24.94,
                }
                for i, key in zip(ids, keys, strict=True)
            ],
            day,
        )
        decisions = ["qualified"] * (email + phone) + ["disqualified"] * disqualified
        self.write(
            "qualification_scores",
            [
                {"lead_id": i, "score_lower": 55, "score_upper": 80, "decision": decision, "rules_version": "1"}
                for i, decision in zip(ids, decisions, strict=True)
            ],
            day,
        )
        presence = [
            {"lead_id": i, "check": "website", "state": "absent", "detail": "none", "captured_at": seen} for i in ids
        ]
        self.write("web_presence", presence, day)
        addresses = {i: f"info@shop{number}.test" for number, i in enumerate(ids[:email])}
        self.write(
            "contacts",
            [
                {
                    "lead_id": i,
                    "route": "email" if i in addresses else "phone",
                    "email": addresses.get(i),
                    "organisation": addresses.get(i),
                }
                for i in ids[: email + phone]
            ],
            day,
        )
        self.write(
            "email_drafts",
            [draft_of(lead_id_of(key), addresses[i]) for i, key in zip(ids[:email], keys, strict=False)],
            day,
        )
        self.write(
            "proposals",
            [{"lead_id": i, "filename": "Shop_Proposal.pdf", "state": "rendered", "pdf": PDF} for i in ids[:email]],
            day,
        )

    def run(
        self, selection: list[str], *, day: date = DAY, tags: dict[str, str] | None = None, raises: bool = True
    ) -> dg.ExecuteInProcessResult:
        specs = [dg.AssetSpec(name, partitions_def=daily).with_io_manager_key("io_manager") for name in INPUTS]
        return dg.materialize(
            [
                *specs, stage.lead_register, stage.outreach_queue, stage.email_sends,
                stage.queued_mail_is_complete, stage.nothing_sent_to_suppressed,
            ],
            selection=dg.AssetSelection.assets(*selection),
            partition_key=day.isoformat(),
            resources={"platform": Platform(), "io_manager": ParquetIOManager(UPath(self.settings.warehouse_folder))},
            tags=tags,
            raise_on_error=raises,
        )  # fmt: skip

    def partition(self, asset: str, day: date = DAY) -> pl.DataFrame:
        return pl.read_parquet(self.settings.warehouse_folder / asset / f"{day}.parquet")
