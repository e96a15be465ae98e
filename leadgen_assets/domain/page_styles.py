"""What a page's own style sheets and style attributes do to its text: hide it, turn it round, add to it.

Following them while reading belongs to `visible_text`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

_PSEUDO = re.compile(r"::?(before|after)$", re.IGNORECASE)
_CONTENT = re.compile(r"content\s*:\s*([^;]+)", re.IGNORECASE)
_CONTENT_PART = re.compile(r"""attr\(\s*([\w-]+)[^)]*\)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'""", re.DOTALL)
_CSS_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)")
_HIDES = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_RIGHT_TO_LEFT = re.compile(r"direction\s*:\s*rtl", re.IGNORECASE)
_OVERRIDES = re.compile(r"unicode-bidi\s*:\s*(?:isolate-)?(?:bidi-)?override", re.IGNORECASE)
_ROW_REVERSED = re.compile(r"flex-(?:direction|flow)\s*:\s*row-reverse", re.IGNORECASE)
_LONGEST_RULE = 1000
_MOST_SELECTORS = 400
_MOST_COMPARED = 1_000_000  # selectors times elements
_LOOKS_AROUND, _DEAR = re.compile(r"\+|:(?!:|before|after)"), 20  # times as dear as others


@dataclass(frozen=True, slots=True)
class Declared:
    """What declarations say about the text of an element."""

    hides: bool = False
    right_to_left: bool = False
    overrides: bool = False
    row_reversed: bool = False
    content: str = ""

    @property
    def turns(self) -> bool:
        """The letters run from right to left, whatever they are."""
        return self.right_to_left and self.overrides


@dataclass(slots=True)
class Styles:
    """The elements, by id in memory, that the page's style sheets treat in a way that matters here."""

    hidden: set[int] = field(default_factory=set)
    backwards: set[int] = field(default_factory=set)
    row_reversed: set[int] = field(default_factory=set)
    before: dict[int, str] = field(default_factory=dict)
    after: dict[int, str] = field(default_factory=dict)

    def add(self, element: int, says: Declared) -> None:
        """What a rule says about an element."""
        for applies, elements in (
            (says.turns, self.backwards),
            (says.row_reversed, self.row_reversed),
            (says.hides, self.hidden),
        ):
            if applies:
                elements.add(element)


@lru_cache(maxsize=1024)
def declared(declarations: str) -> Declared:
    """The declarations of a rule or of a style attribute, read."""
    text = declarations[:_LONGEST_RULE]
    content = _CONTENT.search(text)
    return Declared(
        bool(_HIDES.search(text)),
        bool(_RIGHT_TO_LEFT.search(text)),
        bool(_OVERRIDES.search(text)),
        bool(_ROW_REVERSED.search(text)),
        content[1] if content else "",
    )


def read_styles(tree: LexborHTMLParser) -> Styles:
    """What the style elements say; rules that hold on some devices only are left out."""
    styles = Styles()
    sheet = "\n".join(node.text() or "" for node in tree.css("style"))
    for selector, says in _affordable(_rules(_without_comments(sheet)), tree):
        pseudo = _PSEUDO.search(selector)
        for node in _matching(tree, _PSEUDO.sub("", selector)):
            if not pseudo:
                styles.add(node.mem_id, says)
            elif says.content:
                where = styles.before if pseudo[1].lower() == "before" else styles.after
                where[node.mem_id] = _content(says.content, node)
    return styles


def _affordable(rules: Iterable[tuple[str, str]], tree: LexborHTMLParser) -> Iterator[tuple[str, Declared]]:
    """The selectors of rules that matter, until so much was compared that a page cannot be meant for readers."""
    elements, budget = 0, 0.0
    for selectors, declarations in rules:
        says = declared(declarations)
        if not (says.turns or says.row_reversed or says.hides or says.content):
            continue
        if not elements:
            elements = (tree.html or "").count("<") + 1
            budget = min(_MOST_SELECTORS, _MOST_COMPARED / elements)
        for selector in selectors.split(","):
            # "~" looks at every earlier sibling of every element
            cost = elements if "~" in selector else _DEAR if _LOOKS_AROUND.search(selector) else 1
            if cost <= budget:
                budget -= cost
                yield selector.strip(), says


def _without_comments(sheet: str) -> str:
    first, *others = sheet.split("/*")
    return "".join([first, *(other.partition("*/")[2] for other in others)])


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations of each rule outside of `@media`."""
    selectors: str | None = None
    end = skipped = 0
    for brace in re.finditer("[{}]", sheet):
        text = sheet[end : brace.start()]
        end = brace.end()
        if skipped:
            skipped += 1 if brace[0] == "{" else -1
        elif brace[0] == "}":
            if selectors is not None:
                yield selectors, text
            selectors = None
        elif "@media" in text.lower():
            skipped, selectors = 1, None
        else:
            selectors = text


def _matching(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    if not selector or "@" in selector:
        return []
    try:
        return list(tree.css(selector))
    except (SelectolaxError, ValueError):
        return []


def _content(value: str, node: LexborNode) -> str:
    """What a `content` declaration puts on the page: texts and attributes of the element."""
    parts = []
    for attribute, double, single in _CONTENT_PART.findall(value):
        parts.append(
            (node.attributes.get(attribute) or "") if attribute else _CSS_ESCAPE.sub(_unescaped, double or single)
        )
    return "".join(parts)


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else 0
    return match[2] or "" if not match[1] else chr(code) if 0 < code < 0xD800 else ""
