"""The named candidate search: which addresses are asked before anybody may say that a business has no site.

The rule is written down in `docs/candidates.md`. Asking belongs to the clients, judging what was found to `sites`.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from anyascii import anyascii

from leadgen_assets.domain.hosts import host_kind, is_free_mail
from leadgen_assets.domain.social_handles import hosts_of_handles

Origin = Literal["record", "email_domain", "social", "name", "search"]
MOST_HOSTS_OF_A_NAME = 12
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_SPELL_UMLAUTS = frozenset({"AT", "CH", "DE", "LI", "LU"})
# A letter that is not Latin, whatever its accents.
_OTHER_SCRIPT = re.compile(r"(?![ªº])[^\W\d_\u0041-\u024f\u1e00-\u1eff]")
_LONGEST_LABEL = 63
_LEGAL_FORMS = frozenset({
    "oy", "oyj", "ab", "ky", "tmi", "ay", "ltd", "limited", "llc", "llp", "inc", "corp", "plc", "pty", "gmbh",
    "mbh", "ug", "ohg", "kg", "gbr", "sarl", "sas", "srl", "bv", "nv", "aps", "ou", "sia", "uab",
})  # fmt: skip
# Letters that normalisation leaves whole, and the apostrophes, which vanish.
_SPELLED = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"} | dict.fromkeys("'’‘`´ʼ", "")
)
_TLDS_OF_COUNTRY = {
    "AT": ("at", "com"), "AU": ("com.au", "com"), "BE": ("be", "com"), "BR": ("com.br", "com"), "CA": ("ca", "com"),
    "CH": ("ch", "com"), "CZ": ("cz", "com"), "DE": ("de", "com"), "DK": ("dk", "com"), "EE": ("ee", "com"),
    "ES": ("es", "com"), "FI": ("fi", "com"), "FR": ("fr", "com"), "GB": ("co.uk", "com", "uk"),
    "IE": ("ie", "com"), "IN": ("in", "com", "co.in"), "IT": ("it", "com"), "JP": ("jp", "com", "co.jp"),
    "LT": ("lt", "com"), "LV": ("lv", "com"), "MX": ("com.mx", "mx", "com"), "NL": ("nl", "com"),
    "NO": ("no", "com"), "NZ": ("co.nz", "nz", "com"), "PL": ("pl", "com"), "PT": ("pt", "com"),
    "SE": ("se", "com"), "US": ("com", "net", "org"),
}  # fmt: skip
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One address that may be the lead's own site: `url` is what to ask first, `host` is its host without `www.`."""

    host: str
    url: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """Everything the search will ask for one lead, and the record's addresses that are known not to be an own site."""

    candidates: tuple[Candidate, ...]
    elsewhere: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The plan as a JSON value, stored beside the answers so that the evidence shows what was left unasked."""
        return {"candidates": [asdict(candidate) for candidate in self.candidates], "elsewhere": list(self.elsewhere)}


def search_plan(lead: Mapping[str, Any], tlds: Sequence[str] = ()) -> SearchPlan:
    """The candidates of a lead, in the order in which they are asked, each host once.

    Args:
        lead: a row of `leads`.
        tlds: top-level domains to use instead of those of the lead's country.
    """
    found: dict[str, Candidate] = {}
    elsewhere = []
    for url in website_urls(lead.get("website")):
        host = bare_host(url)
        if host_kind(host):
            elsewhere.append(url)
        else:
            found.setdefault(host, Candidate(host, url, "record"))
    domain = (lead.get("email") or "").rpartition("@")[2].strip().lower()
    if _HOST.fullmatch(domain) and not is_free_mail(domain) and not host_kind(domain):
        found.setdefault(
            domain.removeprefix("www."), Candidate(domain.removeprefix("www."), f"https://{domain}/", "email_domain")
        )
    name = lead.get("name") or ""
    country = (lead.get("country") or "").upper()
    pages = (*elsewhere, *filter(None, (lead.get("facebook"), lead.get("instagram"))))
    for host in hosts_of_handles(pages, tlds or tlds_of(country)):
        found.setdefault(host, Candidate(host, f"https://{host}/", "social"))
    for host in hosts_of_name(name, lead.get("city"), tlds or tlds_of(country), umlauts=country in _SPELL_UMLAUTS):
        found.setdefault(host, Candidate(host, f"https://{host}/", "name"))
    return SearchPlan(tuple(found.values()), tuple(elsewhere))


def tlds_of(country: str | None) -> tuple[str, ...]:
    """The usual top-level domains of businesses in a country (ISO 3166 alpha-2)."""
    code = (country or "").upper()
    own = (code.lower(), "com") if len(code) == 2 and code.isascii() and code.isalpha() else ("com",)
    return _TLDS_OF_COUNTRY.get(code, own)


def hosts_of_name(name: str, city: str | None, tlds: Sequence[str], *, umlauts: bool = False) -> list[str]:
    """The host names derived from a business's name and city; see `docs/candidates.md`.

    Args:
        name: of the business.
        city: where it is.
        tlds: the top-level domains to try.
        umlauts: spell ä, ö and ü as ae, oe and ue first, as German-speaking businesses do.
    """
    every_word = slug_words(name)
    spellings = [without_legal_forms(every_word), every_word]
    if _OTHER_SCRIPT.search(unicodedata.normalize("NFKC", name)):
        letters = "".join(sign if sign.isalnum() or unicodedata.combining(sign) else " " for sign in name)
        spelled_out = slug_words(anyascii(letters))
        spellings = [without_legal_forms(spelled_out), *spellings] if spelled_out != every_word else spellings
    spelled = slug_words(unicodedata.normalize("NFC", name).casefold().translate(_UMLAUTS))
    if umlauts and spelled != every_word:
        spellings = [without_legal_forms(spelled), *spellings]
    town = slug_words(anyascii(city or ""))
    labels = [_labels(words, town) for words in spellings if without_legal_forms(words)]
    labels += [[label] for label in _international_labels(name)]
    hosts = (
        f"{label}.{tld.strip('.').lower()}"
        for spelling in labels
        for tld in tlds
        for label in spelling
        if len(label) <= _LONGEST_LABEL
    )
    return list(dict.fromkeys(hosts))[:MOST_HOSTS_OF_A_NAME]


def slug_words(text: str) -> list[str]:
    """The runs of a to z and 0 to 9 in a text, without accents and apostrophes and in lower case."""
    spelled = unicodedata.normalize("NFKD", text.casefold().translate(_SPELLED))
    plain = "".join(character for character in spelled if not unicodedata.combining(character))
    return re.findall("[a-z0-9]+", plain.lower())


def without_legal_forms(words: Sequence[str]) -> list[str]:
    """The words of a name that are not a legal form such as `oy` or `gmbh`."""
    return [word for word in words if word not in _LEGAL_FORMS]


def _international_labels(name: str) -> list[str]:
    """A name of another script as it would be registered in its own letters, in the form of the DNS."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    if not _OTHER_SCRIPT.search(plain):
        return []
    try:
        return [re.sub(r"[\W_]+", "", plain).encode("idna").decode()]
    except UnicodeError:  # too long, or letters that no host name may have
        return []


def _labels(words: list[str], town: list[str]) -> list[str]:
    labels = ["".join(words), "-".join(words)]
    return [*labels, "".join(words + town), "-".join(words + town)] if town else labels


def website_urls(website: str | None) -> Iterator[str]:
    """The well-formed web addresses in a record's website field: a scheme is added, at most two of a list are kept."""
    count = 0
    for text in re.split(r"[;,\s]+", website or ""):
        url = text if "://" in text else f"http://{text}"
        try:
            parts = urlsplit(url)
            host, _ = (parts.hostname or "").rstrip("."), parts.port
            host = host.encode("idna").decode() if not host.isascii() else host
        except (ValueError, UnicodeError):
            continue
        if parts.scheme.lower() in {"http", "https"} and _HOST.fullmatch(host) and count < 2:
            count += 1
            port = f":{parts.port}" if parts.port else ""
            query = f"?{parts.query}" if parts.query else ""
            yield f"{parts.scheme.lower()}://{host}{port}{parts.path or '/'}{query}"


def bare_host(url: str) -> str:
    """The host of a URL in lower case, without `www.`."""
    return (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.")
