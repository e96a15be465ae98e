"""Which of the day's drafts become messages, and their way into the queue; or into files, in a dry run.

Part of the outreach stage: the assets are in `outreach`, the building of one message in `freezing`.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import polars as pl

from leadgen_assets.domain.countries import country_refusal
from leadgen_assets.domain.identity import campaign_id_of
from leadgen_assets.domain.message import MessageError, dated
from leadgen_assets.resources import Platform
from leadgen_assets.sender.claims import suppressions_of
from leadgen_assets.stages.freezing import FIRST_STEP, Frozen, freeze
from leadgen_assets.storage.country_bases import present_bases
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.messages import MessageFiles, write_durably
from leadgen_assets.storage.outreach import (
    Standing,
    leads_already_in_ledger,
    leads_to_write_to,
    open_campaign,
    queue_message,
)
from leadgen_assets.storage.suppressions import Recipient
from tracking_service.hashes import normal_address

Warn = Callable[[str], None]


def queue_drafts(
    platform: Platform, drafts: pl.DataFrame, proposals: pl.DataFrame, day: date, warn: Warn
) -> dict[str, Any]:
    """Freeze and queue what may be queued; each message is committed on its own, so that a killed run goes on."""
    files = MessageFiles(platform.settings.messages_folder)
    now, campaign = platform.clock.now(), campaign_id_of(day)
    with platform.ledger() as connection:
        open_campaign(connection, campaign, day, now)
        standings = leads_to_write_to(connection, _ids(drafts), FIRST_STEP)
        wanted, counts = _permitted(connection, platform, drafts, standings, warn)
        queued, refused = 0, 0
        for draft in wanted:
            frozen = _frozen(platform, draft, proposals, warn)
            if frozen is None:
                refused += 1
                continue
            files.store(frozen.final.content)
            if frozen.linked_pdf:
                write_durably(platform.settings.proposals_folder / f"{frozen.row.id}.pdf", frozen.linked_pdf)
            queued += queue_message(connection, campaign, frozen.row)
            connection.commit()
    return {"newly_queued": queued, "refused": refused, **counts}


def write_dry_run(
    platform: Platform, drafts: pl.DataFrame, proposals: pl.DataFrame, day: date, warn: Warn
) -> dict[str, Any]:
    """Write what would be queued as files; leads that the ledger does not know yet count as free to be written to."""
    folder = platform.settings.leadgen_home / "dry-run" / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    with platform.ledger() as connection:
        ids = _ids(drafts)
        new = set(ids) - leads_already_in_ledger(connection, ids)
        unknown = {
            UUID(row["lead_id"]): Standing(country=row["country"])
            for row in drafts.iter_rows(named=True)
            if UUID(row["lead_id"]) in new
        }
        standings = leads_to_write_to(connection, ids, FIRST_STEP) | unknown
        wanted, counts = _permitted(connection, platform, drafts, standings, warn)
    written = 0
    for draft in wanted:
        frozen = _frozen(platform, draft, proposals, warn)
        if frozen is not None:
            (folder / f"{frozen.row.id}.eml").write_bytes(dated(frozen.final.content, platform.clock.now()))
            if frozen.linked_pdf:
                (folder / f"{frozen.row.id}.pdf").write_bytes(frozen.linked_pdf)
            written += 1
    return {"written": written, "folder": str(folder), **counts}


def _permitted(
    connection: Connection, platform: Platform, drafts: pl.DataFrame, standings: dict[UUID, Standing], warn: Warn
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The drafts that may be queued, one for each address and organisation; and how many were kept back, and why."""
    rows = [row for row in drafts.sort("lead_id").iter_rows(named=True) if UUID(row["lead_id"]) in standings]
    recipients = [Recipient(row["to_email"] or "", standings[UUID(row["lead_id"])].organisation) for row in rows]
    suppressed = suppressions_of(platform.settings).found(connection, set(recipients))
    bases = present_bases(connection)
    wanted, taken, refusals = [], set[str](), Counter[str]()
    for row, recipient in zip(rows, recipients, strict=True):
        standing = standings[UUID(row["lead_id"])]
        refusal = country_refusal(standing.country, bases)
        if refusal:
            refusals[refusal] += 1
            continue
        names = {normal_address(recipient.address), *([recipient.organisation] if recipient.organisation else [])}
        if recipient not in suppressed and not names & taken:
            wanted.append(row | {"country": standing.country, "timezone": standing.timezone})
            taken |= names
    for refusal, count in sorted(refusals.items()):
        warn(f"{count} drafts are not queued: {refusal} (`leadgen basis list`).")
    counts = {
        "suppressed": sum(recipient in suppressed for recipient in recipients),
        "refused_by_country": refusals.total(),
    }
    return wanted, counts


def _frozen(platform: Platform, draft: dict[str, Any], proposals: pl.DataFrame, warn: Warn) -> Frozen | None:
    proposal = proposals.filter(pl.col("lead_id") == draft["lead_id"])
    try:
        attached = proposal.row(0, named=True) if proposal.height else None
        return freeze(draft, attached, platform.settings, platform.clock.now())
    except MessageError as error:
        warn(f"The draft of lead {draft['lead_id']} is not queued: {error}")
        return None


def _ids(drafts: pl.DataFrame) -> list[UUID]:
    return [UUID(value) for value in drafts["lead_id"]]
