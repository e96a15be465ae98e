"""Checks of an own site's pages that give evidence and, by the packaged rules, no points."""

import re
from collections.abc import Sequence
from datetime import datetime

from leadgen_assets.domain.pages import Page
from leadgen_assets.domain.sites import State

PAGE_CHECKS = ("structured_data", "up_to_date", "booking_or_menu")
STALE_YEARS = 3
_YEAR = re.compile(r"(?:©|\(c\)|copyright)[^0-9]{0,40}(?:(?:19|20)\d\d\s*[-–]\s*)?((?:19|20)\d\d)", re.IGNORECASE)
_SERVICES = re.compile(
    r"\b(book(ing)?( online| now| a| an)?\b|reserv\w+|appointments?|order (online|now)|menus?\b|varaa|ajanvaraus"
    r"|varaukset|tilaa|ruokalista|lounaslista|termin|buchen|bestellen|speisekarte|boka|beställ|meny|réserv\w+|commander"
    r"|carte\b|prenota\w*|ordina|pedir|reservar)",
    re.IGNORECASE,
)


def check_pages(pages: Sequence[Page], at: datetime) -> dict[str, tuple[State, str]]:
    """The checks of PAGE_CHECKS.

    Args:
        pages: of the lead's own site, its home page first; empty where it has none.
        at: when they were captured.
    """
    if not pages:
        return dict.fromkeys(PAGE_CHECKS, ("not_applicable", "There is no own site to look at."))
    lacking: State = "unknown" if pages[0].is_filled_by_scripts else "absent"
    return {
        "structured_data": (
            ("present", "") if any(page.structured for page in pages) else (lacking, "It carries no structured data.")
        ),
        "up_to_date": _up_to_date(pages, at),
        "booking_or_menu": (
            ("present", "")
            if any(_offers(page) for page in pages)
            else (lacking, "No booking, ordering or menu was found on its pages.")
        ),
    }


def _up_to_date(pages: Sequence[Page], at: datetime) -> tuple[State, str]:
    years = [int(year) for page in pages for year in _YEAR.findall(page.text) if int(year) <= at.year]
    if not years:
        return "unknown", "Its pages name no year of copyright."
    latest = max(years)
    state: State = "absent" if latest <= at.year - STALE_YEARS else "present"
    return state, f"The latest year of copyright on its pages is {latest}."


def _offers(page: Page) -> bool:
    return bool(_SERVICES.search(" ".join([page.text[:20_000], *(label for _, label in page.links)])))
