"""What a reader sees of a page, line by line: style sheets hide, reverse and add text, and links carry addresses.

Only what HTML and the page's own style sheets say is followed; scripts are never run. Finding addresses in the lines
belongs to `email_extraction`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from leadgen_assets.domain.page_styles import Declared, Styles, declared, read_styles

JOINT = "\ue010"  # the edge of an inline element: two words may touch here, or one may go on
Attributes = dict[str, str | None]
_LINK, _END = "\ue000", "\ue001"
_HEADING, _VISITORS, _OURS = "\ue002", "\ue003", "\ue004"
_TOKEN = re.compile(f"{_LINK}(\\d+){_END}")
_MARK = re.compile(f"[{_HEADING}{_VISITORS}{_OURS}]")
_TARGETS = (("href", ""), ("action", ""), ("data-cfemail", "cfemail:"), ("data-mailto-token", "shifted:"))
_SPACES = re.compile(r"[\ue000-\ue010]|\s{2,}|[^\S ]")
_DEEPEST = 120
_LONGEST_REVERSED, _LONGEST_HEADING, _LONGEST_NAMES = 2_000, 1_000, 500

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
_LOOKS_BACKWARDS = re.compile(r"[a-z]{2,}\.[\w.-]+@[a-z][\w+-]*", re.IGNORECASE)
_AT_PICTURE = re.compile(
    r"(?:^|/)(?:at|at[-_]?sign|arroba|arobase|klammeraffe)\.(?:gif|png|svg|webp|jpe?g)$", re.IGNORECASE
)
_AT_ICON = re.compile(r"(?:^|\s)(?:[a-z]+-)?(?:at|at-sign|alternate_email)(?:$|\s)", re.IGNORECASE)
_SIGNS = {"@": "@", "at": "@", "(at)": "@", "[at]": "@", ".": ".", "dot": ".", "(dot)": "."}


class Link(NamedTuple):
    """What an element carries besides its text, and where in its line: the target of a link, or a label read out."""

    position: int
    target: str
    is_label: bool = False


class Line(NamedTuple):
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


def visible_lines(tree: LexborHTMLParser) -> list[Line]:
    """The lines of a page's body in reading order; empty lines with a link are kept."""
    if tree.body is None:
        return []
    reader = _Reader(read_styles(tree))
    parts: list[str] = []
    reader.read(tree.body, 0, parts)
    lines, heading, visitors = [], "", 0
    for raw in "".join(parts).split("\n"):
        if not raw:
            continue
        visitors += raw.count(_VISITORS)
        is_heading, by_visitors = _HEADING in raw, visitors > 0
        line, found = _with_positions(raw, reader.links)
        visitors -= raw.count(_OURS)
        is_empty = not line.strip()
        if is_heading and not is_empty:
            heading = line.replace(JOINT, " ").strip()
        if not is_empty or found:
            lines.append(Line(line, found, "" if is_heading else heading, is_heading, by_visitors))
    return lines


