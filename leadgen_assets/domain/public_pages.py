"""A business's pages on hosts that are not its own: which of them are read, where they lead, which stay unread.

Link pages and free builders publish what the business wrote for visitors, and are read where their robots.txt permits.
Social networks forbid machines to read them: no request goes there, and what only they show stays unknown.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from leadgen_assets.domain.candidates import Candidate, bare_host, website_urls
from leadgen_assets.domain.hosts import host_kind
from leadgen_assets.domain.pages import parse_page
from leadgen_assets.domain.site_identity import BusinessIdentity, host_carries_name

Row = Mapping[str, Any]
_READ = frozenset({"link_page", "builder"})
_MOST_PAGES = 2
_MOST_LINKED_HOSTS = 3
_ITS_SITE = re.compile(
    r"\b(web ?(site|page)|home ?page|kotisivu\w*|verkkosivu\w*|nettisivu\w*|hemsida\w*|site web)\b", re.I
)


def pages_to_read(lead: Row) -> list[str]:
    """The addresses of its record on link pages and free builders, over https."""
    listed = (urlsplit(url) for url in website_urls(lead.get("website")))
    pages = (urlunsplit(parts._replace(scheme="https")) for parts in listed if host_kind(parts.hostname or "") in _READ)
    return list(dict.fromkeys(pages))[:_MOST_PAGES]


def unread_hosts(lead: Row, rows: Iterable[Row]) -> list[str]:
    """The hosts of its public pages that were not read, so that nobody knows what they show."""
    known = [*website_urls(lead.get("website")), *filter(None, (lead.get("facebook"), lead.get("instagram")))]
    hosts = [bare_host(url) for url in known if host_kind(bare_host(url)) in {"social", *_READ}]
    read = {bare_host(str(row["url"])) for row in rows if row["kind"] == "public_page" and _is_read(row)}
    return [host for host in dict.fromkeys(hosts) if host not in read]


def linked_candidates(business: BusinessIdentity, rows: Sequence[Row], known: Container[str]) -> list[Candidate]:
    """Sites that its public pages link to and that may be its own: they are called so, or their host carries its name.

    Args:
        business: whose site is sought.
        rows: its rows of kind `public_page`.
        known: hosts that were asked already.
    """
    found: dict[str, Candidate] = {}
    for row in filter(_is_read, rows):
        for url, label in parse_page(row["body"], row["final_url"] or row["url"]).links:
            target = next(website_urls(url), None)
            host = bare_host(target or "")
            if not target or host_kind(host) or host in known:
                continue
            if host_carries_name(business, host) or _ITS_SITE.search(label):
                found.setdefault(host, Candidate(host, f"https://{host}/", "social"))
    return list(found.values())[:_MOST_LINKED_HOSTS]


def _is_read(row: Row) -> bool:
    return row["outcome"] == "answered" and bool(row["body"]) and (row["status"] or 999) < 300
