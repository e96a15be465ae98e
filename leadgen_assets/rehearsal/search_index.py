"""What the town's search engine knows: most sites that show a page, social pages, and a directory of everybody.

How it is asked belongs to `servers/search_api.py`. Whoever it knows is no longer undiscoverable.
"""

import dataclasses
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leadgen_assets.rehearsal.shares import SEARCH_INDEX_SHARE
from leadgen_assets.rehearsal.town_names import TLD, name_key, words_of
from leadgen_assets.rehearsal.truth import Business

DIRECTORY_HOST = f"all-of-town-directory.{TLD}"  # has an entry for everybody, and is nobody's own site
_WITH_PAGES = frozenset({"healthy", "weak"})


@dataclass(frozen=True, slots=True)
class IndexedPage:
    """One page as it is listed: address, title, a few words of it, and the words it is found by."""

    url: str
    title: str
    content: str
    words: frozenset[str]


class SearchIndex:
    """Finds pages by the words of their title and town."""

    def __init__(self, businesses: Sequence[Business]) -> None:
        self._pages = [page for business in businesses for page in _pages_of(business)]

    def search(self, words: str) -> list[IndexedPage]:
        """The pages of names that share a word with the question, those of which it has most first."""
        asked = set(name_key(words).split())
        hits = [page for page in self._pages if asked & page.words]
        return sorted(hits, key=lambda page: (-len(asked & page.words) / len(page.words), page.url))


def with_search_engine(businesses: Sequence[Business]) -> list[Business]:
    """The same town where a search engine may be asked: whose healthy site it knows, is findable."""
    return [
        dataclasses.replace(business, findable=True) if business.undiscoverable and is_indexed(business) else business
        for business in businesses
    ]


def is_indexed(business: Business) -> bool:
    """Whether the search engine knows the business's own site."""
    shows_pages = business.site_kind in _WITH_PAGES and business.site_quirk == "none"
    return shows_pages and random.Random(f"indexed:{business.key}").random() < SEARCH_INDEX_SHARE


def _pages_of(business: Business) -> Iterator[IndexedPage]:
    name, city = business.record["name"], business.record["city"]
    words = frozenset(name_key(name).split())
    if is_indexed(business):
        yield IndexedPage(f"https://{business.site_host}/", f"{name} | {city}", f"{name}, {city}.", words)
    if business.record["facebook"]:
        yield IndexedPage(business.record["facebook"], f"{name} | {city}", f"{name} on the network.", words)
    entry = f"https://{DIRECTORY_HOST}/{'-'.join(words_of(city)) or 'town'}/{business.key.replace(':', '-')}"
    yield IndexedPage(entry, f"{name}, {city}", f"{name} in {city}: hours and directions.", words)
