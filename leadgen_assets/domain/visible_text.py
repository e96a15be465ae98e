"""What a reader sees of a page, line by line: style sheets hide, reverse and add text, and links carry addresses.

Only what HTML and the page's own style sheets say is followed; scripts are never run. Finding addresses in the lines
belongs to `email_extraction`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

JOINT = "\ue010"  # the edge of an inline element: two words may touch here, or one may go on
_LINK, _END = "\ue000", "\ue001"
_HEADING, _VISITORS, _OURS = "\ue002", "\ue003", "\ue004"
_TOKEN = re.compile(f"{_LINK}(\\d+){_END}")
_TARGETS = (("href", ""), ("action", ""), ("data-cfemail", "cfemail:"), ("data-mailto-token", "shifted:"))
_SPACES = re.compile(r"[\ue000-\ue010]|\s+")
_DEEPEST = 120
_MOST_SELECTORS = 400

_UNSEEN = frozenset({
    "script", "style", "template", "svg", "head", "title", "iframe", "object", "canvas", "input", "select", "textarea",
    "datalist", "audio", "video", "math",
})  # fmt: skip
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main",
    "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "dt", "th", "legend", "summary"})
_VISITORS_SECTION = re.compile(
    r"(?:^|[\s_-])(?:comments?|testimonials?|reviews?|guestbook|commentlist|kommentit|kommentare|arvostelut)(?:$|[\s_-])",
    re.IGNORECASE,
)
_BLOCK_OF_RULES = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_PSEUDO = re.compile(r"::?(before|after)\s*$", re.IGNORECASE)
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
_LOOKS_BACKWARDS = re.compile(r"[a-z]{2,}\.[\w.-]+@[a-z][\w+-]*", re.IGNORECASE)
_AT_PICTURE = re.compile(
    r"(?:^|/)(?:at|at[-_]?sign|arroba|arobase|klammeraffe)\.(?:gif|png|svg|webp|jpe?g)$", re.IGNORECASE
)
_AT_ICON = re.compile(r"(?:^|\s)(?:[a-z]+-)?(?:at|at-sign|alternate_email)(?:$|\s)", re.IGNORECASE)
_SIGNS = {"@": "@", "at": "@", "(at)": "@", "[at]": "@", ".": ".", "dot": ".", "(dot)": "."}
_ROW_REVERSED = re.compile(r"flex-(?:direction|flow)\s*:\s*row-reverse", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """What an element carries besides its text, and where in its line: the target of a link, or a label read out."""

    position: int
    target: str
    is_label: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a reader sees it.

    Attributes:
        text: with `JOINT` at the edges of inline elements.
        links: the links and labels within it.
        heading: the heading it stands under, "" where there is none.
        is_heading: it is one.
        by_visitors: within comments, reviews or a guest book.
    """

    text: str
    links: tuple[Link, ...]
    heading: str
    is_heading: bool
    by_visitors: bool


@dataclass(slots=True)
class _Styles:
    """The elements, by id in memory, that the page's style sheets treat in a way that matters here."""

    hidden: set[int] = field(default_factory=set)
    backwards: set[int] = field(default_factory=set)
    row_reversed: set[int] = field(default_factory=set)
    before: dict[int, str] = field(default_factory=dict)
    after: dict[int, str] = field(default_factory=dict)


def visible_lines(tree: LexborHTMLParser) -> list[Line]:
    """The lines of a page's body in reading order; empty lines with a link are kept."""
    if tree.body is None:
        return []
    links: list[tuple[str, bool]] = []
    text = _render(tree.body, _styles(tree), links, 0)
    lines, heading, visitors = [], "", 0
    for raw in text.split("\n"):
        visitors += raw.count(_VISITORS)
        is_heading, by_visitors = _HEADING in raw, visitors > 0
        line, found = _with_positions(raw, links)
        visitors -= raw.count(_OURS)
        if is_heading and line.strip():
            heading = line.replace(JOINT, " ").strip()
        if line.strip() or found:
            lines.append(Line(line, found, "" if is_heading else heading, is_heading, by_visitors))
    return lines


def _render(node: LexborNode, styles: _Styles, links: list[tuple[str, bool]], depth: int) -> str:
    tag = node.tag or ""
    if tag in _UNSEEN or depth > _DEEPEST or _is_hidden(node, styles):
        return ""
    attributes = node.attributes
    style = attributes.get("style") or ""
    parts = [_render_child(child, styles, links, depth) for child in node.iter(include_text=True)]
    if node.mem_id in styles.row_reversed or _ROW_REVERSED.search(style):
        parts.reverse()
    text = "".join(parts)
    if _is_backwards(node, style, styles, text):
        text = _backwards(text)
    text = text or _pictured(tag, attributes)
    text = styles.before.get(node.mem_id, "") + text + styles.after.get(node.mem_id, "")
    for value, is_label in _carried(tag, attributes):
        text = f"{_LINK}{len(links)}{_END}{text}"
        links.append((value, is_label))
    if _is_by_visitors(tag, attributes):
        text = f"\n{_VISITORS}\n{text}\n{_OURS}\n"
    if tag in _HEADINGS:
        return f"\n{_HEADING}{' '.join(text.split())}\n"
    if tag == "wbr":
        return ""
    return f"\n{text}\n" if tag in _BLOCKS else f"{JOINT}{text}{JOINT}"


