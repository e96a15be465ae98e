"""Re-score Parquet partitions of presence checks, and compare with reading and scoring the same rows one by one.

`uv run python benchmarks/scoring.py [--leads 1000000] [--days 30] [--small 10000] [--json]` exits 0 only if re-scoring with
writing back takes at most a fifth of the time that the row scorer needs for reading and scoring, stays under 2 GB, and
needs about as long per lead for few as for many.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.separate_process import apart, peak_megabytes, seconds_of

ROOT = Path(__file__).parents[1]
MOST_SHARE, MOST_MEGABYTES, MOST_GROWTH = 0.2, 2048, 1.5
OF_A_PAGE = ("domain_exists", "answers", "parked", "https", "viewport", "title_and_description")


def main() -> int:
    """Write the partitions, run both, print and compare."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        apart(_write_partitions, folder / "many", asked.leads, asked.days)
        apart(_write_partitions, folder / "few", asked.small, 1)
        many, few = (
            min((apart(_rescore, folder / size) for _ in range(asked.rounds)), key=seconds_of)
            for size in ("many", "few")
        )
        rows = apart(_score_row_by_row, folder / "many")
    result = {
        "leads": asked.leads, "days": asked.days, "seconds": many["seconds"], "row_by_row_seconds": rows["seconds"],
        "share": round(many["seconds"] / rows["seconds"], 3), "most_megabytes": many["megabytes"],
        "microseconds_per_lead": round(many["seconds"] / asked.leads * 1e6, 2),
        "microseconds_per_lead_of_few": round(few["seconds"] / asked.small * 1e6, 2),
    }  # fmt: skip
    result["failed"] = [
        problem
        for problem, fails in (
            (f"takes more than {MOST_SHARE} of the row scorer's time", result["share"] > MOST_SHARE),
            (f"takes more than {MOST_MEGABYTES} MB", result["most_megabytes"] > MOST_MEGABYTES),
            (
                "is slower per lead for many",
                result["microseconds_per_lead"] > MOST_GROWTH * result["microseconds_per_lead_of_few"],
            ),
        )
        if fails
    ]
    print(json.dumps(result, indent=None if asked.json else 2))
    return 1 if result["failed"] else 0


def _rescore(folder: Path) -> dict[str, Any]:
    """Read each partition, score it, write the scores: what a backfill of `qualification_scores` does."""
    import polars as pl

    from leadgen_assets.domain.scoring import SCORED_COLUMNS, score_leads

    began = time.monotonic()
    for path in sorted((folder / "web_presence").iterdir()):
        scores = score_leads(pl.read_parquet(path, columns=list(SCORED_COLUMNS)))
        target = folder / "qualification_scores" / path.name
        target.parent.mkdir(exist_ok=True)
        scores.write_parquet(target)
    return _measured(began)


def _score_row_by_row(folder: Path) -> dict[str, Any]:
    import polars as pl

    sys.path.insert(0, str(ROOT / "benchmarks" / "baselines"))
    from row_scorer import score_rows

    began = time.monotonic()
    for path in sorted((folder / "web_presence").iterdir()):
        score_rows(pl.read_parquet(path).iter_rows(named=True))
    return _measured(began)


def _write_partitions(folder: Path, leads: int, days: int) -> dict[str, Any]:
    """Presence checks as the product writes them: one file a day, sorted by lead, with details and evidence."""
    from datetime import date, timedelta

    (folder / "web_presence").mkdir(parents=True)
    began = time.monotonic()
    for number in range(days):
        count = leads // days + (number < leads % days)
        path = folder / "web_presence" / f"{date(2026, 3, 2) + timedelta(days=number)}.parquet"
        _presence(count, seed=number).write_parquet(path)
    return _measured(began)


def _presence(leads: int, seed: int) -> Any:
    import polars as pl

    from leadgen_assets.domain.presence import CHECKS
    from leadgen_assets.storage.schemas import conform

    numbers = pl.int_range(leads, eager=True)
    ids = pl.DataFrame({"number": numbers}).with_columns(
        lead_id=pl.format("{}-{}", pl.col("number").hash(seed), pl.col("number").hash(seed + 1))
    )
    checks = pl.DataFrame({"check": list(CHECKS)})
    drawn = ids.sort("lead_id").join(checks, how="cross", maintain_order="left_right")
    point = pl.struct("number", "check").hash(seed + 2) % 100
    site = pl.col("number").hash(seed + 3) % 100  # own site present, absent or unknown; the rest follows from it
    state = (
        pl.when(pl.col("check") == "operational")
        .then(pl.lit("present"))
        .when(pl.col("check") == "own_site")
        .then(
            pl.when(site < 50)
            .then(pl.lit("present"))
            .when(site < 97)
            .then(pl.lit("absent"))
            .otherwise(pl.lit("unknown"))
        )
        .when(pl.col("check").is_in(list(OF_A_PAGE)) & (site >= 50))
        .then(pl.lit("not_applicable"))
        .when((pl.col("check") == "rating") & (point >= 80))
        .then(pl.lit("not_applicable"))
        .when(point < 60)
        .then(pl.lit("present"))
        .otherwise(pl.lit("absent"))
    )
    host = pl.format("b{}.example", pl.col("number"))
    return conform("web_presence", drawn.select(
        "lead_id", "check", state=state, detail=pl.format("{} was asked and answered.", host),
        evidence_json=pl.struct(site_url=pl.format("https://{}/", host), candidates=pl.concat_list(host)).struct.json_encode(),
        captured_at=pl.datetime(2026, 3, 2, 8, time_unit="us", time_zone="UTC"),
    ))  # fmt: skip


def _measured(began: float) -> dict[str, Any]:
    return {"seconds": round(time.monotonic() - began, 3), "megabytes": peak_megabytes()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Re-score presence checks and compare with a row-by-row scorer.")
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30, help="partitions")
    parser.add_argument("--small", type=int, default=10_000, help="leads of the small case")
    parser.add_argument("--rounds", type=int, default=2, help="the fastest counts")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
