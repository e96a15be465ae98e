"""One first letter with its PDF for the operator's own eyes: of the latest draft, else about an invented business.

It is drafted, printed and frozen anew by what makes every letter, with today's settings. Its links are signed for a
message that no ledger knows: they work, and nothing that follows from them counts. Handing it over is the sender's.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from leadgen_assets.domain.drafting import draft_email
from leadgen_assets.domain.evidence import shown_evidence
from leadgen_assets.domain.identity import lead_id_of
from leadgen_assets.domain.proposal import STYLESHEET, proposal_filename, proposal_pages
from leadgen_assets.settings import Settings
from leadgen_assets.stages.freezing import Frozen, freeze
from leadgen_assets.stages.operator import operator_of, services_of
from leadgen_assets.stages.printing import Document, print_all
from leadgen_assets.storage.warehouse import Warehouse

SUBJECT_MARK = "[TEST] "
_INVENTED: dict[str, Any] = {
    "name": "Invented Bakery",
    "category": "shop=bakery",
    "industry": "bakery",
    "city": "Exampleville",
}
_NO_SITE = "No website found: none is listed and no likely address shows one."


@dataclass(frozen=True, slots=True)
class SampleLetter:
    """A frozen letter that nobody else will get.

    Attributes:
        frozen: the message; its row is never stored.
        business: whom it speaks of.
        drafted_on: the day of the draft; None where the business is invented.
        without_pdf: why there is no PDF, one sentence; empty where there is one.
    """

    frozen: Frozen
    business: str
    drafted_on: date | None
    without_pdf: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known about one lead: the rows that its letter and its proposal are made of."""

    lead: dict[str, Any]
    score: dict[str, Any]
    contact: dict[str, Any]
    completion: dict[str, Any] | None
    presence: list[dict[str, Any]]
    drafted_on: date | None


def sample_letter(settings: Settings, at: datetime, to_email: str) -> SampleLetter:
    """A letter to an address of the operator's; always with its PDF attached, where this machine can make one.

    Args:
        settings: who writes and what is offered; where the drafts are.
        at: the aware moment at which it is made.
        to_email: who gets it.

    Raises:
        ServicesError: if SERVICES_FILE cannot be used.
        MessageError: if no message can be made of it.
    """
    known = _latest(Warehouse(settings.warehouse_folder)) or _Known(
        _INVENTED, {"presence": _NO_SITE}, {"email_origin": "record"}, None, [], None
    )
    services = services_of(settings)
    operator = operator_of(settings, services)
    lead = known.lead | {"lead_id": str(lead_id_of(f"test:{to_email}:{at.isoformat()}"))}
    draft = draft_email(lead, known.score, known.contact | {"email": to_email}, known.completion, operator)
    day = known.drafted_on or at.date()
    pages = proposal_pages(lead, known.score, draft, shown_evidence(known.presence), operator, services, day)
    [pdf] = print_all([Document(pages, STYLESHEET, lead["lead_id"])])
    without = pdf if isinstance(pdf, str) else ""
    proposal = {
        "filename": proposal_filename(lead["name"]),
        "state": "not_rendered" if isinstance(pdf, str) else "rendered",
        "pdf": None if isinstance(pdf, str) else pdf.content,
    }
    attached = settings.model_copy(update={"proposal_delivery": "attach"})  # a linked one would be a file left behind
    frozen = freeze(draft | {"subject": f"{SUBJECT_MARK}{draft['subject']}"}, proposal, attached, at)
    return SampleLetter(frozen, lead["name"] or "", known.drafted_on, without)


def _latest(warehouse: Warehouse) -> _Known | None:
    """A lead of the latest day that has drafts, with the latest that is known about it; None where there is none."""
    for day in reversed(warehouse.days("email_drafts")):
        drafted = warehouse.read("email_drafts", since=day, until=day, columns=["lead_id"])
        for lead_id in sorted(drafted["lead_id"]):
            lead = _last(warehouse, "leads", lead_id, day)
            if lead:
                return _Known(
                    lead,
                    _last(warehouse, "qualification_scores", lead_id, day),
                    _last(warehouse, "contacts", lead_id, day),
                    _last(warehouse, "draft_completions", lead_id, day) or None,
                    _presence(warehouse, lead_id, day),
                    day,
                )
    return None


def _last(warehouse: Warehouse, asset: str, lead_id: str, day: date) -> dict[str, Any]:
    rows = warehouse.read(asset, until=day).filter(pl.col("lead_id") == lead_id)
    return rows.row(-1, named=True) if rows.height else {}


def _presence(warehouse: Warehouse, lead_id: str, day: date) -> list[dict[str, Any]]:
    rows = warehouse.read("web_presence", until=day).filter(pl.col("lead_id") == lead_id)
    return rows.filter(pl.col("captured_at") == pl.col("captured_at").max()).rows(named=True)