class _Reader:
    """Puts down what is seen of elements, piece by piece; the marks of links name their place in `links`."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._has_styles = any((styles.hidden, styles.backwards, styles.row_reversed, styles.before, styles.after))
        self.links: list[tuple[str, bool]] = []

    def read(self, node: LexborNode, depth: int, parts: list[str]) -> None:
        """Add the text of an element to what was read."""
        tag = node.tag or ""
        if tag in _UNSEEN or tag == "wbr" or depth > _DEEPEST:
            return
        attributes = node.attributes
        edge = "\n" if tag in _BLOCKS else JOINT
        if not attributes and not self._has_styles:
            if tag in _HEADINGS:
                inner: list[str] = []
                self._read_children(node, depth, inner)
                parts += _heading(inner, edge)
            else:
                parts.append(edge)
                self._read_children(node, depth, parts)
                parts.append(edge)
            return
        says = declared(attributes.get("style") or "")
        if says.hides or "hidden" in attributes or node.mem_id in self._styles.hidden:
            return
        inner = []
        self._read_inner(node, tag, attributes, says, depth, inner)
        shown = _heading(inner, edge) if tag in _HEADINGS else [edge, *inner, edge]
        parts += [f"\n{_VISITORS}\n", *shown, f"\n{_OURS}\n"] if _is_by_visitors(tag, attributes) else shown

    def _read_inner(
        self,
        node: LexborNode,
        tag: str,
        attributes: Attributes,
        says: Declared,
        depth: int,
        parts: list[str],
    ) -> None:
        for value, is_label in _carried(tag, attributes):
            parts.append(f"{_LINK}{len(self.links)}{_END}")
            self.links.append((value, is_label))
        parts.append(self._styles.before.get(node.mem_id, ""))
        begin = len(parts)
        if says.row_reversed or node.mem_id in self._styles.row_reversed:
            for child in node.iter(include_text=True):
                piece: list[str] = []
                self._read_child(child, depth, piece)
                parts.insert(begin, "".join(piece))
        else:
            self._read_children(node, depth, parts)
        if self._is_backwards(node, attributes, says, parts[begin:]):
            parts[begin:] = [_backwards("".join(parts[begin:]))]
        if not any(parts[begin:]):
            parts.append(_pictured(tag, attributes))
        parts.append(self._styles.after.get(node.mem_id, ""))

    def _read_children(self, node: LexborNode, depth: int, parts: list[str]) -> None:
        for child in node.iter(include_text=True):
            self._read_child(child, depth, parts)

    def _read_child(self, child: LexborNode, depth: int, parts: list[str]) -> None:
        tag = child.tag
        if tag == "-text":
            parts.append(_SPACES.sub(" ", child.text_content or ""))
        elif tag and not tag.startswith("-"):
            self.read(child, depth + 1, parts)

    def _is_backwards(self, node: LexborNode, attributes: Attributes, says: Declared, parts: list[str]) -> bool:
        is_turned = (attributes.get("dir") or "").lower() == "rtl"
        is_by_style = node.mem_id in self._styles.backwards
        if not (is_turned or is_by_style or says.right_to_left) or sum(map(len, parts)) > _LONGEST_REVERSED:
            return False
        if is_by_style or says.overrides or node.tag == "bdo":
            return True
        # meant to be read backwards, though browsers turn Latin letters only where the order is overridden
        return bool(_LOOKS_BACKWARDS.fullmatch("".join(parts).strip()))


def _heading(inner: list[str], edge: str) -> list[str]:
    """A heading on a line of its own; what is too long for one stays as it is."""
    text = "".join(inner)
    return [f"\n{_HEADING}{' '.join(text.split())}\n"] if len(text) <= _LONGEST_HEADING else [edge, text, edge]


def _pictured(tag: str, attributes: Attributes) -> str:
    """The sign that a small picture or an icon stands for."""
    if tag == "img":
        alt = _SIGNS.get((attributes.get("alt") or "").strip().lower(), "")
        return alt or ("@" if _AT_PICTURE.search(attributes.get("src") or "") else "")
    return "@" if tag in {"i", "span"} and _AT_ICON.search(attributes.get("class") or "") else ""


def _carried(tag: str, attributes: Attributes) -> Iterator[tuple[str, bool]]:
    """Targets of links, and texts that are read out."""
    for name, prefix in _TARGETS:
        if attributes.get(name):
            yield f"{prefix}{attributes[name]}", False
    for name in ("alt", "aria-label", "title") if tag != "img" else ("alt",):
        if attributes.get(name):
            yield attributes[name] or "", True


def _is_by_visitors(tag: str, attributes: Attributes) -> bool:
    if tag in {"body", "html", "main"}:
        return False
    return _names_visitors(f"{attributes.get('class') or ''} {attributes.get('id') or ''}")


@lru_cache(maxsize=1024)
def _names_visitors(names: str) -> bool:
    return bool(_VISITORS_SECTION.search(names[:_LONGEST_NAMES]))


def _backwards(text: str) -> str:
    """The text from its end, with what links carry left whole."""
    pieces = re.split(f"({_LINK}\\d+{_END})", text)
    return "".join(piece if _TOKEN.fullmatch(piece) else piece[::-1] for piece in reversed(pieces))


def _with_positions(raw: str, links: list[tuple[str, bool]]) -> tuple[str, tuple[Link, ...]]:
    """The line without its marks, and what its marks stood for."""
    if _MARK.search(raw):
        raw = _MARK.sub("", raw)
    if _LINK not in raw:
        return raw, ()
    found, pieces, end, position = [], [], 0, 0
    for match in _TOKEN.finditer(raw):
        pieces.append(raw[end : match.start()])
        position += match.start() - end
        end = match.end()
        target, is_label = links[int(match[1])]
        found.append(Link(position, target, is_label))
    return "".join([*pieces, raw[end:]]), tuple(found)
