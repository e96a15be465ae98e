"""Addresses written so that people can read them and harvesters cannot, put back into plain form.

One line of text, one link or one attribute at a time. Whether what comes out is an address, and whose, is decided in
`email_extraction`.
"""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

_SPACES = re.compile(r"\s+")
_OVERRIDDEN = re.compile("\u202e([^\u202c\n]*)\u202c?")  # shown from right to left, whatever the letters
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u034f]")

# The sign and the dot as words of many languages; those of `_AT_ALONE` mean nothing else between two words.
_AT_ALONE_WORDS = (
    "arroba", "arobase", "arobas", "chiocciola", "kissanhäntä", "miukumauku", "snabel-a", "snabela", "snabel",
    "krøllalfa", "alfakrøll", "klammeraffe", "apenstaartje", "apestaartje", "małpa", "zavináč", "zavinac", "kukac",
    "собака", "собачка", "παπάκι", "παπακι", "שטרודל", "アットマーク", "골뱅이", "艾特", "at-merkki", "ät-merkki",
    "at-sign", "at sign", "at-zeichen", "at-tegn", "at-tecken",
)  # fmt: skip
AT_WORDS = (
    *_AT_ALONE_WORDS,
    *["at", "ät", "aet", "æt", "et", "ат", "эт", "آت", "ات", "アット", "あっと", "앳", "عند"],
)  # the longest first
_AT_ALONE = "|".join(_AT_ALONE_WORDS)
_AT = f"(?:{'|'.join(AT_WORDS)})"
DOT = (
    r"(?:dot|period|punktum|punkt|piste|point|punto|ponto|prikk|prik|punct|pont|punkts|taškas|kropka|tečka|tecka|bodka|točka"
    r"|точка|крапка|τελεία|τελεια|نقطة|נקודה|دوت|ドット|どっと|点|點|닷|점|nokta|chấm)"
)
OPEN, CLOSE = r"[(\[{<«‹*|【〔「『【]", r"[)\]}>»›*|】〕」』】]"
_LOCAL_END, _HOST_START = r"(?<=[a-z0-9_+])", r"(?=[^\W_])"
_BRACKETED_AT = re.compile(rf"{_LOCAL_END}\s*{OPEN}\s*(?:{_AT}|@)\s*{CLOSE}\s*{_HOST_START}", re.IGNORECASE)
_BRACKETED_LETTER = re.compile(rf"{_LOCAL_END}{OPEN}a{CLOSE}{_HOST_START}", re.IGNORECASE)
_CAPITAL_AT = re.compile(rf"{_LOCAL_END}[-_*~]{{1,2}}AT[-_*~]{{1,2}}{_HOST_START}")
_LETTER_BY_LETTER = re.compile(r"(?<!\S)(?:[a-z0-9.@_-]\s){7,}[a-z0-9](?!\S)", re.IGNORECASE)
_SET_OFF = r"[-_=~]{1,2}"  # info -at- shop -dot- com
_SET_OFF_AT = re.compile(rf"{_LOCAL_END}\s+{_SET_OFF}\s?{_AT}\s?{_SET_OFF}\s+{_HOST_START}", re.IGNORECASE)
_SET_OFF_DOT = re.compile(rf"(?<=[^\W_])\s+{_SET_OFF}\s?{DOT}\s?{_SET_OFF}\s+{_HOST_START}", re.IGNORECASE)
_BRACKETED_DOT = re.compile(rf"(?<=[^\W_])\s*{OPEN}\s*(?:{DOT}|\.)\s*{CLOSE}\s*{_HOST_START}", re.IGNORECASE)
_DASHED = re.compile(
    r"(?<![\w.])([a-z0-9.]+)(?P<sign>[-_*/~|])at(?P=sign)"
    r"([a-z0-9]+(?:-[a-z0-9]+)*?(?:(?P=sign)dot(?P=sign)[a-z0-9]+)+)",
    re.IGNORECASE,
)
_LABELS = (
    r"e-?mail|mail|e-?post|e-?kiri|sähköposti|s-posti|courriel|mél|correo(?: electrónico)?|posta(?: elettronica)?"
    r"|e-?posta|correio|email address|адрес|почта|пошта|メール|이메일|邮箱|البريد"
)
_PERSON, _END = r"(?<![\w.@+-])([a-z0-9][\w.+-]*)", r"(?![\w-])"
_ANY_DOTS = rf"([a-z0-9-]+(?:(?:\s+{DOT}\s+|\.)[a-z0-9-]+)+)"
_WORDED = (
    # service at shop dot com
    re.compile(rf"{_PERSON}\s+{_AT}\s+([a-z0-9-]+(?:\s+{DOT}\s+[a-z0-9-]+)+){_END}", re.IGNORECASE),
    # info arroba shop.com
    re.compile(rf"{_PERSON}\s+(?:{_AT_ALONE})\s+{_ANY_DOTS}{_END}", re.IGNORECASE),
    # info AT shop.com
    re.compile(rf"(?<![\w.@+-])((?-i:[a-z0-9][a-z0-9._+-]*))\s+(?-i:AT|ÄT)\s+{_ANY_DOTS}{_END}", re.IGNORECASE),
)
# Email: info at shop.com
_WORDED_AFTER_LABEL = re.compile(
    rf"(?<=[:：])\s*([a-z0-9][\w.+-]*)\s+{_AT}\s+([a-z0-9-]+(?:\.[a-z0-9-]+)+){_END}", re.IGNORECASE
)
# a line that says nothing else: info at shop.com
_WORDED_LINE = re.compile(
    rf"\s*(?:(?:{_LABELS})\W+)?((?-i:[a-z0-9])[\w.+-]*)\s+(?:{_AT})\s+{_ANY_DOTS}\W*", re.IGNORECASE
)
_BRACKET, _ANY_AT = re.compile(OPEN), re.compile(_AT)
_LABELLED = re.compile(rf"(?:{_LABELS})\W{{0,3}}$", re.IGNORECASE)
_WORDED_DOTS = re.compile(rf"(@[a-z0-9-]+)((?:\s+{DOT}\s+[a-z0-9-]+)+)(?![\w-])", re.IGNORECASE)
_DOT_BETWEEN = re.compile(rf"\s+{DOT}\s+", re.IGNORECASE)
_SPACED = re.compile(r"(?<![\w.@+-])([a-z0-9][a-z0-9._+-]*)\s*@\s*([a-z0-9-]+(?:\s?\.\s?[a-z0-9-]+)*)", re.IGNORECASE)
_NO_LOCAL_PARTS = frozenset({
    "us", "me", "you", "him", "her", "them", "it", "find", "found", "visit", "meet", "see", "look", "open", "order",
    "online", "book", "buy", "here", "live", "now", "join", "party", "are", "is", "we", "i", "am", "be", "was", "on",
})  # fmt: skip

