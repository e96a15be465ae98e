"""The few pages that people see: unsubscribing, links that lead nowhere, the bare address. Whole, without a script.

The pages name the sender and never the recipient, so that a forwarded link shows nobody's address.
"""

import base64
from hashlib import sha256
from html import escape
from string import Template

_STYLE = """
:root { color-scheme: light dark;
  --ink: #1c2430; --soft: #55606e; --page: #f3f5f7; --card: #ffffff; --line: #dfe4ea; --act: #1d5fbf; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eef1f5; --soft: #aab4c0; --page: #12161c; --card: #1b212a; --line: #303947; --act: #3b7be0; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--page);
  color: var(--ink); font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { width: 100%; max-width: 30rem; padding: 2.25rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance; }
p { margin: 0 0 1.25rem; }
p:last-child { margin: 0; }
.soft { color: var(--soft); font-size: .9375rem; }
a { color: inherit; }
button { display: block; width: 100%; min-height: 3rem; margin: 0 0 1.25rem; padding: .75rem 1.25rem;
  font: inherit; font-weight: 600; color: #ffffff; background: var(--act);
  border: 0; border-radius: .625rem; cursor: pointer; }
button:hover { filter: brightness(1.08); }
:focus-visible { outline: 3px solid var(--act); outline-offset: 3px; }
"""

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
$content
</main>
</body>
</html>
""")


class Pages:
    """The pages of one sender.

    Args:
        sender_name: who wrote the mail.
        sender_email: where a person can write instead.
    """

    def __init__(self, sender_name: str, sender_email: str) -> None:
        name, address = escape(sender_name), escape(sender_email)
        contact = f'<p class="soft">Any question? Write to <a href="mailto:{address}">{address}</a>.</p>'
        self.confirm = _page(
            "Stop these emails?",
            f"<p>Press the button, and {name} will not email you again.</p>\n"
            f'<form method="post"><button type="submit">Unsubscribe</button></form>\n{contact}',
        )
        self.done = _page(
            "You are unsubscribed",
            f'<p role="status">{name} will not email you again. You can close this page.</p>\n{contact}',
        )
        self.failed = _page(
            "That did not work just now",
            '<p role="alert">Your wish could not be stored. Please try again in a few minutes.</p>\n'
            f'<form method="post"><button type="submit">Try again</button></form>\n{contact}',
        )
        self.front = _page(
            name,
            f"<p>The links in emails from {name} lead through this address. There is nothing else here.</p>\n{contact}",
        )
        self.unknown = _page(
            "This link does not work",
            f"<p>It may have been cut off. To stop emails from {name}, write to this address.</p>\n{contact}",
        )


def _page(title: str, content: str) -> bytes:
    return _PAGE.substitute(title=title, style=_STYLE, content=content).encode()
