"""A person's question reads partitions, and can neither change nor reach anything else."""

from pathlib import Path

import pytest

from leadgen_assets.storage.schemas import frame_of
from leadgen_assets.storage.warehouse_query import QueryError, ask, tables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, day in enumerate(("2026-03-02", "2026-03-03")):
        path = tmp_path / "it's a warehouse" / "leads" / f"{day}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame_of("leads", [{"lead_id": f"{number}", "name": "A Bakery"}]).write_parquet(path)
    return tmp_path / "it's a warehouse"


def test_every_day_is_there_and_says_which_it_is(folder: Path) -> None:
    names, rows = ask(folder, "SELECT lead_id, partition_day::text AS day FROM leads ORDER BY 1;")
    assert names == ["lead_id", "day"]
    assert rows == [("0", "2026-03-02"), ("1", "2026-03-03")]
    [(name, days, count, columns)] = tables(folder)[1]
    assert (name, days, count) == ("leads", 2, 2)
    assert columns.startswith("lead_id, ")


@pytest.mark.parametrize(
    "query",
    [
        "COPY leads TO '{folder}/leads/copy.parquet'",
        "DROP VIEW leads",
        "SELECT 1; SELECT 2",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "SELECT nothing FROM leads",
        "SELEC",
        "",
    ],
)
def test_anything_else_is_refused_in_one_line(folder: Path, query: str) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(QueryError) as refused:
        ask(folder, query.format(folder=folder))
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(".")
    assert sorted(folder.rglob("*")) == before


def test_an_empty_warehouse_says_so(tmp_path: Path) -> None:
    assert tables(tmp_path)[1] == []
    with pytest.raises(QueryError, match="none yet"):
        ask(tmp_path, "SELECT * FROM leads")
