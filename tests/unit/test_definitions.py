"""The code location as Dagster sees it: loaded on a bare machine, and pinned name by name so that a change shows as a readable diff."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("definitions")  # they share what loading it takes

# asset: (group, leadgen/kind, technologies, upstream)
ASSETS = {
    "places": ("discovery", "observation", "postgres python", ""),
    "leads": ("discovery", "derivation", "polars", "places"),
    "web_captures": ("qualification", "observation", "dnspython httpx", "leads"),
    "web_presence": ("qualification", "derivation", "polars", "web_captures"),
    "qualification_scores": ("qualification", "derivation", "polars", "web_presence"),
    "contacts": ("contacts", "derivation", "polars", "qualification_scores web_captures"),
    "call_sheets": ("contacts", "derivation", "polars", "contacts qualification_scores"),
    "draft_completions": ("personalization", "observation", "groq", "contacts leads qualification_scores"),
    "email_drafts": (
        "personalization",
        "derivation",
        "polars",
        "contacts draft_completions leads qualification_scores",
    ),
    "proposals": (
        "personalization",
        "derivation",
        "weasyprint",
        "email_drafts leads qualification_scores web_presence",
    ),
    "lead_register": ("outreach", "action", "postgres", "contacts leads qualification_scores web_presence"),
    "outreach_queue": ("outreach", "action", "email postgres", "email_drafts lead_register proposals"),
    "email_sends": ("outreach", "action", "postgres smtp", "outreach_queue"),
    "inbox_messages": ("engagement", "observation", "imap postgres", "email_sends"),
    "engagement": ("engagement", "derivation", "polars", "inbox_messages tracking_events"),
    "alerts": ("engagement", "action", "postgres telegram", "engagement"),
    "ledger_snapshot": ("reporting", "observation", "postgres", "email_sends engagement lead_register"),
    "daily_report": ("reporting", "derivation", "excel polars", "ledger_snapshot"),
    "report_delivery": ("reporting", "action", "postgres smtp", "daily_report"),
}
EXTERNAL_ASSETS = {"tracking_events": ("engagement", "external", "falcon postgres", "")}
OWNER = "team:leadgen"
CHECKS = {
    "places": ["places_are_unique"],
    "leads": ["leads_are_unique"],
    "qualification_scores": ["scores_within_bounds"],
    "draft_completions": ["model_answered"],
    "email_drafts": ["drafts_are_lawful"],
    "proposals": ["proposals_rendered"],
    "outreach_queue": ["queued_mail_is_complete", "sending_is_permitted"],
    "email_sends": ["nothing_sent_to_suppressed"],
    "daily_report": ["report_equals_ledger"],
}
DISCOVERY_TO_DRAFTS = [
    "places", "leads", "web_captures", "web_presence", "qualification_scores", "contacts", "call_sheets", "draft_completions",
    "email_drafts", "proposals",
]  # fmt: skip
JOBS = {
    "daily_pipeline": [*DISCOVERY_TO_DRAFTS, "lead_register", "outreach_queue"],
    "email_sending": ["email_sends"],
    "reply_polling": ["inbox_messages", "engagement"],
    "day_close": ["email_sends", "inbox_messages", "engagement", "alerts"],
    "daily_reporting": [
        "email_sends", "inbox_messages", "engagement", "alerts", "ledger_snapshot", "daily_report", "report_delivery",
    ],
    "discovery_stage": ["places", "leads"],
    "qualification_stage": ["web_captures", "web_presence", "qualification_scores"],
    "contacts_stage": ["contacts", "call_sheets"],
    "personalization_stage": ["draft_completions", "email_drafts", "proposals"],
    "outreach_stage": ["lead_register", "outreach_queue", "email_sends"],
    "engagement_stage": ["inbox_messages", "engagement", "alerts"],
    "reporting_stage": ["ledger_snapshot", "daily_report", "report_delivery"],
    "erasure": [],
    "retention": [],
}  # fmt: skip
# schedule: (job, cron, zone)
SCHEDULES = {
    "daily_pipeline_schedule": ("daily_pipeline", "0 6 * * *", "Europe/Helsinki"),
    "email_sending_schedule": ("email_sending", "*/6 * * * *", "Europe/Helsinki"),
    "reply_polling_schedule": ("reply_polling", "*/30 * * * *", "Europe/Helsinki"),
    "day_close_schedule": ("day_close", "15 5 * * *", "Europe/Helsinki"),
    "daily_reporting_schedule": ("daily_reporting", "30 23 * * *", "Europe/Helsinki"),
}
SENSORS = {
    "tracking_reactions": [], "pipeline_requests": ["daily_pipeline"], "run_failures": [],
    "erasure_requests": ["erasure"], "expired_content": ["retention"], "heartbeat": [],
}  # fmt: skip

HOURS = {"DISCOVERY_HOUR": "7", "OUTREACH_HOUR": "10", "OUTREACH_END_HOUR": "15", "REPORT_HOUR": "22", "REPORT_MINUTE": "5"}  # fmt: skip
# The settings of an operator who loads the code location, by case.
CASES: dict[str, dict[str, str]] = {
    "bare": {},
    "configured": {"OPERATOR_TIMEZONE": "Europe/Helsinki", "LEADGEN_MODE": "live"},
    "broken": {"LEADGEN_MODE": "banana", "DISCOVERY_HOUR": "25"},
    "other hours": HOURS,
}

# The definitions read hours and zone once, when they load: each case is a fork of one process that has loaded Dagster
# and other libraries, which know nothing of our settings and take seconds.
DESCRIBE = """
import json, os, socket, sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"} and not str(arguments[-1]).startswith("/"):
        raise SystemExit(f"the code location used the network: {event} {arguments}")