_LONGEST_LINK = 1000
_MAIL_LINK = re.compile(r"@|mail|outlook|shifted:", re.IGNORECASE)
_COMPOSE = re.compile(r"^https?://(?:mail\.google|outlook\.(?:live|office))\.com/\S*[?&]to=([^&#]+)", re.IGNORECASE)
_OBVIOUS_WORDS = ("SPAM", "REMOVE", "DELETE")
_OBVIOUS = re.compile(
    r"(?:NO|NOT|KEIN|EI|SIN|SANS|ANTI|STOP|NON)[-_.]?SPAM|SPAM[-_.]?(?:FREE|BLOCK)|(?:REMOVE|DELETE)[-_.]?(?:THIS|ME|SPAM)"
)


def without_invisible(text: str) -> str:
    """The text in one width, as it is shown, without signs that are not seen: `ｉｎｆｏ＠` is `info@`."""
    if text.isascii() or (unicodedata.is_normalized("NFKC", text) and not _INVISIBLE.search(text)):
        return text
    text = _OVERRIDDEN.sub(lambda match: match[1][::-1], text)
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


def undisguised(line: str, told: Iterable[tuple[str, str]] = ()) -> str:
    """One line with every disguised address in plain form, as far as it is understood.

    Args:
        line: after `without_invisible`.
        told: what `instructions` found on the page.
    """
    for token, replacement in told:
        if replacement:
            line = re.sub(rf"{_LOCAL_END}\s*{re.escape(token)}\s*{_HOST_START}", replacement, line, flags=re.IGNORECASE)
        else:
            line = _taken_out(line, re.escape(token))
    if "@" in line:
        if any(word in line for word in _OBVIOUS_WORDS) and _OBVIOUS.search(line):
            line = _taken_out(line, _OBVIOUS.pattern)
        line = _LETTER_BY_LETTER.sub(lambda match: _SPACES.sub("", match[0]) if "@" in match[0] else match[0], line)
    if _BRACKET.search(line):
        line = _BRACKETED_AT.sub("@", line)
        line = _BRACKETED_LETTER.sub("@", line)
        line = _BRACKETED_DOT.sub(".", line)
    if _ANY_AT.search(line.lower()):
        line = _without_words(line)
    return _WORDED_DOTS.sub(lambda match: match[1] + _DOT_BETWEEN.sub(".", match[2]), line)


