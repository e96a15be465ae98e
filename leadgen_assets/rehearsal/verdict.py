"""The verdict of a rehearsal: the ledger compared with what the town knows to be true.

The truth comes from the population, the mail server's log and the acts; the product's rules compute nothing here.
"""

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import psycopg

from leadgen_assets.rehearsal.acts import ActLog
from leadgen_assets.rehearsal.truth import Business

State = Literal["passed", "failed", "skipped"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEEDY_QUALIFIED_SHARE = 0.97
_UNDISCOVERABLE_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the verdict."""

    name: str
    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class Mistakes:
    """What the product got wrong, counted against the town's truth."""

    needy: int
    needy_qualified: int
    false_qualified: int
    false_disqualified: int
    undiscoverable: int
    duplicate_sends: int
    lost_events: int
    misattributed_replies: int
    machine_as_person: int
    person_as_machine: int


def find_mistakes(
    connection: psycopg.Connection[dict[str, Any]],
    businesses: Iterable[Business],
    acts: ActLog,
    accepted_message_ids: Iterable[str],
) -> Mistakes:
    """Compare the ledger with the truth.

    Args:
        connection: the rehearsal's ledger; rows are dicts.
        businesses: the population.
        acts: what people and machines did.
        accepted_message_ids: Message-ID of every message to a business that the mail server accepted, repeats included.
    """
    owner = {key: business for business in businesses for key in (*business.source_keys, business.key)}
    leads = connection.execute("SELECT id, place_id, decision FROM leads").fetchall()
    judged = [(owner[lead["place_id"]], lead["decision"]) for lead in leads if lead["place_id"] in owner]
    counts = Counter(accepted_message_ids)
    lost, machine_as_person, person_as_machine = _judge_events(connection, acts)
    needy = [decision for business, decision in judged if business.needs_site]
    return Mistakes(
        needy=len(needy),
        needy_qualified=needy.count("qualified"),
        false_qualified=sum(
            decision == "qualified" and not b.needs_site and not b.undiscoverable for b, decision in judged
        ),
        false_disqualified=needy.count("disqualified"),
        undiscoverable=sum(b.undiscoverable for b, _ in judged),
        duplicate_sends=sum(count - 1 for count in counts.values()),
        lost_events=lost,
        misattributed_replies=_misattributed(connection, acts),
        machine_as_person=machine_as_person,
        person_as_machine=person_as_machine,
    )


def judge(
    counts: dict[str, Any], floors: dict[str, int], unanswered_messages: int = 0, too_rare: Container[str] = ()
) -> list[Check]:
    """Checks that nothing went wrong, and floors, because zero mistakes also hold when nothing happens.

    Args:
        counts: the figures of the rehearsal.
        floors: what each figure must at least be.
        unanswered_messages: how many messages the mail server took without saying so: as many may be unknown.
        too_rare: figures without a floor, because hardly anybody who was written to would add to them.
    """
    zeros = (
        "false_qualified",
        "duplicate_sends",
        "lost_events",
        "misattributed_replies",
        "machine_as_person",
    )
    checks = [Check(name, "passed" if counts[name] == 0 else "failed", f"{counts[name]}, must be 0") for name in zeros]
    unknown, rule = counts["unknown_sends"], f"at most {unanswered_messages}" if unanswered_messages else "0"
    state: State = "passed" if unknown <= unanswered_messages else "failed"
    checks.append(Check("unknown_sends", state, f"{unknown}, must be {rule}"))
    return checks + [_floor(name, counts[name], floor, is_rare=name in too_rare) for name, floor in floors.items()]


def judge_findings(counts: dict[str, Any], reason_to_skip: str | None) -> list[Check]:
    """Checks that nearly everybody who needs a site was found, and that few sites of the town cannot be found.

    Args:
        counts: the figures of the rehearsal.
        reason_to_skip: why this town, or what goes wrong in it, asks for no such share; None where it does.
    """
    if reason_to_skip:
        return [Check(name, "skipped", reason_to_skip) for name in ("needy_qualified", "undiscoverable")]
    found, needy, hidden = counts["needy_qualified"], counts["needy"], counts["undiscoverable"]
    share = f"{found} of {needy}, must be at least {_NEEDY_QUALIFIED_SHARE:.0%}"
    bound = f"{hidden} of {counts['leads']}, must be below {_UNDISCOVERABLE_SHARE:.0%}"
    return [
        Check("needy_qualified", "passed" if found >= _NEEDY_QUALIFIED_SHARE * needy else "failed", share),
        Check("undiscoverable", "passed" if hidden < _UNDISCOVERABLE_SHARE * counts["leads"] else "failed", bound),
    ]


def _floor(name: str, count: int, floor: int, *, is_rare: bool) -> Check:
    if is_rare and count < floor:
        return Check(f"{name}_floor", "skipped", "hardly anybody who was written to so far would do so")
    state: State = "passed" if count >= floor else "failed"
    return Check(f"{name}_floor", state, f"{count}, must be at least {floor}")


def as_rows(checks: Iterable[Check]) -> list[dict[str, str]]:
    """The checks as plain dicts."""
    return [asdict(check) for check in checks]


def _judge_events(connection: psycopg.Connection[dict[str, Any]], acts: ActLog) -> tuple[int, int, int]:
    """Lost events, machines taken for people, people taken for machines; matched by recipient, kind, virtual time."""
    rows = connection.execute(
        "SELECT e.event_type, e.verdict, e.occurred_at, lower(o.to_email) AS recipient FROM email_events e"
        " JOIN email_outreach o ON o.id = e.outreach_id WHERE e.origin = 'tracking'"
    )
    stored = {(row["recipient"], row["event_type"], _microseconds(row["occurred_at"])): row["verdict"] for row in rows}
    lost = machine_as_person = person_as_machine = 0
    for act in acts.acts:
        if not act.acknowledged or act.kind not in {"open", "click", "unsubscribe"} or act.detail.get("by") == "mail":
            continue
        verdict = stored.get((act.recipient.lower(), act.kind, act.at_us))
        lost += verdict is None
        machine_as_person += act.actor == "machine" and verdict == "person"
        person_as_machine += act.actor == "person" and verdict == "machine"
    return lost, machine_as_person, person_as_machine


def _misattributed(connection: psycopg.Connection[dict[str, Any]], acts: ActLog) -> int:
    """Answers filed under another message or under none, or that the last look into the mailbox should have found."""
    rows = connection.execute(
        "SELECT i.message_id, o.message_id AS answers FROM inbox_messages i"
        " LEFT JOIN email_outreach o ON o.id = i.outreach_id"
    )
    filed = {row["message_id"]: row["answers"] for row in rows}
    polled = connection.execute("SELECT max(polled_at) AS at FROM mailbox_cursors").fetchone()
    last_look_us = _microseconds(polled["at"]) if polled and polled["at"] else 0
    answers = [act for act in acts.acts if act.kind in {"reply", "auto_reply"} and act.at_us < last_look_us]
    return sum(filed.get(act.detail["reply_id"]) != act.message_id for act in answers)


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
