"""Web and email addresses that records carry, in one form or not at all. Nothing is looked up here."""

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)$")
_SEVERAL = re.compile(r"[;\s]+")
_MAIL = re.compile(r"[^\s@<>()\",;:]+@[^\s@<>()\",;:/?]+\.[^\s@<>()\",;:/?]+")
_MAX_LENGTH = 2000

_FACEBOOK = ("facebook.com", "fb.com", "fb.me")
_INSTAGRAM = ("instagram.com", "instagr.am")


@lru_cache(maxsize=100_000)
def normalised_url(raw: str | None) -> str | None:
    """The first usable http(s) URL in `raw` with its host in lower case and ASCII and without fragment; else None.

    A missing scheme becomes http. An address without a domain name (a bare number, localhost) is none.
    """
    for part in _SEVERAL.split(raw.strip()) if raw else ():
        url = _url(part)
        if url is not None:
            return url
    return None


@lru_cache(maxsize=100_000)
def site_host(url: str | None) -> str | None:
    """The host name of a normalised URL without `www.`, or None."""
    host = urlsplit(url).hostname if url else None
    return host.removeprefix("www.") if host else None


def facebook_of(*urls: str | None) -> str | None:
    """The first of the addresses that is a Facebook page, normalised."""
    return _on_host(_FACEBOOK, urls)


def instagram_of(*urls: str | None) -> str | None:
    """The first of the addresses that is an Instagram page, normalised."""
    return _on_host(_INSTAGRAM, urls)


def normalised_email(raw: str | None) -> str | None:
    """The first thing in `raw` of the shape of an email address, its domain in lower case; else None."""
    found = _MAIL.search(raw) if raw else None
    if found is None or len(found.group()) > 254:
        return None
    local, _, domain = found.group().rpartition("@")
    return f"{local}@{domain.rstrip('.').lower()}"


def _url(text: str) -> str | None:
    text = text.strip("<>\"'()[],")
    if "://" not in text:
        text = f"http://{text.removeprefix('//')}"
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host.encode("idna").decode("ascii").lower()
    except (ValueError, UnicodeError):
        return None
    if (
        parts.scheme.lower() not in {"http", "https"}
        or "@" in parts.netloc
        or not _is_domain_name(host)
        or len(text) > _MAX_LENGTH
    ):
        return None
    netloc = host if port is None else f"{host}:{port}"
    return urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", parts.query, ""))


def _is_domain_name(host: str) -> bool:
    labels = host.split(".")
    if len(labels) < 2 or not all(_LABEL.match(label) for label in labels) or labels[-1].isdigit():
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return not host.endswith((".localhost", ".local"))
    return False


def _on_host(hosts: tuple[str, ...], urls: tuple[str | None, ...]) -> str | None:
    for url in map(normalised_url, urls):
        host = site_host(url)
        if host and any(host == known or host.endswith(f".{known}") for known in hosts):
            return url
    return None
