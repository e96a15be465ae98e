"""`leadgen up`: it stands, reacts while it stands, survives kills, and ends when it is asked to.

The tests build on one another in this order, because each start costs seconds.
"""

import re
import signal
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.standing import Standing

pytestmark = [pytest.mark.xdist_group("up"), pytest.mark.timeout(300)]

PERSON = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "fi-FI,fi;q=0.9,en;q=0.7",
    "X-Forwarded-For": "192.0.2.77",
}
UNCLICKED = (
    "SELECT o.lead_id, o.body_html FROM email_outreach o JOIN leads l ON l.id = o.lead_id"
    " WHERE o.sent_at IS NOT NULL AND l.first_clicked_at IS NULL ORDER BY o.sent_at DESC LIMIT 1"
)
KEPT = {  # rows that no later run may take away, by what they are about
    "leads": "SELECT id FROM leads",
    "messages": "SELECT id FROM email_outreach WHERE sent_at IS NOT NULL",
    "events": "SELECT id FROM email_events",
    "captures": "SELECT (asset, partition_date, subject) FROM captures",
    "alerts": "SELECT id FROM alert_outbox",
}


def test_ui_and_tracking_service_answer(standing: Standing) -> None:
    assert httpx.get(f"{standing.service}/health").status_code == 200
    location = standing.ask("{workspaceOrError {... on Workspace {locationEntries {loadStatus name}}}}")
    assert location["workspaceOrError"]["locationEntries"] == [{"loadStatus": "LOADED", "name": "leadgen"}]
    assert standing.ui in standing.said


def test_the_ui_opens_on_the_rehearsed_days(standing: Standing) -> None:
    node = '{assetNodeOrError(assetKey: {path: ["outreach_queue"]}) {... on AssetNode {partitionKeys}}}'
    assert standing.ask(node)["assetNodeOrError"]["partitionKeys"] == ["2026-03-02", "2026-03-03"]
    runs = standing.runs().values()
    assert {run["jobName"] for run in runs} >= {"daily_pipeline", "email_sending", "reply_polling", "daily_reporting"}
    assert {run["status"] for run in runs if run["jobName"] != "__ASSET_JOB"} <= {"SUCCESS", "STARTED"}


def test_a_click_reaches_the_telephone_through_the_daemons_sensor(standing: Standing) -> None:
    with psycopg.connect(standing.ledger_url(), autocommit=True) as ledger:
        lead, html = ledger.execute(UNCLICKED).fetchone()
        link = re.search(r'href="([^"]+/track/click/[^"]+)"', html)[1]
        asked = time.monotonic()
        assert httpx.get(link, headers=PERSON).status_code == 302
        told = "SELECT channel FROM alert_outbox WHERE lead_id = %s AND kind = 'clicked' AND status = 'sent'"
        while len(ledger.execute(told, (lead,)).fetchall()) < 2:
            assert time.monotonic() - asked < 20, "nobody rang"
            time.sleep(0.05)
    selector = {
        "repositoryName": "__repository__",
        "repositoryLocationName": "leadgen",
        "sensorName": "tracking_reactions",
    }
    ticks = "query($s: SensorSelector!) {sensorOrError(sensorSelector: $s) {... on Sensor {sensorState {status ticks(limit: 3) {status}}}}}"
    state = standing.ask(ticks, s=selector)["sensorOrError"]["sensorState"]
    assert state["status"] == "RUNNING"
    assert state["ticks"]


def test_after_kill_9_the_next_up_goes_on_and_ends_what_survived(standing: Standing) -> None:
    """The parent, the database, the daemon and the code server are killed; the two that hold the ports are left alive."""
    rows, runs, files = _rows(standing), standing.runs(), _partitions(standing)
    opened = [run for run in runs.values() if run["jobName"] == "daily_pipeline"]
    standing.kill(but=("tracking_service", "dagster_webserver"))
    survivors = set(standing.pids())
    assert len(survivors) >= 2
    assert "Going on with the rehearsal of 24 businesses" in standing.start()
    assert not survivors & set(standing.pids())
    assert httpx.get(f"{standing.service}/health").status_code == 200
    later = _rows(standing)
    assert {name: rows[name] - later[name] for name in KEPT} == {name: set() for name in KEPT}
    assert runs.keys() <= standing.runs().keys()
    assert {run["status"] for run in standing.runs().values() if run["runId"] in runs} <= {"SUCCESS", "CANCELED"}
    assert len([run for run in standing.runs().values() if run["jobName"] == "daily_pipeline"]) == len(opened)
    assert files.items() <= _partitions(standing).items()


def test_ctrl_c_ends_everything_within_ten_seconds(standing: Standing) -> None:
    assert standing.stop(signal.SIGINT) < 10
    assert "Stopped; nothing is left running." in standing.said
    assert "Traceback" not in standing.said
    assert standing.pids() == []


def _rows(standing: Standing) -> dict[str, set]:
    with psycopg.connect(standing.ledger_url()) as ledger:
        return {name: {row[0] for row in ledger.execute(query)} for name, query in KEPT.items()}


def _partitions(standing: Standing) -> dict[Path, bytes]:
    """The warehouse's files of the day that is over."""
    return {path: path.read_bytes() for path in (standing.home / "town" / "warehouse").glob("*/2026-03-02.parquet")}
