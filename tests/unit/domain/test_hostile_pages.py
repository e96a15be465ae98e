"""Pages written to stop their reader: they are read in time that grows with their length, and what counts is found."""

import time

import pytest

from leadgen_assets.domain.email_extraction import extract_emails
from leadgen_assets.domain.page_tree import parse_tree
from leadgen_assets.domain.pages import parse_page

URL, OWN = "https://halla.test/", "info@halla.test"
_BYTES = 250_000
_MOST_SECONDS = 1.5  # each took 15 to more than 60 s before; now a tenth of this


def page(text: str, head: str = "") -> str:
    return f"<html><head>{head}</head><body><p>{OWN}</p>{text}</body></html>"


def filled(text: str) -> str:
    return text * (_BYTES // len(text))


@pytest.mark.parametrize(
    "body",
    [
        page("".join(f'<a href="mailto:u{n}@x{n}.test">u{n}@x{n}.test</a> ' for n in range(5000))),
        page(f"<p>{filled('a-at-a-')}"),
        page(f"<p>{filled('see <a href=/some/page>the cake</a> at noon ')}"),
        page("", f"<style>{filled('@media ')}</style>"),
        page("", f"<style>{filled('/*')}</style>"),
        page(filled("<div><p><span>at</span></p></div>"), f"<style>{'div p span:not(.a) ~ *{display:none}' * 300}</style>"),
        page(f"<p>@{filled('を')}"),
        page("".join(f"<p>replace XQ{n} with @ XAAAA{n}</p>" for n in range(6000))),
        page(f"<p>a@{filled('aB.')}"),
        page(f"<p>info@sho{filled('<wbr>p')}"),
        page(filled("<ul><li>")),
        page(filled('<span dir="rtl">tset.allah@ofni</span>')),
    ],
    ids=[
        "links", "dashes", "links in one line", "media", "comments", "selectors", "replacements", "instructions", "labels",
        "break opportunities", "nesting", "backwards",
    ],
)  # fmt: skip
def test_no_page_takes_long(body: str) -> None:
    began = time.process_time()
    found = {email.address for email in extract_emails(body, URL, "Konditoria Halla")}
    parse_page(body, URL)
    assert OWN in found
    assert time.process_time() - began < _MOST_SECONDS


def test_what_lies_absurdly_deep_keeps_its_text_and_the_page_its_order() -> None:
    deep = f"{'<div>' * 2000}<b class='x'>deep</b>{'</div>' * 2000}<i>after</i><script>if (a<b) {{'<ul>'}}</script>"
    tree = parse_tree(f"<body>{'<br>' * 300}{deep}")
    assert tree.body is not None
    assert tree.body.text(strip=True).startswith("deepafter")
    assert len(tree.css("div")) == 300
    assert [node.parent.tag for node in tree.css("i") if node.parent] == ["body"]


def test_ordinary_pages_keep_every_tag() -> None:
    body = f"<body>{'<p>one<br><img src=a>' * 400}{'<div>x</div>' * 400}{'<b>y' * 200}"
    assert len(parse_tree(body).css("b")) == 200
    assert len(parse_tree(body).css("div")) == 400
