"""Answers that the journal holds of the same day, so that no host is asked twice for two leads or by two runs.

Only what a host or a name server said is taken from there: an outage, which may pass, is asked about again. Storing the
rows belongs to the caller.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from leadgen_assets.clients.dns import DnsAnswer
from leadgen_assets.clients.web import Exchange

Row = Mapping[str, Any]
Recall = Callable[[str], Iterable[Row]]
_SAID = frozenset(
    {"answered", "nxdomain", "no_data", "refused", "tls_error", "reset", "redirect_loop", "not_found", "not_asked"}
)
_OF_DOMAINS = frozenset({"mx", "registration"})
_UNCLEAR = frozenset({"timeout", "servfail"})


class AnswersOfTheDay:
    """Answers by name and address, from journaled rows of `web_captures`.

    Args:
        recall: the rows of the day that `hosts_of` puts down for a host.
    """

    def __init__(self, recall: Recall) -> None:
        self._recall = recall

    def name(self, host: str) -> DnsAnswer | None:
        """What the resolvers said about a name."""
        row = self._find("dns", host, host)
        if row is None:
            return None
        detail = json.loads(row["detail_json"])
        asked = tuple((resolver, outcome) for resolver, outcome in detail["asked"])
        return DnsAnswer(
            host, detail["records"], row["outcome"], tuple(detail["values"]), asked, tuple(detail["aliases"])
        )

    def page(self, url: str, kind: str = "http") -> Exchange | None:
        """What became of asking for an address; `kind` is `robots` for the rules of a host."""
        row = self._find(kind, url, urlsplit(url).hostname or "")
        if row is None:
            return None
        detail = json.loads(row["detail_json"])
        return Exchange(
            url,
            row["outcome"],
            row["status"],
            row["final_url"],
            row["content_type"],
            row["body"],
            bool(detail.get("truncated")),
            tuple((hop, status) for hop, status in detail.get("hops", ())),
            detail.get("detail"),
            detail.get("certificate_error"),
            asked_at=detail.get("asked_at") or row["captured_at"],
        )

    def of_domain(self, kind: str, domain: str) -> dict[str, Any] | None:
        """The row about a domain's mail exchangers (`mx`) or its `registration`, as it was stored."""
        row = self._find(kind, domain, domain)
        if row is None or json.loads(row["detail_json"]).get("name_servers_outcome") in _UNCLEAR:
            return None
        return dict(row)

    def _find(self, kind: str, url: str, host: str) -> Row | None:
        rows = self._recall(_bare(host))
        return next(
            (row for row in rows if row["kind"] == kind and row["url"] == url and row["outcome"] in _SAID), None
        )


def hosts_of(rows: Iterable[Row]) -> list[str]:
    """The hosts and domains whose answers some rows hold, without `www.`."""
    urls = {row["url"] for row in rows if row["kind"] in {"http", "robots"}}
    names = {row["url"] for row in rows if row["kind"] == "dns" or row["kind"] in _OF_DOMAINS}
    return sorted({_bare(name) for name in names} | {_bare(urlsplit(url).hostname or "") for url in urls})


def _bare(host: str) -> str:
    return host.lower().rstrip(".").removeprefix("www.")
