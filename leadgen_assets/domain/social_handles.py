"""Host names that a business's pages on social networks suggest: whoever is `kultakorva` there is often kultakorva.fi.

The pages themselves are not read for it. In which order hosts are asked is decided in `candidates`.
"""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote, urlsplit

from leadgen_assets.domain.hosts import has_public_suffix, host_kind

MOST_HOSTS_OF_HANDLES = 3
_PARTS_OF_THE_NETWORK = frozenset({
    "pages", "pg", "people", "groups", "events", "p", "reel", "reels", "share", "watch", "explore", "stories",
    "company", "channel", "user", "c", "in", "hashtag", "photo", "sharer", "public", "places", "videos", "profile.php",
    "story.php", "home.php",
})  # fmt: skip
_NUMBER_OF_THE_NETWORK = re.compile(r"[-_]?\d{6,}$")
_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{2,38}[a-z0-9]")


def hosts_of_handles(urls: Iterable[str], tlds: Sequence[str]) -> list[str]:
    """The hosts that the names of social pages suggest, without doubles, at most three.

    Args:
        urls: web addresses; those on other hosts than social networks suggest nothing.
        tlds: top-level domains to try; a handle that is a host name itself is taken as it is.
    """
    hosts: list[str] = []
    for handle in filter(None, map(_handle, urls)):
        if "." in handle and has_public_suffix(handle) and not host_kind(handle):
            hosts.append(handle.removeprefix("www."))
            continue
        label = re.sub("[._]", "", handle)
        if _LABEL.fullmatch(label) and not label.isdigit():
            hosts += [f"{label}.{tld.strip('.').lower()}" for tld in tlds]
    return list(dict.fromkeys(hosts))[:MOST_HOSTS_OF_HANDLES]


def _handle(url: str) -> str | None:
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if host_kind(parts.hostname or "") != "social":
        return None
    path = [unquote(part).lower().lstrip("@") for part in parts.path.split("/") if part]
    if len(path) > 1 and path[0] in {"pages", "pg", "people", "company", "user", "c"}:
        path = path[1:]
    if not path or path[0] in _PARTS_OF_THE_NETWORK:
        return None
    return _NUMBER_OF_THE_NETWORK.sub("", path[0]) or None