def _pictured(tag: str, attributes: dict[str, str | None]) -> str:
    """The sign that a small picture or an icon stands for."""
    if tag == "img":
        alt = _SIGNS.get((attributes.get("alt") or "").strip().lower(), "")
        return alt or ("@" if _AT_PICTURE.search(attributes.get("src") or "") else "")
    return "@" if tag in {"i", "span"} and _AT_ICON.search(attributes.get("class") or "") else ""


def _render_child(child: LexborNode, styles: _Styles, links: list[tuple[str, bool]], depth: int) -> str:
    if child.tag == "-text":
        return _SPACES.sub(" ", child.text_content or "")
    return "" if (child.tag or "").startswith("-") else _render(child, styles, links, depth + 1)


def _carried(tag: str, attributes: dict[str, str | None]) -> Iterator[tuple[str, bool]]:
    """Targets of links, and texts that are read out."""
    for name, prefix in _TARGETS:
        if attributes.get(name):
            yield f"{prefix}{attributes[name]}", False
    for name in ("alt", "aria-label", "title") if tag != "img" else ("alt",):
        if attributes.get(name):
            yield attributes[name] or "", True


def _is_hidden(node: LexborNode, styles: _Styles) -> bool:
    attributes = node.attributes
    return node.mem_id in styles.hidden or "hidden" in attributes or bool(_HIDES.search(attributes.get("style") or ""))


def _is_backwards(node: LexborNode, style: str, styles: _Styles, text: str) -> bool:
    if node.tag == "bdo":
        return (node.attributes.get("dir") or "").lower() == "rtl"
    if node.mem_id in styles.backwards:
        return True
    right_to_left = _RIGHT_TO_LEFT.search(style) or (node.attributes.get("dir") or "").lower() == "rtl"
    # meant to be read backwards, though browsers turn Latin letters only where the order is overridden
    return bool(right_to_left and (_OVERRIDES.search(style) or _LOOKS_BACKWARDS.fullmatch(text.strip())))


def _is_by_visitors(tag: str, attributes: dict[str, str | None]) -> bool:
    if tag in {"body", "html", "main"}:
        return False
    return bool(_VISITORS_SECTION.search(f"{attributes.get('class') or ''} {attributes.get('id') or ''}"))


def _backwards(text: str) -> str:
    """The text from its end, with what links carry left whole."""
    pieces = re.split(f"({_LINK}\\d+{_END})", text)
    return "".join(piece if _TOKEN.fullmatch(piece) else piece[::-1] for piece in reversed(pieces))


def _with_positions(raw: str, links: list[tuple[str, bool]]) -> tuple[str, tuple[Link, ...]]:
    """The line without its marks, and what its marks stood for."""
    found, plain, end = [], "", 0
    raw = re.sub(f"[{_HEADING}{_VISITORS}{_OURS}]", "", raw)
    for match in _TOKEN.finditer(raw):
        plain += raw[end : match.start()]
        end = match.end()
        target, is_label = links[int(match[1])]
        found.append(Link(len(plain), target, is_label))
    return plain + raw[end:], tuple(found)


def _styles(tree: LexborHTMLParser) -> _Styles:
    """What the style elements say; rules that hold on some devices only are left out."""
    styles, asked = _Styles(), 0
    sheet = _CSS_COMMENT.sub("", "\n".join(node.text() or "" for node in tree.css("style")))
    for selectors, declarations in _RULE.findall(_BLOCK_OF_RULES.sub("", sheet)):
        backwards = bool(_RIGHT_TO_LEFT.search(declarations) and _OVERRIDES.search(declarations))
        row_reversed, hides = bool(_ROW_REVERSED.search(declarations)), bool(_HIDES.search(declarations))
        content = _CONTENT.search(declarations)
        if not (backwards or row_reversed or hides or content):
            continue
        for selector in selectors.split(","):
            asked += 1
            if asked > _MOST_SELECTORS:
                return styles
            pseudo = _PSEUDO.search(selector.strip())
            for node in _matching(tree, _PSEUDO.sub("", selector.strip())):
                if pseudo and content:
                    where = styles.before if pseudo[1].lower() == "before" else styles.after
                    where[node.mem_id] = _content(content[1], node)
                elif not pseudo:
                    for applies, ids in (
                        (backwards, styles.backwards),
                        (row_reversed, styles.row_reversed),
                        (hides, styles.hidden),
                    ):
                        if applies:
                            ids.add(node.mem_id)
    return styles


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
