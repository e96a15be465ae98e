"""Business names as they are compared: one spelling for what people write in many ways. Never shown to anybody."""

import re
import unicodedata
from functools import lru_cache

_ACCENTS = re.compile("[\u0300-\u036f]")  # Latin, Greek and Cyrillic only: in other scripts marks are letters
_WORD = re.compile(r"\w+", re.UNICODE)
_APOSTROPHES = re.compile("['’`´]")
_FORMS = """
    oy oyj ab ky tmi ay ltd limited plc llc llp inc incorporated corp corporation co company gmbh mbh ag kg ug ohg
    ev sa sas sarl eurl srl spa snc sl slu bv nv as asa aps ehf sp zoo kft sro doo pty pvt lda ltda cv
"""
_LEGAL_FORMS = frozenset(_FORMS.split())


@lru_cache(maxsize=100_000)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name: one case and width, no accents, punctuation, emoji or legal form.

    A name of nothing but legal forms keeps them; a name of nothing but signs has no words.
    """
    text = unicodedata.normalize("NFKD", name.replace("&", " and ")).casefold()
    text = unicodedata.normalize("NFKC", _ACCENTS.sub("", _APOSTROPHES.sub("", text)))
    words = tuple(_WORD.findall(text.replace("_", " ")))
    kept = tuple(word for word in words if word not in _LEGAL_FORMS)
    return kept or words
