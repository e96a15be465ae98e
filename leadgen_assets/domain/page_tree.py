"""HTML as a tree, however broken, in time that grows with its length: a few kilobytes of nested tags must not stop us.

What the tree says belongs to `pages`, `visible_text` and `email_extraction`.
"""

import re

from selectolax.lexbor import LexborHTMLParser

_DEEPEST = 300  # elements within each other; the parser's time grows with the square of it
_FEW_UNCLOSED = 250
_TAG = re.compile(r"<(?:(!--)|(/?)([a-zA-Z][a-zA-Z0-9]*))")
_TEXT_ONLY = frozenset({"script", "style", "textarea", "title", "iframe", "noframes", "xmp"})
_NEVER_DEEP = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "html", "head", "body", "p", "a", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "caption",
    "option", "optgroup", "select", "button", "form", "h1", "h2", "h3", "h4", "h5", "h6", "rt", "rp", "nobr",
})  # fmt: skip


def parse_tree(body: str) -> LexborHTMLParser:
    """Parse HTML; elements that lie absurdly deep within others lose their tags and keep their text."""
    unclosed = body.count("<") - 2 * body.count("</")
    return LexborHTMLParser(_flattened(body) if unclosed > _FEW_UNCLOSED else body)


def _flattened(body: str) -> str:
    kept: list[str] = []
    lower = body.lower()
    if len(lower) != len(body):  # a few letters change their length
        lower = body
    depth = dropped = copied = skipped = 0
    for match in _TAG.finditer(body):
        name = (match[3] or "").lower()
        if match.start() < skipped or name in _NEVER_DEEP:
            continue
        if match[1] or (name in _TEXT_ONLY and not match[2]):
            end = lower.find("-->" if match[1] else f"</{name}", match.end())
            skipped = end + 3 if end >= 0 else len(body)
        elif not match[2] and depth < _DEEPEST:
            depth += 1
        elif match[2] and not dropped:
            depth = max(depth - 1, 0)
        else:
            dropped += -1 if match[2] else 1
            end = body.find(">", match.end())
            kept.append(body[copied : match.start()])
            copied = skipped = end + 1 if end >= 0 else len(body)
    return "".join([*kept, body[copied:]])
