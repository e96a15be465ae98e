"""The day's follow-ups, frozen and queued beside the first messages.

Part of the outreach stage: the assets are in `outreach`.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from leadgen_assets.domain.countries import country_refusal
from leadgen_assets.domain.follow_ups import Thread, follow_up_draft
from leadgen_assets.domain.identity import campaign_id_of
from leadgen_assets.domain.message import MessageError
from leadgen_assets.domain.pacing import day_of
from leadgen_assets.resources import Platform
from leadgen_assets.sender.claims import suppressions_of
from leadgen_assets.settings import Settings
from leadgen_assets.stages.freezing import FIRST_STEP, freeze
from leadgen_assets.stages.operator import operator_of
from leadgen_assets.storage.country_bases import present_bases
from leadgen_assets.storage.follow_ups import DueFollowUp, follow_ups_due
from leadgen_assets.storage.messages import MessageFiles
from leadgen_assets.storage.outreach import open_campaign, queue_message
from leadgen_assets.storage.suppressions import Recipient


def queue_follow_ups(platform: Platform, day: date, warn: Callable[[str], None]) -> int:
    """Queue the follow-ups that are due on a day; how many there were. Each is committed on its own."""
    settings, days = platform.settings, platform.settings.follow_up_days
    if not days:
        return 0
    files, now, queued = MessageFiles(settings.messages_folder), platform.clock.now(), 0
    with platform.ledger() as connection:
        open_campaign(connection, campaign_id_of(day), day, now)
        bases = present_bases(connection)
        for step, after_days in enumerate(days, start=FIRST_STEP + 1):
            for due in follow_ups_due(connection, step, after_days, day, settings.operator_timezone):
                recipient = Recipient(due.to_email, due.organisation)
                if suppressions_of(settings).reason(connection, recipient) or country_refusal(due.country, bases):
                    continue
                draft = _draft(due, step, settings)
                try:
                    frozen = freeze(draft, None, settings, now, step=step, thread=due.message_ids)
                except MessageError as error:
                    warn(f"The follow-up to lead {due.lead_id} is not queued: {error}")
                    continue
                files.store(frozen.final.content)
                queued += queue_message(connection, campaign_id_of(day), frozen.row)
                connection.commit()
    return queued


def _draft(due: DueFollowUp, step: int, settings: Settings) -> dict[str, Any]:
    thread = Thread(
        name=due.business_name,
        to_email=due.to_email,
        subject=due.subject,
        first_sent_on=day_of(due.first_sent_at, settings.operator_timezone),
        step=step,
        is_last=step == FIRST_STEP + len(settings.follow_up_days),
    )
    draft = follow_up_draft(str(due.lead_id), thread, operator_of(settings))
    return draft | {"country": due.country, "timezone": due.timezone}
