"""The best lawful route to each qualified lead: a published email address, else the telephone, else a visit.

Which addresses there are is found in `contact_candidates`. Whether a message may go out is decided by the ledger.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from leadgen_assets.domain.contact_candidates import EmailCandidate, contact_candidates
from leadgen_assets.domain.mail_domains import MailState, mail_state, mail_states
from leadgen_assets.domain.phones import normalised_phone
from leadgen_assets.domain.presence import rows_by_lead
from leadgen_assets.domain.public_pages import unread_hosts
from leadgen_assets.domain.site_identity import identity_of
from leadgen_assets.domain.sites import judge_sites
from leadgen_assets.domain.web_addresses import normalised_email
from leadgen_assets.storage.schemas import frame_of

RULES_VERSION = "3"
Row = Mapping[str, Any]

_WHERE = {
    "record": "in its place record",
    "site": "on its own site",
    "social": "on its public page",
    "guessed": "nowhere; it was guessed from its domain",
}
_WHAT = {"role": "a role address", "free_mail": "a free-mail address", "person": "a person's address"}
_NONE_PUBLISHED = "No email address is published"
_NOT_USED = {
    "disposable": "it is of a provider of throw-away addresses",
    "refuses": "its domain accepts no mail",
    "guessed": "it was only guessed",
}


@dataclass(frozen=True, slots=True)
class Owner:
    """The first business whose record carried an address: its place key and the day of that record."""

    place_key: str
    day: date


def choose_contacts(
    leads: pl.DataFrame,
    scores: pl.DataFrame,
    captures: pl.DataFrame,
    owners: Mapping[str, Owner] | None = None,
    *,
    use_guesses: bool = False,
) -> pl.DataFrame:
    """The route to every lead that is qualified.

    Args:
        leads: rows of `leads`, at least those of the scored leads.
        scores: rows of `qualification_scores` of one day.
        captures: rows of `web_captures` of that day.
        owners: who had each address first, of the days before; see `first_owners`.
        use_guesses: write to guessed addresses too.

    Returns:
        A frame with the columns of `contacts`. Leads that share an address are one organisation: only the first of them
        (by the day it was seen, then by id) is written to.
    """
    qualified = set(scores.filter(pl.col("decision") == "qualified")["lead_id"])
    chosen = leads.filter(pl.col("lead_id").is_in(qualified)).unique("lead_id").sort("first_seen_on", "lead_id")
    captured = rows_by_lead(captures.filter(pl.col("lead_id").is_in(qualified)))
    taken: dict[str, str] = {}
    rows = []
    for lead in chosen.iter_rows(named=True):
        own_rows = captured.get(lead["lead_id"], [])
        states = mail_states(own_rows)
        found = contact_candidates(lead, own_rows)
        fates = [(candidate, _fate(candidate, states, use_guesses=use_guesses)) for candidate in found]
        base = {"lead_id": lead["lead_id"], **_phone(lead, own_rows), "candidates_json": _shown(fates, states)}
        best = _best(fates, states)
        rows.append(
            base | _route(lead, base["phone"], best, fates, states, taken, owners or {}, unread_hosts(lead, own_rows))
        )
    return frame_of("contacts", rows)


def first_owners(places: Iterable[Row]) -> dict[str, Owner]:
    """Who had each address first.

    Args:
        places: rows with place_key, email and day, of `places` over many days.
    """
    owners: dict[str, Owner] = {}
    for row in places:
        address = (normalised_email(row["email"]) or "").lower()
        owner = Owner(row["place_key"], row["day"])
        known = owners.get(address)
        if address and (known is None or (owner.day, owner.place_key) < (known.day, known.place_key)):
            owners[address] = owner
    return owners


def _fate(candidate: EmailCandidate, states: Mapping[str, MailState], *, use_guesses: bool) -> str | None:
    """Why an address is not used, a key of `_NOT_USED`; None for one that may be."""
    if candidate.email_class == "disposable":
        return "disposable"
    state = mail_state(candidate.domain, states)
    if state == "refuses":
        return "refuses"
    # a guess stands on the domain alone, so that must be known to take mail
    return "guessed" if candidate.origin == "guessed" and not (use_guesses and state == "accepts") else None


def _best(fates: Iterable[tuple[EmailCandidate, str | None]], states: Mapping[str, MailState]) -> EmailCandidate | None:
    """The usable address of the best rank; among equals one whose domain is known to take mail."""
    usable = [candidate for candidate, fate in fates if fate is None]
    return min(usable, key=lambda one: (one.rank, mail_state(one.domain, states) != "accepts"), default=None)


def _route(
    lead: Row, phone: str | None, best: EmailCandidate | None, fates: list[tuple[EmailCandidate, str | None]],
    states: Mapping[str, MailState], taken: dict[str, str], owners: Mapping[str, Owner], unread: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    without_email = "phone" if phone else "visit"
    if best is None:
        known = "a telephone number is known" if phone else "no telephone number is known either"
        return {"route": without_email, "reason": f"{_why_none(fates, unread)}; {known}."}
    row: dict[str, Any] = {"organisation": best.address}
    owner = owners.get(best.address)
    is_anothers = owner is not None and owner.day < lead["first_seen_on"] and owner.place_key not in _keys(lead)
    if is_anothers or taken.setdefault(best.address, lead["lead_id"]) != lead["lead_id"]:
        return row | {
            "route": without_email,
            "reason": "Its email address is that of another lead, the same organisation, which is written to once.",
        }
    state = mail_state(best.domain, states)
    doubt = "" if state == "accepts" else " Whether its domain takes mail is not known."
    return row | {
        "route": "email",
        "email": best.address,
        "email_class": best.email_class,
        "email_origin": best.origin,
        "email_source": best.source,
        "mail_state": state,
        "reason": f"It publishes {_WHAT[best.email_class]} {_WHERE[best.origin]}.{doubt}",
    }


def _why_none(fates: list[tuple[EmailCandidate, str | None]], unread: Sequence[str]) -> str:
    published = [(one, fate) for one, fate in fates if one.origin != "guessed"]
    if not published:
        return f"No email address was found, and its page on {unread[0]} is not read" if unread else _NONE_PUBLISHED
    return f"It publishes an email address that is not used, because {_NOT_USED[published[0][1] or 'refuses']}"


def _phone(lead: Row, rows: Iterable[Row]) -> dict[str, Any]:
    """Its number in E.164: the record's, else one of its own pages."""
    if lead.get("phone"):
        return {"phone": lead["phone"], "phone_origin": "record"}
    for site in judge_sites(identity_of(lead), (row for row in rows if row["kind"] != "mx")):
        for page in site.pages if site.verdict == "theirs" else ():
            for text in page.phones:
                number = normalised_phone(text, lead.get("country"))
                if number:
                    return {"phone": number, "phone_origin": "site"}
    return {"phone": None, "phone_origin": None}


def _shown(fates: Iterable[tuple[EmailCandidate, str | None]], states: Mapping[str, MailState]) -> str:
    """Every candidate with its fate, for people who ask why."""
    return json.dumps(
        [
            {
                "address": one.address,
                "class": one.email_class,
                "origin": one.origin,
                "source": one.source,
                "mail": mail_state(one.domain, states),
                "not_used_because": _NOT_USED.get(fate or ""),
            }
            for one, fate in fates
        ],
        ensure_ascii=False,
    )


def _keys(lead: Row) -> list[str]:
    return [*(lead.get("place_keys") or ()), lead.get("place_key") or ""]
