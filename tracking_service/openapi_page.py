"""The API's page for readers: one document without a script, made from the OpenAPI document."""

import base64
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #55606e; --page: #f3f5f7; --card: #ffffff; --line: #dfe4ea;
  --get: #1d5fbf; --post: #1a7f4b; --patch: #9a5b00; }
@media (prefers-color-scheme: dark) { :root { --ink: #eef1f5; --soft: #aab4c0; --page: #12161c; --card: #1b212a;
  --line: #303947; --get: #7aa7f0; --post: #5fc491; --patch: #e0a84f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1rem 4rem; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.75rem; } h2 { margin-top: 2.5rem; font-size: 1.2rem; }
details { margin: .5rem 0; background: var(--card); border: 1px solid var(--line); border-radius: .625rem; }
summary { padding: .7rem 1rem; cursor: pointer; }
details > div { padding: 0 1rem 1rem; border-top: 1px solid var(--line); }
code, pre { font: .875rem/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; }
pre { overflow-x: auto; padding: .75rem; background: var(--page); border-radius: .5rem; }
b.get { color: var(--get); } b.post { color: var(--post); } b.patch { color: var(--patch); }
.soft { color: var(--soft); } table { border-collapse: collapse; width: 100%; }
td, th { padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
:focus-visible { outline: 3px solid var(--get); outline-offset: 2px; }
"""
PAGE_POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def page(document: Mapping[str, Any]) -> bytes:
    """The whole page."""
    tags: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            tags.setdefault(found["tags"][0], []).append("".join(_operation(path, method, found)))
    body = "".join(f"<h2>{escape(tag)}</h2>{''.join(parts)}" for tag, parts in tags.items())
    schemas = "".join(
        f"<details id='{escape(name)}'><summary><code>{escape(name)}</code></summary><div><pre>"
        f"{escape(json.dumps(schema, indent=2))}</pre></div></details>"
        for name, schema in document["components"]["schemas"].items()
    )
    info = document["info"]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])} API</h1><p>{escape(info['description'])}</p>"
        f"<p class='soft'>Base address <code>{escape(document['servers'][0]['url'])}</code> · key in the header "
        "<code>X-API-Key</code> · <a href='openapi.json'>OpenAPI 3.1 document</a></p>"
        f"{body}<h2>Schemas</h2>{schemas}</body></html>"
    ).encode()


def _operation(path: str, method: str, found: Mapping[str, Any]) -> Iterator[str]:
    yield f"<details><summary><b class='{method}'>{method.upper()}</b> <code>{escape(path)}</code> "
    yield f"<span class='soft'>{escape(found['summary'])}</span></summary><div><p>{escape(found['description'])}</p>"
    if found["parameters"]:
        yield "<table><tr><th>Parameter</th><th>In</th><th>What</th></tr>"
        for one in found["parameters"]:
            words = escape(one.get("description", "")), escape(json.dumps(one["schema"]))
            yield f"<tr><td><code>{escape(one['name'])}</code></td><td>{one['in']}</td>"
            yield f"<td>{words[0]} <code class='soft'>{words[1]}</code></td></tr>"
        yield "</table>"
    if "requestBody" in found:
        yield f"<p>Body: {_content(found['requestBody']['content'])}</p>"
    yield "<table><tr><th>Answer</th><th>What</th></tr>"
    for status, answer in found["responses"].items():
        content = _content(answer.get("content", {}))
        yield f"<tr><td>{status}</td><td>{escape(answer['description'])} {content}</td></tr>"
    yield "</table></div></details>"


def _content(content: Mapping[str, Any]) -> str:
    return ", ".join(
        f"<code>{escape(kind)}</code>{_reference(described.get('schema', {}))}" for kind, described in content.items()
    )


def _reference(schema: Mapping[str, Any]) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    return f" <a href='#{escape(name)}'>{escape(name)}</a>" if name else ""
