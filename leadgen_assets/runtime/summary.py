"""The result of a rehearsal as one JSON object: the funnel, what people and machines did, mistakes, checks and paths.

What the town saw is counted by the town (mail server, acts, messengers); what was decided is read from the ledger.
"""

import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadgen_assets.domain.countries import country_refusal
from leadgen_assets.rehearsal.expectations import acts_too_rare
from leadgen_assets.rehearsal.verdict import Check, as_rows, find_mistakes, judge, judge_findings
from leadgen_assets.runtime.rehearsal import Rehearsal
from leadgen_assets.storage.country_bases import present_bases
from leadgen_assets.storage.ledger import Connection, ledger_connection
from leadgen_assets.storage.reports import latest_report_day, read_workbook
from leadgen_assets.storage.warehouse import Warehouse

if TYPE_CHECKING:
    from leadgen_assets.runtime.timetable import Timetable

_USD_PER_PLACES_REQUEST = 0.035  # beyond the free allowance of the month
_HUNDRED_LEADS_FLOORS = {
    "sent": 25, "opened_person": 1, "opened_machine": 1, "clicked_person": 1, "clicked_machine": 1, "replied": 1,
    "auto_replied": 1, "unsubscribed": 1, "bounced": 1, "alerts_telegram": 1, "alerts_whatsapp": 1,
}  # fmt: skip
_SENT_DESPITE_FAULTS = 20
_DECIDED_DESPITE_FAULTS = 0.9
_FLOORS_FROM_LEADS = 100


def summarise(rehearsal: Rehearsal, timetable: "Timetable") -> dict[str, Any]:
    """Count everything, judge it against the town's truth, and write the files that people look at.

    Returns:
        The object that `leadgen rehearse --json` prints.
    """
    town = rehearsal.town
    with ledger_connection(rehearsal.settings.database_url or "") as connection:
        counts: dict[str, Any] = _ledger_counts(connection)
        sheets = Warehouse(rehearsal.settings.warehouse_folder).read("call_sheets", columns=["lead_id"])
        counts["call_sheet"] = sheets["lead_id"].n_unique()
        accepted = [mail.message_id for mail in town.mail.requests]
        mistakes = find_mistakes(connection, town.businesses, town.acts, accepted)
        report_path = _write_workbook(connection, rehearsal.settings.leadgen_home / "reports")
        counts |= _town_counts(rehearsal) | asdict(mistakes)
        decided = counts["qualified"] + counts["disqualified"]
        too_rare = acts_too_rare(town.businesses, (mail.recipient for mail in town.mail.requests))
        unanswered = rehearsal.faults.unanswered_messages
        checks = judge(counts | {"decided": decided}, _floors(rehearsal), unanswered, too_rare)
        checks += [
            *judge_findings(counts, _reason_not_to_ask_for_shares(rehearsal)),
            _runs(timetable),
            _bad_answers(rehearsal),
            _same_sends(connection, accepted),
            _proposals(rehearsal),
            _bases(connection),
            _asset_checks(timetable),
            *_faults(rehearsal),
        ]
    return counts | {
        "faults_injected": rehearsal.faults.injected.total(),
        "report_path": str(report_path) if report_path else None,
        **_write_first_message(rehearsal),
        "spent_usd": round(max(0, counts.pop("places_requests") - 1000) * _USD_PER_PLACES_REQUEST, 2),
        "runs": timetable.runs,
        "wall_seconds": round(time.monotonic() - rehearsal.started, 1),
        "checks": as_rows(checks),
    }


def _ledger_counts(connection: Connection) -> dict[str, int]:
    leads = connection.execute(
        "SELECT count(*) AS leads, count(*) FILTER (WHERE decision = 'qualified') AS qualified,"
        " count(*) FILTER (WHERE decision = 'disqualified') AS disqualified,"
        " count(*) FILTER (WHERE decision = 'unknown') AS unknown,"
        " count(*) FILTER (WHERE decision = 'qualified' AND route = 'email') AS with_email FROM leads"
    ).fetchone()
    outreach = connection.execute(
        "SELECT count(*) AS queued, count(*) FILTER (WHERE status = 'delivered') AS delivered,"
        " count(*) FILTER (WHERE status = 'failed') AS failed,"
        " count(*) FILTER (WHERE status = 'unknown') AS unknown_sends FROM email_outreach"
    ).fetchone()
    places = connection.execute(
        "SELECT coalesce(sum(used), 0)::int AS used FROM quota_usage WHERE service LIKE 'google%'"
    ).fetchone()
    drafted = connection.execute(
        "SELECT count(DISTINCT subject) AS n FROM captures WHERE asset = 'draft_completions'"
    ).fetchone()
    return {
        **(leads or {}),
        **(outreach or {}),
        "places_requests": (places or {})["used"],
        "drafted": (drafted or {})["n"],
    }


def _town_counts(rehearsal: Rehearsal) -> dict[str, int]:
    acts, town = rehearsal.town.acts, rehearsal.town
    refused = Counter(refusal.recipient for refusal in town.mail.refusals if refusal.reply.startswith("550"))
    return {
        "places": len({key for business in town.businesses for key in business.source_keys}),
        "sent": len(town.mail.requests),
        "bounced": len(refused) + acts.count("bounce"),
        "opened_person": acts.count("open", "person"),
        "opened_machine": acts.count("open", "machine"),
        "clicked_person": acts.count("click", "person"),
        "clicked_machine": acts.count("click", "machine"),
        "replied": acts.count("reply"),
        "auto_replied": acts.count("auto_reply"),
        "unsubscribed": acts.count("unsubscribe"),
        "alerts_telegram": len(town.messengers.sent("telegram")),
        "alerts_whatsapp": len(town.messengers.sent("whatsapp")),
    }


