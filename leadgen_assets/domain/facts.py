"""The facts that a letter to one lead may rest on, cleaned of everything that is not plain text.

Nothing else about the business is known to the writer, model or template, and every claim is checked against these.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadgen_assets.domain.findings import Finding, finding_of
from leadgen_assets.domain.listed_trades import listed_trade
from leadgen_assets.domain.trades import Trade

MAX_NAME_CHARACTERS = 70
_JOINERS = {"\u200c", "\u200d"}  # written in Persian and Indic words, and inside emoji
_ADDRESSES = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+", re.IGNORECASE)
_MARKUP = re.compile(r"[<>`{}\[\]\\|]")
_NAMELESS = "your business"


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """What is known about one lead.

    Attributes:
        name: as shown to people; no markup, no control characters, at most 70 characters.
        trade: our words for its trade; general ones where the listing names none.
        city: null where unknown.
        rating: 0 to 5 of the source, null where unknown.
        review_count: null where unknown.
        finding: what was found about its web presence.
    """

    name: str
    trade: Trade
    city: str | None
    rating: float | None
    review_count: int | None
    finding: Finding

    def as_data(self) -> dict[str, Any]:
        """What the model is told: known facts only, by plain names."""
        known = {
            "business_name": self.name,
            "trade": self.trade.noun if self.trade.is_listed else None,
            "city": self.city,
            "rating": self.rating,
            "review_count": self.review_count,
            "web_presence": self.finding.sentence(),
        }
        return {name: value for name, value in known.items() if value is not None}


def facts_of(lead: Mapping[str, Any], score: Mapping[str, Any] | None) -> LeadFacts:
    """The facts in a row of `leads` and one of `qualification_scores`."""
    rated = lead.get("rating") is not None and bool(lead.get("review_count"))
    return LeadFacts(
        name=shown_name(lead.get("name")),
        trade=listed_trade(lead.get("category"), lead.get("industry")),
        city=plain_text(lead.get("city"))[:MAX_NAME_CHARACTERS] or None,
        rating=lead["rating"] if rated else None,
        review_count=lead["review_count"] if rated else None,
        finding=finding_of((score or {}).get("presence")),
    )


def shown_name(name: str | None) -> str:
    """A business name as a letter may show it: one line of text without markup, addresses or invisible signs."""
    text = plain_text(_ADDRESSES.sub(" ", _MARKUP.sub(" ", name or "")))
    return shortened(text, MAX_NAME_CHARACTERS) or _NAMELESS


def plain_text(text: str | None) -> str:
    """The text in one line, composed, without control, private or direction-changing characters."""
    composed = unicodedata.normalize("NFC", text or "")
    kept = (sign if _is_visible(sign) else " " if unicodedata.category(sign) == "Cc" else "" for sign in composed)
    return " ".join("".join(kept).split())


def shortened(text: str, limit: int) -> str:
    """The text, or its beginning up to a whole word and an ellipsis, in at most `limit` characters."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    whole = head.rsplit(" ", 1)[0] if " " in head[limit // 2 :] else head
    return f"{whole.rstrip(' ,.;:-–&')}…"


def _is_visible(sign: str) -> bool:
    return sign in _JOINERS or unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
