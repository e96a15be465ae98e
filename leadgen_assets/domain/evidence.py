"""What the proposal's first page shows of the evidence: the checks that people understand, under names for people."""

from collections.abc import Iterable, Mapping
from typing import Any

_SHOWN: tuple[tuple[str, str, str], ...] = (  # check, state, title
    ("own_site", "absent", "Website"),
    ("own_site", "present", "Website"),
    ("https", "absent", "Secure connection"),
    ("viewport", "absent", "On a telephone"),
    ("title_and_description", "absent", "For search engines"),
    ("social_page", "present", "Social networks"),
    ("social_page", "absent", "Social networks"),
    ("rating", "present", "Rating"),
)
_IN_OTHER_WORDS = {"viewport": "The page is not laid out for small screens."}


def shown_evidence(presence: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Pairs of title and text from one lead's rows of `web_presence`, the most telling first; unknown is not shown."""
    details = {(row["check"], row["state"]): row["detail"] for row in presence}
    found = ((check, title, details.get((check, state))) for check, state, title in _SHOWN)
    return [(title, _IN_OTHER_WORDS.get(check, detail)) for check, title, detail in found if detail]
