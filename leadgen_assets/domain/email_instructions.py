"""What a page tells its readers to replace or to take out of its addresses: "replace # with @", "remove NOSPAM".

Understood in the languages below. Applying it to an address belongs to `email_disguises`.
"""

import re
from collections.abc import Iterator

_ANY_SIGN = r"[\"'“”„«»‘’「」『』]?(?P<token>[^\s\"'“”„«»‘’「」『』,]{1,16}?)[\"'“”„«»‘’「」『』]?"
_SHORT_SIGN = (
    r"[\"'「『]?(?P<token>[^\w\s\"'「『」』()@.,:;、。※・！？]{1,3}|"
    r"[(\[{][^)\]}]{1,6}[)\]}]|(?-i:[A-Z]{2,8}))[\"'」』]?"
)
_SIGN = r"\W{0,3}(?:an?\s+|le signe\s+|das\s+|la\s+|il\s+|o\s+)?@"
_PUT_IN = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:replac\w+|substitut\w+|chang\w+|swap)\s+(?:the\s+)?{_ANY_SIGN}\s+(?:with|by|for|to|into){_SIGN}",
        rf"(?:korvaa|vaihda|muuta)\s+{_ANY_SIGN}\s+(?:merkillä\s+|merkiksi\s+|tilalle\s+)?{_SIGN}",
        rf"{_SHORT_SIGN}\s+(?:korvataan|korvattava|on){_SIGN}",
        rf"(?:ersetze\w*|tausche\w*)\s+(?:sie\s+)?(?:bitte\s+)?{_ANY_SIGN}\s+(?:durch|gegen|mit){_SIGN}",
        rf"{_SHORT_SIGN}\s+(?:bitte\s+)?(?:durch|gegen|mit){_SIGN}",
        rf"remplace\w*\s+(?:le\s+)?{_ANY_SIGN}\s+par{_SIGN}",
        rf"(?:sustituy\w+|reempla\w+|cambi\w+|substitu\w+|troque)\s+{_ANY_SIGN}\s+(?:por|con|com){_SIGN}",
        rf"(?:sostituire|sostituisci|sostituite)\s+{_ANY_SIGN}\s+con{_SIGN}",
        rf"(?:byt|ersätt|erstatt|udskift|bytt)\s+(?:ut\s+)?{_ANY_SIGN}\s+(?:mot|med){_SIGN}",
        rf"vervang\s+{_ANY_SIGN}\s+door{_SIGN}",
        rf"(?:zamień|zastąp)\s+{_ANY_SIGN}\s+(?:na|przez){_SIGN}",
        rf"(?:замените|заменить|замініть)\s+{_ANY_SIGN}\s+(?:на){_SIGN}",
        rf"{_SHORT_SIGN}\s*(?:を|は)\s*(?:半角の?|アットマーク)?\W?@",
        rf"(?:将|把|請將|请将)\s*{_ANY_SIGN}\s*(?:换成|替换为|替换成|改为|改成|換成|改為){_SIGN}",
        rf"{_SHORT_SIGN}\s*(?:을|를)\s*{_SIGN}",
        rf"(?:استبدل|استبدال)\s+{_ANY_SIGN}\s+(?:ب|بـ|بعلامة){_SIGN}",
    )
]
_TAKE_OUT = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:remov\w+|delet\w+|omit\w*|without|take out|strip)\s+(?:the\s+)?{_ANY_SIGN}(?=[\s.,;)]|$)",
        rf"(?:poista|ota pois|ilman)\s+{_ANY_SIGN}(?=[\s.,;)]|$)",
        rf"(?:bitte\s+)?{_ANY_SIGN}\s+(?:bitte\s+)?(?:entfernen|löschen|weglassen|verwijderen)",
        rf"(?:enleve\w*|enlève\w*|supprime\w*|retire\w*|sans|quit\w+|elimin\w+|borr\w+|tog\w+|rimuov\w+)\s+{_ANY_SIGN}(?=[\s.,;)]|$)",
        rf"(?:ta bort|fjern|verwijder|usuń|удалите|уберите)\s+{_ANY_SIGN}(?=[\s.,;)]|$)",
        rf"{_ANY_SIGN}\s*を\s*(?:削除|取|除|消)",
        rf"(?:删除|去掉|刪除)\s*{_ANY_SIGN}(?=[\s.,;)）]|$)",
    )
]
_BEFORE_SIGN = re.compile(r"[a-z0-9_.+-]", re.IGNORECASE)
_CAPITALS = re.compile(r"[A-ZÄÖÜ]{4}")
_TAKE_OUT_WORDS = re.compile(
    r"remov|delet|omit|without|take out|strip|poista|ota pois|ilman|entfern|lösch|weglass|verwijder|enl[eè]ve|supprim"
    r"|retir|sans|quit|elimin|borr|tog|rimuov|ta bort|fjern|usuń|удалите|уберите|を|删除|去掉|刪除",
    re.IGNORECASE,
)
_BEFORE, _AROUND = 80, 60
_MOST_PLACES, _LONGEST_PLACE = 60, 400
_MOST_INSTRUCTIONS = 8


def instructions(text: str) -> tuple[tuple[str, str], ...]:
    """Each sign or word of a page's text that readers are told to change, with what it stands for.

    Args:
        text: after `without_invisible`; only its first places that may hold an instruction are looked at.
    """
    found: dict[str, str] = {}
    for place in _places(_lone_signs(text), text, _BEFORE, 1):
        for pattern in _PUT_IN:
            for match in pattern.finditer(place):
                token = _balanced(match["token"])
                if token and "@" not in token and (not token.isalpha() or (token.isupper() and len(token) > 1)):
                    found.setdefault(token, "@")
    for place in _places(_CAPITALS.finditer(text), text, _AROUND, _AROUND):
        for pattern in _TAKE_OUT if _TAKE_OUT_WORDS.search(place) else ():
            for match in pattern.finditer(place):
                token = match["token"].rstrip(".,;)")
                if len(token) >= 4 and sum(sign.isupper() for sign in token) >= 4 and "@" not in token:
                    found.setdefault(match["token"] if match["token"].endswith((".", "-")) else token, "")
    return tuple(found.items())[:_MOST_INSTRUCTIONS]


def _lone_signs(text: str) -> Iterator[re.Match[str]]:
    """Every @ that does not end a local part."""
    return (
        match for match in re.finditer("@", text) if not _BEFORE_SIGN.match(text[match.start() - 1 : match.start()])
    )


def _places(signs: Iterator[re.Match[str]], text: str, before: int, after: int) -> Iterator[str]:
    """What stands around each sign within its line, of the first ones; what overlaps is one, up to a length."""
    places: list[tuple[int, int]] = []
    for match in signs:
        first = max(match.start() - before, text.rfind("\n", 0, match.start()) + 1)
        line_end = text.find("\n", match.start())
        last = min(match.end() + after, line_end if line_end >= 0 else len(text))
        if places and first < places[-1][1] and last - places[-1][0] <= _LONGEST_PLACE:
            places[-1] = (places[-1][0], last)
        elif len(places) < _MOST_PLACES:
            places.append((first, last))
        else:
            break
    return (text[first:last] for first, last in places)


def _balanced(token: str) -> str:
    """The token without a bracket that was opened before it or is closed after it."""
    for left, right in ("()", "[]", "{}", "<>"):
        if token.count(left) != token.count(right):
            token = token.replace(left, "").replace(right, "")
    return token
