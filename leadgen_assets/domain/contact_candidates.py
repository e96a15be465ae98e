"""Every address that may reach a lead: where it was published, of which class it is, and how much it is preferred.

Choosing one, and the reason where there is none, belongs to `contacts`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from leadgen_assets.domain.candidates import slug_words, without_legal_forms
from leadgen_assets.domain.email_extraction import extract_emails, plain_address
from leadgen_assets.domain.email_ownership import carries_name
from leadgen_assets.domain.hosts import host_kind, is_decoy, is_disposable, is_free_mail, registered_domain
from leadgen_assets.domain.site_identity import identity_of
from leadgen_assets.domain.sites import Site, judge_sites

EmailClass = Literal["role", "person", "free_mail", "disposable"]
EmailOrigin = Literal["record", "site", "social", "guessed"]
Row = Mapping[str, Any]

_ROLES = frozenset({
    "info", "contact", "contacts", "hello", "hei", "hi", "moi", "mail", "email", "post", "office", "toimisto",
    "sales", "myynti", "service", "asiakaspalvelu", "palvelu", "support", "booking", "bookings", "varaus",
    "varaukset", "reservations", "reservation", "reception", "vastaanotto", "order", "orders", "tilaukset", "shop",
    "store", "kauppa", "kontakt", "bonjour", "hola", "ciao", "team", "studio", "salon", "kahvila", "ravintola",
    "restaurant", "cafe", "bar", "hotel", "enquiries", "inquiries", "welcome", "admin", "feedback", "palaute",
    "catering", "events", "press", "marketing", "billing", "laskutus", "anfrage", "empfang",
})  # fmt: skip
_NEVER = frozenset({
    "noreply", "no-reply", "donotreply", "postmaster", "mailer-daemon", "abuse", "webmaster", "hostmaster", "privacy",
})  # fmt: skip
_GUESSES = ("info", "hello", "contact")
_OWN = frozenset({"theirs", "not_found", "broken"})  # of the last two, pages that were found to be the lead's own
_PUBLIC_KINDS = frozenset({"social", "link_page", "builder"})


@dataclass(frozen=True, slots=True)
class EmailCandidate:
    """An address of a lead.

    Attributes:
        address: in lower case.
        email_class: role, person, free_mail or disposable.
        origin: its place record, its own site, its page on another host, or guessed.
        source: where it was published: the names of sources, or the page's address; what was guessed from.
        is_own_domain: under the domain of its own site, or one that carries its name.
    """

    address: str
    email_class: EmailClass
    origin: EmailOrigin
    source: str
    is_own_domain: bool

    @property
    def domain(self) -> str:
        """What stands after the @."""
        return self.address.rpartition("@")[2]

    @property
    def rank(self) -> int:
        """The smaller the better: see `docs/contacts.md`."""
        if self.origin == "guessed":
            return 5
        if self.email_class == "role":
            return 0 if self.is_own_domain else 1
        return {"free_mail": 2, "person": 3, "disposable": 6}[self.email_class]


def contact_candidates(lead: Row, captured: Iterable[Row]) -> list[EmailCandidate]:
    """The usable addresses of a lead, the best first; guessed ones last.

    Args:
        lead: a row of `leads`.
        captured: its rows of `web_captures` of one day.
    """
    rows = [row for row in captured if row["kind"] != "mx"]
    sites = judge_sites(identity_of(lead), rows)
    own = {registered_domain(site.host) for site in sites if site.verdict in _OWN and not host_kind(site.host)}
    name = lead.get("name") or ""
    found: dict[str, EmailCandidate] = {}
    published = [*_of_record(lead), *_of_sites(sites, rows, lead), *_of_public_pages(rows, name)]
    for address, origin, source in published:
        domain = address.rpartition("@")[2]
        is_own = registered_domain(domain) in own or (not is_free_mail(domain) and carries_name(domain, name))
        candidate = EmailCandidate(address, email_class_of(address, name), origin, source, is_own)
        found.setdefault(address, candidate)
    for domain in sorted({registered_domain(site.host) for site in sites if site.verdict == "theirs"} & own):
        for local in _GUESSES:
            address = f"{local}@{domain}"
            found.setdefault(address, EmailCandidate(address, "role", "guessed", domain, is_own_domain=True))
    return sorted(found.values(), key=lambda candidate: candidate.rank)


def email_class_of(address: str, name: str) -> EmailClass:
    """Whether an address is thrown away after use, a free-mail account, a role's or a person's."""
    local, _, domain = address.partition("@")
    if is_disposable(domain):
        return "disposable"
    if is_free_mail(domain):
        return "free_mail"
    words = slug_words(local.partition("+")[0])
    joined = "".join(words)
    business = set(without_legal_forms(slug_words(name)))
    if joined in _ROLES or any(word in _ROLES for word in words) or (words and set(words) <= business):
        return "role"
    label = registered_domain(domain).partition(".")[0].replace("-", "")
    is_its_name = joined in "".join(slug_words(name)) or joined == label
    return "role" if len(joined) > 3 and is_its_name else "person"


def _of_record(lead: Row) -> Iterator[tuple[str, EmailOrigin, str]]:
    address = _usable(lead.get("email") or "")
    if address:
        yield address, "record", ", ".join(lead.get("sources") or ())


def site_emails(site: Site, rows: Iterable[Row], lead: Row) -> Iterator[tuple[str, str]]:
    """The usable addresses that a lead's own site publishes for it, each with the address of its page."""
    bodies = {row["final_url"] or row["url"]: row["body"] for row in rows if row["body"]}
    record = (lead.get("email") or "").rpartition("@")[2].lower()
    own = {registered_domain(host) for host in (site.host, record) if host}
    for page in site.pages:
        for email in extract_emails(bodies.get(page.url, ""), page.url, lead.get("name") or ""):
            address = _usable(email.address)
            if address and (email.nearness != "other" or registered_domain(address.rpartition("@")[2]) in own):
                yield address, page.url


def _of_sites(sites: Iterable[Site], rows: Iterable[Row], lead: Row) -> Iterator[tuple[str, EmailOrigin, str]]:
    for site in sites:
        if site.verdict in _OWN:
            yield from ((address, "site", url) for address, url in site_emails(site, rows, lead))


def _of_public_pages(rows: Iterable[Row], name: str) -> Iterator[tuple[str, EmailOrigin, str]]:
    yield from ((address, "social", url) for address, url in public_emails(rows, name))


def public_emails(rows: Iterable[Row], name: str) -> Iterator[tuple[str, str]]:
    """The usable addresses on a lead's public pages that its record names and that were read, each with its page."""
    for row in rows:
        url = row["final_url"] or row["url"]
        if row["origin"] != "record" or not row["body"] or (row["status"] or 999) >= 400:
            continue
        if host_kind(urlsplit(url).hostname or "") in _PUBLIC_KINDS:
            for email in extract_emails(row["body"], url, name):
                address = _usable(email.address)
                if address and email.nearness != "other":
                    yield address, url


def _usable(text: str) -> str | None:
    """The address in lower case if it is well-formed and reaches somebody who reads it."""
    address = plain_address(text)
    if address is None:
        return None
    local, _, domain = address.rpartition("@")
    return None if local in _NEVER or is_decoy(domain) else address