def _without_words(line: str) -> str:
    """The line with the sign where a word stands for it."""
    if "AT" in line:
        line = _CAPITAL_AT.sub("@", line)
    if _SET_OFF_AT.search(line):
        line = _SET_OFF_DOT.sub(".", _SET_OFF_AT.sub("@", line))
    line = _DASHED.sub(_dashed, line)
    for pattern in _WORDED:
        line = pattern.sub(_worded, line)
    alone = _WORDED_LINE.fullmatch(line)
    line = _worded(alone) if alone else line
    if ":" in line or "：" in line:
        line = _WORDED_AFTER_LABEL.sub(
            lambda match: _worded(match) if _LABELLED.search(line[: match.start()][-40:]) else match[0], line
        )
    return line


def spaced(line: str) -> list[tuple[int, str]]:
    """Addresses with spaces around their signs (`info @ shop . com`), each with its position."""
    return [
        (match.start(), f"{match[1]}@{_SPACES.sub('', match[2])}")
        for match in _SPACED.finditer(line)
        if match[1].lower() not in _NO_LOCAL_PARTS and _SPACES.search(match[0])
    ]


def link_targets(href: str) -> list[str]:
    """The texts in which a link's addresses stand; none for a link to anything but mail."""
    href = _INVISIBLE.sub("", href[:_LONGEST_LINK]).strip()
    if not _MAIL_LINK.search(href):
        return []
    if href.startswith("cfemail:"):
        return [_cloudflare(href[8:])]
    if "/cdn-cgi/l/email-protection#" in href:
        return _of_mailto(_cloudflare(href.partition("#")[2]))
    if href.startswith("shifted:"):
        return _of_mailto(_shifted(href[8:]))
    scrambled = re.search(r"UnCryptMailto\(\s*(?:%27|['\"])(.+?)(?:%27|['\"])", href)
    if scrambled:
        return _of_mailto(_shifted(unquote(scrambled[1])))
    composed = _COMPOSE.search(href)
    if composed:
        return _of_mailto(composed[1])
    scheme, colon, rest = href.partition(":")
    if colon and scheme.strip().lower() in {"mailto", "mail to", "email"}:
        return _of_mailto(rest)
    if re.fullmatch(r"[^\s@/:?#]+@[^\s@/:?#]+\.[^\s@/:?#]+", href):
        return [unquote(href)]  # a link whose author forgot `mailto:`
    return []


def _of_mailto(target: str) -> list[str]:
    """The recipients of what follows `mailto:`."""
    target = re.sub(r"^(?:mailto:)?/*", "", target, flags=re.IGNORECASE)
    path, _, query = target.partition("?")
    recipients = [path, *(part[3:] for part in query.split("&") if part.lower().startswith("to="))]
    parts = (part for text in recipients for part in re.split(r"[,;]", unquote(text)))
    return [re.sub(r"\s*@\s*", "@", part) for part in parts if part.strip()]


def _cloudflare(code: str) -> str:
    """Cloudflare's protection: every byte is combined with the first."""
    try:
        key, *rest = bytes.fromhex(code.strip())
    except ValueError:
        return ""
    return bytes(byte ^ key for byte in rest).decode("utf-8", "replace")


def _shifted(code: str) -> str:
    """The scrambled links of a content system: letters and signs moved along three ranges."""
    for offset in range(-25, 26):
        if "".join(_moved(sign, offset) for sign in code[:7]) == "mailto:":
            return "".join(_moved(sign, offset) for sign in code)
    return ""


def _moved(sign: str, offset: int) -> str:
    for first, last in ((0x2B, 0x3A), (0x40, 0x5A), (0x61, 0x7A)):
        if first <= ord(sign) <= last:
            return chr(first + (ord(sign) - first + offset) % (last - first + 1))
    return sign


def _taken_out(line: str, pattern: str) -> str:
    """The line without a word that was put into addresses; signs that then double or dangle go too."""

    def plain(match: re.Match[str]) -> str:
        text = re.sub(pattern, "\0", match[0])
        if text == match[0]:
            return match[0]
        text = re.sub(r"[-_.]?\0[-_.]?(?=@)|(?<=@)[-_.]?\0[-_.]?", "", text)
        return re.sub(r"([-_.]?)\0([-_.]?)", lambda each: each[1] or each[2], text).lstrip("-_.")

    return re.sub(r"\S+@\S+", plain, line)


def _dashed(match: re.Match[str]) -> str:
    sign = match["sign"]
    return f"{match[1]}@{match[3].replace(f'{sign}dot{sign}', '.').replace(f'{sign}DOT{sign}', '.')}"


def _worded(match: re.Match[str]) -> str:
    if match[1].lower() in _NO_LOCAL_PARTS:
        return match[0]
    return f" {match[1]}@{_DOT_BETWEEN.sub('.', match[2])}"
