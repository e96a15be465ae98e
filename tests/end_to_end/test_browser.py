"""The UI of `leadgen up` in a real browser: what an operator sees, and a materialisation launched by hand."""

import shutil
import time
from collections.abc import Iterator

import pytest

from tests.standing import Standing

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.xdist_group("up"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


@pytest.fixture(scope="module")
def page(standing: Standing) -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        with playwright.chromium.launch(executable_path=CHROMIUM, args=arguments) as browser:
            page = browser.new_page(viewport={"width": 1600, "height": 1000})
            page.set_default_timeout(45_000)
            yield page


def test_the_asset_graph_shows_every_stage_and_its_assets(page, standing: Standing) -> None:
    page.goto(f"{standing.ui}/asset-groups")
    for stage in ("discovery", "qualification", "contacts", "personalization", "outreach", "engagement", "reporting"):
        page.locator("svg").get_by_text(stage, exact=True).first.wait_for()
    page.keyboard.press("Alt+KeyE")
    for asset in ("leads", "web_presence", "email_drafts", "email_sends", "tracking_events", "daily_report"):
        page.locator("svg").get_by_text(asset, exact=True).first.wait_for()
    assert not page.get_by_text("Join the Dagster community").is_visible()


def test_an_operator_materialises_the_latest_day_of_an_asset(page, standing: Standing) -> None:
    before = standing.runs().keys()
    page.goto(f"{standing.ui}/assets/qualification_scores?view=overview")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_role("button", name="Latest", exact=True).click()
    page.get_by_role("button", name="Launch 1 run").click()
    run = _launched(standing, set(before))
    assert {tag["key"]: tag["value"] for tag in run["tags"]}["dagster/partition"] == "2026-03-03"
    assert run["status"] == "SUCCESS"


def _launched(standing: Standing, before: set[str], timeout_seconds: float = 90) -> dict:
    """The run that an operator launched since then, once it ended."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        new = [run for run_id, run in standing.runs().items() if run_id not in before]
        for run in new:
            if run["jobName"] == "__ASSET_JOB" and run["status"] in {"SUCCESS", "FAILURE", "CANCELED"}:
                return run
        time.sleep(0.5)
    raise AssertionError(f"no launched run ended in time: {new}")