def _floors(rehearsal: Rehearsal) -> dict[str, int]:
    """Zero mistakes also hold when nothing happens: a whole first day with 100 leads must show every kind of act."""
    leads, kind = len(rehearsal.town.businesses), rehearsal.faults.kind
    if leads < _FLOORS_FROM_LEADS or rehearsal.plan.days < 1:
        return {"leads": leads // 2}
    floors = dict(_HUNDRED_LEADS_FLOORS)
    if kind != "none":
        floors["sent"] = _SENT_DESPITE_FAULTS
    if kind in {"network", "chaos"}:
        floors["decided"] = round(_DECIDED_DESPITE_FAULTS * leads)
    return floors


def _reason_not_to_ask_for_shares(rehearsal: Rehearsal) -> str | None:
    if rehearsal.faults.kind in {"network", "chaos"}:
        return "faults of the network keep some undecided"
    if not rehearsal.plan.is_drawn:
        return "the town comes from a file"
    if len(rehearsal.town.businesses) < _FLOORS_FROM_LEADS or rehearsal.plan.days < 1:
        return f"only for a town of {_FLOORS_FROM_LEADS} and more"
    return None


def _faults(rehearsal: Rehearsal) -> list[Check]:
    """Nothing is proved by faults that never happened."""
    injected = rehearsal.faults.injected
    if rehearsal.faults.kind == "none":
        return []
    detail = ", ".join(f"{count} {name}" for name, count in sorted(injected.items())) or "none"
    if unanswered := len(rehearsal.town.acts.unacknowledged):
        detail += f"; {unanswered} visits without an answer"
    return [Check("faults_injected", "passed" if injected else "failed", detail)]


def _runs(timetable: "Timetable") -> Check:
    detail = "; ".join(timetable.failed[:3]) or f"{timetable.runs} runs succeeded"
    return Check("runs_succeeded", "failed" if timetable.failed else "passed", detail)


def _bad_answers(rehearsal: Rehearsal) -> Check:
    bad = rehearsal.town.acts.bad_answers
    return Check(
        "visitors_were_served",
        "failed" if bad else "passed",
        "; ".join(answer.problem for answer in bad[:3]) or "no bad answer",
    )


def _same_sends(connection: Connection, accepted: list[str]) -> Check:
    """Whatever the ledger calls sent was accepted, and whatever was accepted is called sent, or unknown."""
    rows = connection.execute(
        "SELECT message_id, sent_at, status FROM email_outreach WHERE sent_at IS NOT NULL OR status = 'unknown'"
    ).fetchall()
    sent = {row["message_id"] for row in rows if row["sent_at"]}
    unknown = {row["message_id"] for row in rows} - sent
    town = set(accepted)
    detail = f"ledger {len(sent)}, mail server {len(town)} messages"
    if unknown:
        detail += f", {len(unknown)} unknown"
    return Check("ledger_equals_mail_server", "passed" if sent <= town <= sent | unknown else "failed", detail)


def _proposals(rehearsal: Rehearsal) -> Check:
    from leadgen_assets.domain.pdf import missing_library

    missing = missing_library()
    if missing:
        return Check("proposals_rendered", "skipped", missing)
    firsts = [mail for mail in rehearsal.town.mail.requests if b"\r\nIn-Reply-To: " not in mail.content]
    attached = sum(b"application/pdf" in mail.content for mail in firsts)
    total = len(firsts)
    return Check(
        "proposals_rendered",
        "passed" if attached == total else "failed",
        f"{attached} of {total} first messages carry their PDF",
    )


def _bases(connection: Connection) -> Check:
    """Nobody was written to in a country that asks for more than a way to refuse, unless a basis was recorded."""
    bases = present_bases(connection)
    rows = connection.execute(
        "SELECT DISTINCT country FROM email_outreach WHERE transmitting_at IS NOT NULL"
    ).fetchall()
    refused = [refusal for row in rows if (refusal := country_refusal(row["country"], bases))]
    detail = "; ".join(refused or [f"{country}: {basis}" for country, basis in bases.items()])
    return Check("countries_permitted", "failed" if refused else "passed", detail)


def _asset_checks(timetable: "Timetable") -> Check:
    failed = timetable.failed_checks
    return Check(
        "asset_checks",
        "failed" if failed else "passed",
        "; ".join(failed[:3]) or f"{timetable.checks} evaluations passed",
    )


def _write_workbook(connection: Connection, folder: Path) -> Path | None:
    day = latest_report_day(connection)
    found = read_workbook(connection, day) if day else None
    if found is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / found[0]
    path.write_bytes(found[1])
    return path


def _write_first_message(rehearsal: Rehearsal) -> dict[str, str | None]:
    """The first message that the mail server accepted, and the PDF taken out of it: what a recipient got."""
    from email import message_from_bytes, policy

    paths: dict[str, str | None] = {"email_path": None, "proposal_path": None}
    folder = rehearsal.settings.leadgen_home / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    for mail in rehearsal.town.mail.requests[:1]:
        path = folder / "First_email.eml"
        path.write_bytes(mail.content)
        paths["email_path"] = str(path)
        for part in message_from_bytes(mail.content, policy=policy.default).walk():
            if part.get_content_type() == "application/pdf":
                path = folder / (part.get_filename() or "Proposal.pdf")
                path.write_bytes(part.get_content())
                paths["proposal_path"] = str(path)
    return paths
