"""What is true in the town: the businesses, their sites, their addresses, their mailboxes and their tempers.

The truth is generated elsewhere (`rehearsal/population.py`) or loaded from a file; the servers and visitors only read
it.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

SiteKind = Literal[
    "none",  # no site anywhere
    "healthy",  # own modern site
    "weak",  # own live site without https, viewport or title: a bad site
    "dead_domain",  # NXDOMAIN
    "not_found",  # every page 404, but for an old contact page where its email is on the site only
    "broken",  # every page 500
    "parked",  # a domain parking page
    "foreign",  # the address leads to somebody else's healthy site
    "social_only",  # only a page on a social network
]
SiteQuirk = Literal[
    "none",
    "www_only",  # only the www host has an address
    "http_only",  # no TLS, otherwise as its kind
    "http_shows_more",  # https shows the server's default page, http the site
    "slow_tls",  # the handshake never ends
    "expired_certificate",
    "cookie_wall",  # redirects to itself until a cookie comes back
    "geo_block",  # 403 to everybody from here
    "challenge",  # a firewall asks whether one is human
    "maintenance",  # 503 on every page
    "pdf_home",  # the home page is a PDF
    "script_only",  # scripts fill the page
    "gzip_bomb",  # a small answer that unfolds into gigabytes
    "other_language",  # written in another script, its name too
    "deep_link",  # the listed address is a page that is no more; the home page is as its kind
    "redirects_to_social",  # leads to a page on the social network
    "redirect_loop",  # leads in a circle
    "soft_404",  # an error page with status 200
    "wildcard_dns",  # the resolver answers for names that do not exist, with its operator's page; for the whole town
]
Mailbox = Literal["accepts", "unknown_user", "bounces_later", "full", "none"]
Temper = Literal["silent", "opener", "clicker", "replier", "unsubscriber", "out_of_office"]
Machine = Literal["none", "apple_prefetch", "gmail_proxy", "link_scanner"]


@dataclass(frozen=True, slots=True)
class Business:
    """One simulated business, built on a real place record.

    Attributes:
        key: `source:source_id` of the real record it is built on.
        record: the columns of a place file as the town's sources publish them (phone, email, website and social pages
            are town-made, under reserved names).
        source_keys: every place key under which some source of the town publishes it (`google:<id>`,
            `osm:<type>/<id>`).
        site_kind: what there really is.
        site_host: host name of its own site, where it has or had one.
        listed_website: the website tag that the sources publish, right or wrong.
        findable: a healthy site that the listed tag or the named candidate search leads to.
        needs_site: the trait that decides who was judged rightly.
        email: its real address, where it has one.
        email_on: where that address is published: in the record, on its site, or nowhere.
        mailbox: what its mail server does with a message.
        temper: what its owner does with a message.
        machine: which machine fetches its mail's links before or instead of the owner.
        reply_address: the address its owner answers from; may differ from `email`.
        opens_on: the first day on which the town's sources list it; None: from the start.
        site_quirk: what makes its site hard to judge.
    """

    key: str
    record: dict[str, Any]
    source_keys: tuple[str, ...]
    site_kind: SiteKind
    site_host: str | None
    listed_website: str | None
    findable: bool
    needs_site: bool
    email: str | None
    email_on: Literal["record", "site", "nowhere"]
    mailbox: Mailbox
    temper: Temper
    machine: Machine
    reply_address: str | None = None
    opens_on: date | None = None
    site_quirk: SiteQuirk = "none"

    def is_listed(self, at: datetime) -> bool:
        """The town's sources know of it at a moment."""
        return self.opens_on is None or self.opens_on <= at.date()

    @property
    def undiscoverable(self) -> bool:
        """It has a healthy site that nothing leads to: judged apart."""
        return self.site_kind == "healthy" and not self.findable


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that somebody in the town did, for the verdict at the end.

    `at_us` is the virtual time in microseconds since 1970; the clock stands still during a request, so it equals the
    time the product stored.
    """

    at_us: int
    actor: Literal["person", "machine"]
    kind: Literal["open", "click", "unsubscribe", "reply", "auto_reply", "bounce", "complaint"]
    business_key: str
    recipient: str
    acknowledged: bool
    message_id: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
