"""Which words may have a capital in the middle of a sentence, and the small words that make English English."""

import re
from functools import cache

from leadgen_assets.domain.trades import trades


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d_]+", text.casefold()))


ENGLISH_GLUE = _words(
    """a an and are as at be before but by can could do for from have how i if in into is it its just like may more
    not of on one or our so that the their them then there they this to up us was we what when where whether
    which while who with without would you your any also than only own even still let about out see"""
)
_TITLE_WORDS = _words(  # words that models like to write as a title
    """english website online digital easy easier simple simply local mobile friendly booking bookings order orders
    menu search searches engine direct contact visit visits visitor visitors found find show showcase new
    idea ideas platform presence page pages business home customers clients guests questions answers hours
    opening photos information clear current quick fast free first consultation conversation chat call talk
    learn look proposal helpful reach reservation reservations appointment appointments delivery pickup
    gallery story offer offers seasonal special specials better time place make making get hello dear kind
    regards"""
)


@cache
def known_words() -> frozenset[str]:
    """Lower-case ordinary words: a capital in them is a matter of style, not a name."""
    texts = []
    for trade in trades().values():
        steps = (part for step in trade.steps for part in step)
        texts += [trade.noun, trade.people, trade.offer, trade.headline, trade.start]
        texts += [*trade.benefits, *trade.menu, *steps, *trade.measures]
    return _words(" ".join(texts)) | ENGLISH_GLUE | _TITLE_WORDS
