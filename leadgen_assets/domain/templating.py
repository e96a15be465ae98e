"""Rendering of the packaged Jinja2 templates of letters and proposals; HTML is escaped, an unknown name is an error."""

import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

_NAMES = (
    "email.html.j2",
    "email.txt.j2",
    "follow_up.html.j2",
    "follow_up.txt.j2",
    *(f"proposal_{part}.html.j2" for part in ("frame", "why", "example", "packages", "contact")),
)


def render(template: str, **values: Any) -> str:
    """The text of one packaged template; a name that ends in `.html.j2` is escaped as HTML."""
    return _environment().get_template(template).render(**values)


def packaged_text(name: str) -> str:
    """A packaged file beside the templates, such as a style sheet."""
    return files("leadgen_assets.templates").joinpath(name).read_text(encoding="utf-8")


def is_right_to_left(text: str) -> bool:
    """True for a text that holds Hebrew, Arabic or another script written from right to left."""
    return any(unicodedata.bidirectional(sign) in {"R", "AL"} for sign in text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=DictLoader({name: packaged_text(name) for name in _NAMES}),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["with_name"] = _with_name
    return environment


def _with_name(text: str, name: str) -> Markup:
    """The escaped text in which a name of the other direction keeps to itself, so that punctuation stays in place."""
    shown = escape(text)
    if not is_right_to_left(name):
        return shown
    return Markup(re.sub(re.escape(str(escape(name))), lambda found: f"<bdi>{found[0]}</bdi>", str(shown)))  # noqa: S704