sys.addaudithook(refuse)
import dagster, dns.resolver, httpx, jinja2, phonenumbers, polars, psycopg, rapidfuzz, sqlalchemy

def name(key):
    return key.to_user_string()

def describe():
    from leadgen_assets.definitions import defs

    graph, repository = defs.resolve_asset_graph(), defs.get_repository_def()
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    return {
        "assets": {
            name(node.key): {
                "shape": [node.group_name, node.tags.get("leadgen/kind"), " ".join(sorted(node.kinds)), " ".join(sorted(map(name, node.parent_keys)))],
                "external": not node.is_materializable,
                "owners": list(node.owners),
                "described": bool((node.description or "").strip()),
                "versioned": node.code_version is not None,
                "zone": node.partitions_def.timezone if node.partitions_def else None,
            }
            for node in nodes
        },
        "checks": sorted((name(key.asset_key), key.name) for key in graph.asset_check_keys),
        "jobs": {
            job.name: sorted(name(key) for key in repository.get_job(job.name).asset_layer.executable_asset_keys)
            for job in defs.jobs
        },
        "schedules": {s.name: [s.job_name, s.cron_schedule, s.execution_timezone, s.default_status.value] for s in repository.schedule_defs},
        "sensors": {s.name: sorted(t.job_name for t in s.targets) for s in repository.sensor_defs},
    }

assert not [module for module in sys.modules if module.startswith(("leadgen_assets", "tracking_service"))]
for case, environment in json.load(sys.stdin).items():
    if os.fork() == 0:
        os.environ.update(environment)
        print(json.dumps([case, describe()]), flush=True)
        os._exit(0)
    if os.wait()[1]:
        sys.exit(f"{case}: it did not load")
"""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """What the code location is in each case, loaded in an empty folder and without the network."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DESCRIBE],
        input=json.dumps(CASES),
        env={"PYTHONPATH": str(ROOT)},
        cwd=tmp_path_factory.mktemp("code location"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.fixture
def bare(described: dict[str, dict]) -> dict:
    """Without one setting."""
    return described["bare"]


@pytest.fixture
def configured(described: dict[str, dict]) -> dict:
    """Of an operator in Helsinki who goes live."""
    return described["configured"]


def test_it_loads_with_no_settings_and_no_network(bare):
    assert bare["assets"]
    assert {asset["zone"] for asset in bare["assets"].values()} == {"UTC"}


def test_it_loads_with_settings_that_are_broken(described, bare):
    assert described["broken"]["assets"].keys() == bare["assets"].keys()


def test_assets_have_their_group_kind_technologies_and_upstream(bare):
    found = {key: tuple(asset["shape"]) for key, asset in bare["assets"].items()}
    assert found == ASSETS | EXTERNAL_ASSETS


def test_nothing_but_the_tracking_events_comes_from_outside(bare):
    """A misspelt dependency would show here as a second external asset."""
    assert {key for key, asset in bare["assets"].items() if asset["external"]} == set(EXTERNAL_ASSETS)


def test_every_asset_has_owner_description_and_the_operators_days(configured):
    for key, asset in configured["assets"].items():
        assert asset["owners"] == [OWNER], key
        assert asset["described"], key
        assert asset["zone"] == "Europe/Helsinki", key


def test_exactly_the_derivations_have_a_code_version(bare):
    versioned = {key for key, asset in bare["assets"].items() if asset["versioned"]}
    assert versioned == {key for key, (_, kind, _, _) in ASSETS.items() if kind == "derivation"}


def test_asset_checks_are_these(bare):
    assert bare["checks"] == sorted([key, check] for key, checks in CHECKS.items() for check in checks)


def test_jobs_select_these_assets(bare):
    assert bare["jobs"] == {name: sorted(assets) for name, assets in JOBS.items()}


def test_schedules_fire_at_the_operators_hours_and_run_in_live_mode_only(bare, configured):
    assert configured["schedules"] == {name: [*schedule, "RUNNING"] for name, schedule in SCHEDULES.items()}
    assert {status for *_, status in bare["schedules"].values()} == {"STOPPED"}


def test_the_hours_are_settings(described):
    crons = {name: schedule[1] for name, schedule in described["other hours"]["schedules"].items()}
    assert crons == {
        "daily_pipeline_schedule": "0 7 * * *",
        "email_sending_schedule": "*/6 * * * *",  # the outreach hours are each recipient's own
        "reply_polling_schedule": "*/30 * * * *",
        "day_close_schedule": "15 6 * * *",
        "daily_reporting_schedule": "5 22 * * *",
    }


def test_sensors_are_these(bare):
    assert bare["sensors"] == {name: sorted(jobs) for name, jobs in SENSORS.items()}


def test_dg_finds_nothing_wrong_without_a_setting_or_a_database():
    environment = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin:/bin"}
    done = subprocess.run(
        [Path(sys.executable).with_name("dg"), "check", "defs"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All definitions loaded successfully" in done.stdout + done.stderr
