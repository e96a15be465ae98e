"""The names that the town makes up: host names, email addresses, social pages and ids of its sources.

All hosts end in `.test` (reserved, never resolves outside the town), except the pages of the social network. Nothing
here knows what the product tries or recognises: the spellings below are the town's own.
"""

import hashlib
import re
import unicodedata

TLD = "test"
SOCIAL_HOST = "www.facebook.com"
COMPANY_HOST = "studio.test"
MAIL_HOST = "mx.town.test"

_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"})
_LEGAL_FORMS = frozenset({
    "oy", "oyj", "ab", "ky", "tmi", "ay", "ltd", "limited", "plc", "llc", "llp", "inc", "corp", "co", "company", "pty",
    "gmbh", "mbh", "ug", "ohg", "ag", "kg", "gbr", "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "as", "aps", "ou",
    "sia", "uab",
})  # fmt: skip
_MARKS = re.compile("[\u0300-\u036f]")
_LABEL_LENGTH = 40
_ROLES = ("info", "hello", "contact", "office", "sales")
# Words of no meaning to anybody's trade, for sites that nobody can guess.
_ODD_WORDS = (
    "amber", "birch", "cedar", "comet", "cobalt", "delta", "ember", "fjord", "garnet", "harbor", "iris", "juniper",
    "kelp", "lagoon", "maple", "nimbus", "onyx", "pebble", "quartz", "raven", "sable", "tundra",
    "umber", "violet", "willow", "zephyr",
)  # fmt: skip


def folded(name: str) -> str:
    """A name in lower case without accents, as Latin letters where it has them."""
    text = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    return _MARKS.sub("", text)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name that a host name can carry, in lower case; empty for a name in another script."""
    text = re.sub("['’`´]", "", folded(name))
    return tuple(re.findall("[a-z0-9]+", text))


def name_key(name: str) -> str:
    """One spelling for names that people would take for the same, in any script; empty for a name without letters."""
    text = unicodedata.normalize("NFKC", re.sub("['’`´]", "", folded(name)))
    words = [word for word in re.findall(r"\w+", text) if word not in _LEGAL_FORMS]
    return " ".join(words) if any(sign.isalpha() for word in words for sign in word) else ""


def is_plain(name: str) -> bool:
    """True for a name that everybody would turn into the same host name: Latin words, no signs, no legal form."""
    text = _MARKS.sub("", unicodedata.normalize("NFKD", name))
    words = text.lower().split()
    return (
        bool(re.fullmatch("[A-Za-z0-9]+(?: [A-Za-z0-9]+)*", text))
        and 5 <= len(text) <= _LABEL_LENGTH
        and any(sign.isalpha() for sign in words[0])
        and not _LEGAL_FORMS.intersection(words)
    )


def guessable_hosts(name: str, city: str) -> list[str]:
    """The hosts that anybody would try for a business of this name, likeliest first; empty without Latin letters."""
    words = words_of(name)
    if not words:
        return []
    town = words_of(city)
    labels = ["".join(words), "-".join(words)]
    if town:
        labels += ["".join(words + town), "-".join(words + town)]
    return list(dict.fromkeys(f"{label}.{TLD}" for label in labels if len(label) <= _LABEL_LENGTH))


def odd_host(key: str, seed: int) -> str:
    """A host that nobody can guess from the business's name."""
    number = _number(f"{seed}:{key}")
    first, second = _ODD_WORDS[number % len(_ODD_WORDS)], _ODD_WORDS[number // 97 % len(_ODD_WORDS)]
    return f"{first}-{second}-{number // 9409 % 9000 + 1000}.{TLD}"


def spare_host(key: str, name: str) -> str:
    """A host for a business whose guessable ones are taken or do not exist."""
    label = "-".join(words_of(name))[: _LABEL_LENGTH - 8].strip("-") or "place"
    return f"{label}-{_number(key) % 900_000 + 100_000}.{TLD}"


def role_address(key: str, host: str) -> str:
    """The business's published address, always a role's and never a person's."""
    return f"{_ROLES[_number(key) % len(_ROLES)]}@{host}"


def social_page(name: str) -> str:
    """The address of a page on the social network; a name that ends in `.test` keeps it apart from every real page."""
    return f"https://{SOCIAL_HOST}/{name}"


def google_id(key: str) -> str:
    """A place id of the form the Places API uses, recognisably the town's."""
    return f"ChIJtown{hashlib.sha256(key.encode()).hexdigest()[:19]}"


def osm_id(key: str, as_way: bool) -> str:
    """`node/<id>` or `way/<id>`, far above the ids that exist."""
    return f"{'way' if as_way else 'node'}/{990_000_000_000 + _number(key) % 1_000_000_000}"


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
