"""Whose address it is that stands on a page: by its domain, its own form, and the words around it.

The words are in `email_words.toml`. Finding addresses belongs to `email_extraction`.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from rapidfuzz.fuzz import ratio

from leadgen_assets.domain.candidates import slug_words, without_legal_forms
from leadgen_assets.domain.hosts import host_kind, is_decoy, is_free_mail, registered_domain

Place = Literal["link", "text", "data"]
Nearness = Literal["own", "free_mail", "other"]

_MACHINE = re.compile(r"[0-9a-f]{16,}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|u00[0-9a-f]{2}\w*", re.IGNORECASE)
_ROBOT = re.compile(
    r"(?:do[._-]?)?no[t]?[._-]?reply.*|ne[._-]?pas[._-]?repondre|bounces?|mailer[._-]?daemon|postmaster|abuse|hostmaster"
    r"|unsubscribe|listserv|majordomo",
    re.IGNORECASE,
)
_ALIKE = 85.0
_MOST_OF = 0.65
_FEWEST_LETTERS = 4


@dataclass(frozen=True, slots=True)
class Sighting:
    """An address as it stands on the page: what is said before it, over it, and whether visitors wrote it."""

    address: str
    place: Place
    before: str = ""
    around: str = ""
    by_visitors: bool = False


def carries_name(domain: str, name: str) -> bool:
    """True for a domain that reads like the name of a business."""
    label = registered_domain(domain).partition(".")[0].replace("-", "")
    joined = "".join(without_legal_forms(slug_words(name)))
    if min(len(label), len(joined)) < _FEWEST_LETTERS:
        return False
    # "studio" is a part of many a name: what is contained must be most of it
    short, long = sorted((label, joined), key=len)
    return (short in long and len(short) >= _MOST_OF * len(long)) or ratio(label, joined) >= _ALIKE


def is_theirs(sighting: Sighting, nearness: Nearness) -> bool:
    """Whether an address is meant for reaching the business: no sample, robot or trap, and ascribed to nobody else."""
    local, _, domain = sighting.address.rpartition("@")
    if _ROBOT.fullmatch(local) or _MACHINE.fullmatch(local) or _says("samples", local, whole=True):
        return False
    if nearness == "own":
        return True
    if is_decoy(domain) or host_kind(domain) or sighting.by_visitors or _says("sample_people", local, whole=True):
        return False
    heading, _, line_before = sighting.around.partition("\n")
    if _says("visitors", heading):
        return False
    if nearness == "free_mail":
        said = f"{sighting.before} {line_before if line_before.rstrip().endswith((':', '：')) else ''}"
    else:
        said = f"{heading} {line_before} {sighting.before}"
    return not any(_ascribed(kind, said, nearness) for kind in ("makers", "authorities", "others", "examples"))


def _ascribed(kind: str, said: str, nearness: Nearness) -> bool:
    """Whether what is said before an address gives it to somebody else."""
    match = _last(kind, said)
    if match is None:
        return False
    # after a maker's name, "our email:" speaks of the business again; a foreign address stays in doubt
    return nearness == "other" or not _says("contact", said[match:])


def nearness_of(address: str, own: str, name: str) -> Nearness:
    """How near the domain of an address is to a business.

    Args:
        address: in lower case.
        own: the registered domain of its site, "" where there is none of its own.
        name: of the business.
    """
    domain = address.rpartition("@")[2]
    if own and registered_domain(domain) == own:
        return "own"
    if is_free_mail(domain):
        return "free_mail"
    return "own" if not is_decoy(domain) and not host_kind(domain) and carries_name(domain, name) else "other"


@cache
def _words() -> dict[str, re.Pattern[str]]:
    tables = tomllib.loads((Path(__file__).parent / "email_words.toml").read_text("utf-8"))
    return {
        name: re.compile("|".join(f"(?:{word})" for word in words), re.IGNORECASE) for name, words in tables.items()
    }


@lru_cache(maxsize=4096)
def _says(kind: str, text: str, *, whole: bool = False) -> bool:
    pattern = _words()[kind]
    return bool(pattern.fullmatch(text) if whole else pattern.search(text))


def _last(kind: str, text: str) -> int | None:
    """Where the last such word ends, or None."""
    ends: Iterable[int] = (match.end() for match in _words()[kind].finditer(text))
    return max(ends, default=None)
